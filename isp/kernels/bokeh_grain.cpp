#include "bokeh_grain.hpp"

#include <cmath>

#include "rows.hpp"

namespace nightjar {

namespace {

constexpr int reach = 3;

// The four bytes of a mixed number, added: nearly Gaussian, mean 510, variance 4 * (256^2 - 1) / 12.
constexpr float mean = 510.0f, scale = 1.0f / 147.8f;

// Mixes all bits of a number into all (Ellis 2018, "prospecting for hash functions").
inline std::uint32_t mixed(std::uint32_t number) {
    number ^= number >> 16;
    number *= 0x7feb352du;
    number ^= number >> 15;
    number *= 0x846ca68bu;
    return number ^ (number >> 16);
}

}  // namespace

void GrainBand::make(const GrainFacts& facts, int top, int bottom, int width) {
    top_ = top;
    width_ = width;
    if (facts.amount == 0.0f) return;
    for (int colour = 0; colour < 3; ++colour) draw(facts, colour, bottom - top);
    const float own = facts.own, other = facts.other;
    float *red = rows_[0].data(), *green = rows_[1].data(), *blue = rows_[2].data();
    ROWS_DO_NOT_OVERLAP
    for (std::size_t i = 0; i < rows_[0].size(); ++i) {
        const float r = red[i], g = green[i], b = blue[i];
        red[i] = own * r + other * (g + b);
        green[i] = own * g + other * (r + b);
        blue[i] = own * b + other * (r + g);
    }
}

void GrainBand::draw(const GrainFacts& facts, int colour, int height) {
    const std::ptrdiff_t w = width_;
    const int wide = width_ + 2 * reach;
    drawn_.resize(wide);
    across_.resize(static_cast<std::size_t>(height + 2 * reach) * width_);
    rows_[colour].resize(static_cast<std::size_t>(height) * width_);
    const float a = facts.spread[0], b = facts.spread[1], c = facts.spread[2], d = facts.spread[3];
    float* drawn = drawn_.data();
    for (int i = 0; i < height + 2 * reach; ++i) {
        const std::uint32_t line = 4u * static_cast<std::uint32_t>(top_ + i) + static_cast<std::uint32_t>(colour);
        const std::uint32_t row = mixed(mixed(facts.seed) + line);
        ROWS_DO_NOT_OVERLAP
        for (int x = 0; x < wide; ++x) {
            const std::uint32_t bits = mixed(row + static_cast<std::uint32_t>(x));
            const std::uint32_t sum = (bits & 255u) + ((bits >> 8) & 255u) + ((bits >> 16) & 255u) + (bits >> 24);
            drawn[x] = (static_cast<float>(static_cast<std::int32_t>(sum)) - mean) * scale;
        }
        const float* in = drawn + reach;
        float* out = across_.data() + i * w;
        ROWS_DO_NOT_OVERLAP
        for (int x = 0; x < width_; ++x) {
            out[x] = a * in[x] + b * (in[x - 1] + in[x + 1]) + c * (in[x - 2] + in[x + 2]) + d * (in[x - 3] + in[x + 3]);
        }
    }
    for (int y = 0; y < height; ++y) {
        const float* in = across_.data() + (y + reach) * w;
        float* out = rows_[colour].data() + y * w;
        ROWS_DO_NOT_OVERLAP
        for (int x = 0; x < width_; ++x) {
            out[x] = a * in[x] + b * (in[x - w] + in[x + w]) + c * (in[x - 2 * w] + in[x + 2 * w]) +
                     d * (in[x - 3 * w] + in[x + 3 * w]);
        }
    }
}

}  // namespace nightjar
