#include "chroma_noise.hpp"

#include <cmath>
#include <cstdint>

#include "display.hpp"

namespace nightjar {

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

}  // namespace nightjar
