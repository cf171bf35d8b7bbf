#include "colour_stages.hpp"

#include <cmath>
#include <cstdint>
#include <cstring>

namespace nightjar {

namespace {

constexpr float white_code = 65535.0f;

// Weights of ITU-R BT.601 on display-encoded values.
float luma_of(float red, float green, float blue) { return 0.299f * red + 0.587f * green + 0.114f * blue; }

// A display code is a whole number, so that a stage called alone gives the same picture as in a chain.
float code(float value) {
    const float low = value > 0.0f ? value : 0.0f;
    const float inside = low < white_code ? low : white_code;
    return static_cast<float>(static_cast<std::int32_t>(inside + 0.5f));
}

}  // namespace

Colour::Colour(Rows& input, std::array<float, 9> matrix)
    : Rows(Kind::rgb, input.tile), input_(input), matrix_(matrix) {}

void Colour::make(int y, const MutableRow& out) {
    const Row in = input_.row(y);
    const float* __restrict red = in.plane[0];
    const float* __restrict green = in.plane[1];
    const float* __restrict blue = in.plane[2];
    for (int channel = 0; channel < 3; ++channel) {
        const float from_red = matrix_[3 * channel], from_green = matrix_[3 * channel + 1];
        const float from_blue = matrix_[3 * channel + 2];
        float* __restrict to = out.plane[channel];
        ROWS_DO_NOT_OVERLAP
        for (int x = 0; x < width; ++x) {
            const float matched = from_red * red[x] + from_green * green[x] + from_blue * blue[x];
            // Below black in all three colours is black; the matrix, which subtracts, would make a colour of it.
            const bool lit = (red[x] > 0.0f) | (green[x] > 0.0f) | (blue[x] > 0.0f);
            to[x] = lit ? matched : 0.0f;
        }
    }
}

ToneTable pack_tone_table(const std::vector<std::uint16_t>& codes) {
    ToneTable table(codes.size());
    for (std::size_t i = 0; i < codes.size(); ++i) {
        const std::uint32_t here = codes[i], next = i + 1 < codes.size() ? codes[i + 1] : here;
        table[i] = here << 16 | (next > here ? next - here : 0u);
    }
    return table;
}

Tone::Tone(Rows& input, const ToneTable& table)
    : Rows(Kind::rgb, input.tile), input_(input), table_(table) {}

void Tone::make(int y, const MutableRow& out) {
    const Row in = input_.row(y);
    constexpr float darkest = 1.0f / 65536.0f;
    constexpr std::uint32_t darkest_bits = (127u - 16u) << 23;
    const std::uint32_t* table = table_.data();
    for (int channel = 0; channel < 3; ++channel) {
        const float* __restrict from = in.plane[channel];
        float* __restrict to = out.plane[channel];
        ROWS_DO_NOT_OVERLAP
        for (int x = 0; x < width; ++x) {
            const float above = from[x] > darkest ? from[x] : darkest;
            const float inside = above < 1.0f ? above : 1.0f;
            std::uint32_t bits;
            std::memcpy(&bits, &inside, sizeof bits);
            // The bits of a float are a piecewise-linear logarithm: 8 bits below the exponent give 256 steps an octave.
            bits -= darkest_bits;
            const std::int32_t entry = static_cast<std::int32_t>(bits >> 15);
            const float share = static_cast<float>(static_cast<std::int32_t>(bits & 0x7fffu)) * (1.0f / 32768.0f);
            const std::uint32_t packed = table[entry];
            const float code_here = static_cast<float>(static_cast<std::int32_t>(packed >> 16));
            const float step = static_cast<float>(static_cast<std::int32_t>(packed & 0xffffu));
            to[x] = static_cast<float>(static_cast<std::int32_t>(code_here + share * step + 0.5f));
        }
    }
}

namespace {

// Adds a neighbour's colour when it lies within the threshold, else the centre's own: a neighbour of another colour
// takes no part and the number of taps stays the same.
inline void add_if_alike(float neighbour_blue, float neighbour_red, float blue, float red, float threshold,
                         float& blue_sum, float& red_sum) {
    const float blue_step = neighbour_blue - blue, red_step = neighbour_red - red;
    const bool alike = (std::fabs(blue_step) < threshold) & (std::fabs(red_step) < threshold);
    blue_sum += alike ? blue_step : 0.0f;
    red_sum += alike ? red_step : 0.0f;
}

inline float threshold_at(float luma, const float* thresholds) {
    return thresholds[static_cast<std::int32_t>(luma * (chroma_steps / 65536.0f))];
}

}  // namespace

ChromaAcross::ChromaAcross(Rows& input, const std::vector<float>& thresholds)
    : Rows(Kind::rgb, input.tile), input_(input), thresholds_(thresholds),
      luma_(input.width + 2 * margin), blue_(input.width + 2 * margin), red_(input.width + 2 * margin) {
    input_.keep(0, true);
}

void ChromaAcross::make(int y, const MutableRow& out) {
    const Row in = input_.row(y);
    float* __restrict luma = luma_.data() + margin;
    float* __restrict blue = blue_.data() + margin;
    float* __restrict red = red_.data() + margin;
    ROWS_DO_NOT_OVERLAP
    for (int x = -ChromaAcross::reach; x < width + ChromaAcross::reach; ++x) {
        luma[x] = luma_of(in.plane[0][x], in.plane[1][x], in.plane[2][x]);
        blue[x] = in.plane[2][x] - luma[x];
        red[x] = in.plane[0][x] - luma[x];
    }
    const float* thresholds = thresholds_.data();
    float* __restrict luma_out = out.plane[0];
    float* __restrict blue_out = out.plane[1];
    float* __restrict red_out = out.plane[2];
    ROWS_DO_NOT_OVERLAP
    for (int x = 0; x < width; ++x) {
        const float threshold = threshold_at(luma[x], thresholds);
        float blue_sum = 0.0f, red_sum = 0.0f;
        add_if_alike(blue[x - 4], red[x - 4], blue[x], red[x], threshold, blue_sum, red_sum);
        add_if_alike(blue[x - 2], red[x - 2], blue[x], red[x], threshold, blue_sum, red_sum);
        add_if_alike(blue[x + 2], red[x + 2], blue[x], red[x], threshold, blue_sum, red_sum);
        add_if_alike(blue[x + 4], red[x + 4], blue[x], red[x], threshold, blue_sum, red_sum);
        luma_out[x] = luma[x];
        blue_out[x] = blue[x] + 0.2f * blue_sum;
        red_out[x] = red[x] + 0.2f * red_sum;
    }
}

ChromaDown::ChromaDown(Rows& input, const std::vector<float>& thresholds)
    : Rows(Kind::rgb, input.tile), input_(input), thresholds_(thresholds) {
    input_.keep(ChromaAcross::reach, false);
}

void ChromaDown::make(int y, const MutableRow& out) {
    Row rows[5];
    for (int tap = 0; tap < 5; ++tap) rows[tap] = input_.row(y + 2 * tap - ChromaAcross::reach);
    const float* __restrict luma = rows[2].plane[0];
    const float* __restrict blue = rows[2].plane[1];
    const float* __restrict red = rows[2].plane[2];
    const float* thresholds = thresholds_.data();
    float* __restrict red_out = out.plane[0];
    float* __restrict green_out = out.plane[1];
    float* __restrict blue_out = out.plane[2];
    ROWS_DO_NOT_OVERLAP
    for (int x = 0; x < width; ++x) {
        const float threshold = threshold_at(luma[x], thresholds);
        float blue_sum = 0.0f, red_sum = 0.0f;
        add_if_alike(rows[0].plane[1][x], rows[0].plane[2][x], blue[x], red[x], threshold, blue_sum, red_sum);
        add_if_alike(rows[1].plane[1][x], rows[1].plane[2][x], blue[x], red[x], threshold, blue_sum, red_sum);
        add_if_alike(rows[3].plane[1][x], rows[3].plane[2][x], blue[x], red[x], threshold, blue_sum, red_sum);
        add_if_alike(rows[4].plane[1][x], rows[4].plane[2][x], blue[x], red[x], threshold, blue_sum, red_sum);
        const float blue_step = blue[x] + 0.2f * blue_sum, red_step = red[x] + 0.2f * red_sum;
        const float green = luma[x] - (0.299f * red_step + 0.114f * blue_step) * (1.0f / 0.587f);
        red_out[x] = code(luma[x] + red_step);
        green_out[x] = code(green);
        blue_out[x] = code(luma[x] + blue_step);
    }
}

LumaBlur::LumaBlur(Rows& input, const std::vector<float>& taps)
    : Rows(Kind::rgb, input.tile), input_(input), taps_(taps), luma_(input.width + 2 * margin) {
    input_.keep(static_cast<int>(taps.size()), true);
}

void LumaBlur::make(int y, const MutableRow& out) {
    const Row in = input_.row(y);
    float* __restrict luma = luma_.data() + margin;
    ROWS_DO_NOT_OVERLAP
    for (int x = -margin; x < width + margin; ++x) luma[x] = luma_of(in.plane[0][x], in.plane[1][x], in.plane[2][x]);
    float* __restrict blurred = out.plane[0];
    float* __restrict sharp = out.plane[1];
    const float centre = taps_[0];
    ROWS_DO_NOT_OVERLAP
    for (int x = 0; x < width; ++x) {
        sharp[x] = luma[x];
        blurred[x] = centre * luma[x];
    }
    for (int reach = 1; reach < static_cast<int>(taps_.size()); ++reach) {
        const float tap = taps_[reach];
        ROWS_DO_NOT_OVERLAP
        for (int x = 0; x < width; ++x) blurred[x] += tap * (luma[x - reach] + luma[x + reach]);
    }
}

Sharpen::Sharpen(Rows& picture, Rows& luma, const std::vector<float>& taps, float amount)
    : Rows(Kind::rgb, picture.tile), picture_(picture), luma_(luma), taps_(taps), amount_(amount),
      blurred_(picture.width) {
    luma_.keep(static_cast<int>(taps.size()) - 1, false);
}

void Sharpen::make(int y, const MutableRow& out) {
    const int reach = static_cast<int>(taps_.size()) - 1;
    // In order from above, so that the stages before can work in order too.
    for (int step = -reach; step <= reach; ++step) luma_.row(y + step);
    float* __restrict blurred = blurred_.data();
    const Row centre = luma_.row(y);
    const float* __restrict across = centre.plane[0];
    const float middle = taps_[0];
    ROWS_DO_NOT_OVERLAP
    for (int x = 0; x < width; ++x) blurred[x] = middle * across[x];
    for (int step = 1; step <= reach; ++step) {
        const float* __restrict above = luma_.row(y - step).plane[0];
        const float* __restrict below = luma_.row(y + step).plane[0];
        const float tap = taps_[step];
        ROWS_DO_NOT_OVERLAP
        for (int x = 0; x < width; ++x) blurred[x] += tap * (above[x] + below[x]);
    }
    const Row in = picture_.row(y);
    const float amount = amount_;
    const float* __restrict sharp = centre.plane[1];
    const float* __restrict red = in.plane[0];
    const float* __restrict green = in.plane[1];
    const float* __restrict blue = in.plane[2];
    float* __restrict red_out = out.plane[0];
    float* __restrict green_out = out.plane[1];
    float* __restrict blue_out = out.plane[2];
    ROWS_DO_NOT_OVERLAP
    for (int x = 0; x < width; ++x) {
        const float detail = amount * (sharp[x] - blurred[x]);
        red_out[x] = code(red[x] + detail);
        green_out[x] = code(green[x] + detail);
        blue_out[x] = code(blue[x] + detail);
    }
}

}  // namespace nightjar
