#include "sharpen.hpp"

#include <cmath>
#include <cstdint>

#include "display.hpp"

namespace nightjar {

namespace {

// Lens shading changes so slowly that one row of it serves eight.
constexpr int calm_rows = 8;
// The 16-bit codes that are just shown as 1 and as 254 of 255.
constexpr float almost_black = 129.0f, almost_white = 65406.0f;

inline float larger(float a, float b) { return a > b ? a : b; }
inline float smaller(float a, float b) { return a < b ? a : b; }

// The whole code of a colour that was not black before, and is not now.
inline float above_black(float value, float before) {
    return static_cast<float>(static_cast<std::int32_t>(larger(value, smaller(before, almost_black)) + 0.5f));
}

// Taps on both sides of `centre`; a known number of them lets the compiler keep the sum in registers. `side(k)` gives
// the values k steps before and after, added.
template <int reach, typename Side>
inline void blur(const float* taps, int width, const float* centre, const Side& side, float* out) {
    ROWS_DO_NOT_OVERLAP
    for (int x = 0; x < width; ++x) {
        float sum = taps[0] * centre[x];
        for (int k = 1; k <= reach; ++k) sum += taps[k] * side(k, x);
        out[x] = sum;
    }
}

template <typename Side>
void blur_any(const std::vector<float>& taps, int width, const float* centre, const Side& side, float* out) {
    switch (taps.size() - 1) {
        case 1: return blur<1>(taps.data(), width, centre, side, out);
        case 2: return blur<2>(taps.data(), width, centre, side, out);
        case 3: return blur<3>(taps.data(), width, centre, side, out);
        case 4: return blur<4>(taps.data(), width, centre, side, out);
        default: break;
    }
    ROWS_DO_NOT_OVERLAP
    for (int x = 0; x < width; ++x) out[x] = taps[0] * centre[x];
    for (int k = 1; k < static_cast<int>(taps.size()); ++k) {
        const float tap = taps[k];
        ROWS_DO_NOT_OVERLAP
        for (int x = 0; x < width; ++x) out[x] += tap * side(k, x);
    }
}

}  // namespace

LumaAcross::LumaAcross(Rows& input, const Sharpening& sharpening)
    : Rows(Kind::display, input.tile), input_(input), taps_(sharpening.taps), luma_(input.width + 2 * margin) {
    input_.keep(static_cast<int>(taps_.size()), true);
}

void LumaAcross::make(int y, const MutableRow& out) {
    const Row in = input_.row(y);
    float* luma = luma_.data() + margin;
    ROWS_DO_NOT_OVERLAP
    for (int x = -margin; x < width + margin; ++x) luma[x] = luma_of(in.plane[0][x], in.plane[1][x], in.plane[2][x]);
    blur_any(taps_, width, luma, [=](int k, int x) { return luma[x - k] + luma[x + k]; }, out.plane[0]);
    float* highest = out.plane[1];
    float* lowest = out.plane[2];
    ROWS_DO_NOT_OVERLAP
    for (int x = 0; x < width; ++x) {
        highest[x] = larger(larger(luma[x - 1], luma[x + 1]), luma[x]);
        lowest[x] = smaller(smaller(luma[x - 1], luma[x + 1]), luma[x]);
    }
}

LumaDown::LumaDown(Rows& across, const Sharpening& sharpening)
    : Rows(Kind::display, across.tile), across_(across), taps_(sharpening.taps) {
    // Beside its own taps, Sharpen still looks at the rows around the one it makes.
    across_.keep(static_cast<int>(taps_.size()), false);
}

void LumaDown::make(int y, const MutableRow& out) {
    const int reach = static_cast<int>(taps_.size()) - 1;
    const float* rows[2 * margin];
    // In order from above, so that the stages before can work in order too.
    for (int step = -reach; step <= reach; ++step) rows[reach + step] = across_.row(y + step).plane[0];
    const float* const* middle = rows + reach;
    blur_any(taps_, width, *middle, [=](int k, int x) { return middle[-k][x] + middle[k][x]; }, out.plane[0]);
}

Sharpen::Sharpen(Rows& picture, Rows& across, Rows& down, const Sharpening& sharpening, const UnevenNoise& uneven)
    : Rows(Kind::display, picture.tile), picture_(picture), across_(across), down_(down), sharpening_(sharpening),
      noise_(uneven, tile), lens_calm_(picture.width), calm_(picture.width), knots_(sharpening.calm.columns) {
    down_.keep(1, true);
}

const float* Sharpen::calm_of_row(int y) {
    const PlaneGrid& grid = sharpening_.calm;
    const int step = y / calm_rows;
    if (step != calm_step_) {
        places_of_row(grid.values.data(), grid.rows, grid.columns, grid.window, tile, step * calm_rows, knots_.data(),
                      lens_calm_.data());
        calm_step_ = step;
    }
    const float* times = noise_.times(y);
    if (times == nullptr) return lens_calm_.data();
    ROWS_DO_NOT_OVERLAP
    for (int x = 0; x < width; ++x) calm_[x] = lens_calm_[x] / std::sqrt(times[x]);
    return calm_.data();
}

void Sharpen::make(int y, const MutableRow& out) {
    const float* up = down_.row(y - 1).plane[0];
    const float* here = down_.row(y).plane[0];
    const float* under = down_.row(y + 1).plane[0];
    const Row above = across_.row(y - 1), beside = across_.row(y), below = across_.row(y + 1);
    const Row in = picture_.row(y);
    const float* sensitivity = sharpening_.sensitivity.data();
    const float* calm = calm_of_row(y);
    const float amount = sharpening_.amount, beyond = sharpening_.beyond;
    const float closed = sharpening_.closed, open = closed + 1.0f;
    ROWS_DO_NOT_OVERLAP
    for (int x = 0; x < width; ++x) {
        const float red = in.plane[0][x], green = in.plane[1][x], blue = in.plane[2][x];
        const float luma = luma_of(red, green, blue), blurred = here[x];
        const float change = larger(larger(larger(up[x], under[x]), larger(here[x - 1], here[x + 1])), blurred) -
                             smaller(smaller(smaller(up[x], under[x]), smaller(here[x - 1], here[x + 1])), blurred);
        const float opening = sensitivity[static_cast<std::int32_t>(blurred * (grain_steps / 65536.0f))];
        const float gate = smaller(larger(change * opening * calm[x], closed), open) - closed;
        const float highest = larger(larger(above.plane[1][x], below.plane[1][x]), beside.plane[1][x]);
        const float lowest = smaller(smaller(above.plane[2][x], below.plane[2][x]), beside.plane[2][x]);
        const float range = highest - lowest;
        const float wanted = luma + amount * gate * (luma - blurred);
        // Downwards no more than a share of what light there is: a dark sky around a star stays as it is.
        const float limited = larger(smaller(wanted, highest + beyond * range), lowest - beyond * smaller(range, lowest));
        // White is for what is blown: what was below it stays below. All three colours wait for the brightest, so that
        // none of them gains on it.
        const float room = larger(almost_white - larger(red, larger(green, blue)), 0.0f);
        const float detail = smaller(limited - luma, room);
        out.plane[0][x] = above_black(red + detail, red);
        out.plane[1][x] = above_black(green + detail, green);
        out.plane[2][x] = above_black(blue + detail, blue);
    }
}

}  // namespace nightjar
