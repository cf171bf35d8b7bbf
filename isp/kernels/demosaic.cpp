#include "demosaic.hpp"

namespace nightjar {

namespace {

void interleave(const float* __restrict even, const float* __restrict odd, float* __restrict out, int count) {
    ROWS_DO_NOT_OVERLAP
    for (int i = 0; i < count; ++i) {
        out[2 * i] = even[i];
        out[2 * i + 1] = odd[i];
    }
}

}  // namespace

Demosaic::Demosaic(Rows& input, int red_row, int red_column)
    : Rows(Kind::rgb, input.tile), input_(input), red_row_(red_row), red_column_(red_column),
      halves_(4 * static_cast<std::size_t>(input.count)) {
    input_.keep(2, true);
}

void Demosaic::make(int y, const MutableRow& out) {
    const Row north2 = input_.row(y - 2), north1 = input_.row(y - 1);
    const Row here = input_.row(y);
    const Row south1 = input_.row(y + 1), south2 = input_.row(y + 2);
    const int half = input_.count;

    // "Own" is the colour this row measures beside green: red or blue. "Other" is the one it does not measure.
    const bool red_row = (y & 1) == red_row_;
    const int own_parity = red_row ? red_column_ : 1 - red_column_;
    const int green_parity = 1 - own_parity;
    // West neighbour of value i in the half row of the other parity; east is one further.
    const int west_of_own = own_parity == 0 ? -1 : 0;
    const int west_of_green = own_parity == 0 ? 0 : -1;

    const float* __restrict own = here.plane[own_parity];
    const float* __restrict green = here.plane[green_parity];
    const float* __restrict own_n = north2.plane[own_parity];
    const float* __restrict own_s = south2.plane[own_parity];
    const float* __restrict green_n = north2.plane[green_parity];
    const float* __restrict green_s = south2.plane[green_parity];
    const float* __restrict green_up = north1.plane[own_parity];
    const float* __restrict green_down = south1.plane[own_parity];
    const float* __restrict other_up = north1.plane[green_parity];
    const float* __restrict other_down = south1.plane[green_parity];

    float* __restrict green_at_own = halves_.data();
    float* __restrict other_at_own = green_at_own + half;
    float* __restrict own_at_green = other_at_own + half;
    float* __restrict other_at_green = own_at_green + half;

    ROWS_DO_NOT_OVERLAP
    for (int i = 0; i < half; ++i) {
        const int w = i + west_of_own, e = w + 1;
        const float far = (own_n[i] + own_s[i]) + (own[i - 1] + own[i + 1]);
        const float cross = (green_up[i] + green_down[i]) + (green[w] + green[e]);
        const float corners = (other_up[w] + other_up[e]) + (other_down[w] + other_down[e]);
        green_at_own[i] = 0.5f * own[i] + 0.25f * cross - 0.125f * far;
        other_at_own[i] = 0.75f * own[i] + 0.25f * corners - 0.1875f * far;
    }
    ROWS_DO_NOT_OVERLAP
    for (int i = 0; i < half; ++i) {
        const int w = i + west_of_green, e = w + 1;
        const float corners = (green_up[w] + green_up[e]) + (green_down[w] + green_down[e]);
        const float vertical = green_n[i] + green_s[i];
        const float horizontal = green[i - 1] + green[i + 1];
        const float base = 0.625f * green[i] - 0.125f * corners;
        own_at_green[i] = base + 0.5f * (own[w] + own[e]) - 0.125f * horizontal + 0.0625f * vertical;
        other_at_green[i] = base + 0.5f * (other_up[i] + other_down[i]) - 0.125f * vertical + 0.0625f * horizontal;
    }

    float* own_out = out.plane[red_row ? 0 : 2];
    float* other_out = out.plane[red_row ? 2 : 0];
    // An odd width writes one value into the margin, which is filled afterwards.
    if (own_parity == 0) {
        interleave(own, own_at_green, own_out, half);
        interleave(green_at_own, green, out.plane[1], half);
        interleave(other_at_own, other_at_green, other_out, half);
    } else {
        interleave(own_at_green, own, own_out, half);
        interleave(green, green_at_own, out.plane[1], half);
        interleave(other_at_green, other_at_own, other_out, half);
    }
}

}  // namespace nightjar
