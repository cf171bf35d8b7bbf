#include "sharpen.hpp"

#include "display.hpp"

namespace nightjar {

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
