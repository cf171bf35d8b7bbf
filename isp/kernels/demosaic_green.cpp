#include "demosaic_green.hpp"

#include <cmath>

namespace nightjar {

namespace {

// Between Malvar's correction by the other colour's curvature (0.125 along one direction) and Hamilton and Adams' (0.25):
// the best for pictures with weakly related colours, and hardly worse for the others.
constexpr float curvature = 0.1f;
// A difference is smoothed over the pixel itself and two more on one side.
constexpr float near_share = 0.2f, next_share = 0.5f, far_share = 0.3f;
// Changes below a quarter of an 8-bit step say nothing about direction.
constexpr float smallest_change = 9e-3f;  // summed over nine pixels
// Keeps the weights apart from zero where a change is too large to be squared.
constexpr float least_trust = 1e-24f;
// How much of green's second version is the plain mean of its four neighbours.
constexpr float independent_share = 0.6f;

}  // namespace

Differences::Differences(Rows& mosaic, RedAt red, Along along)
    : Rows(Kind::bayer, mosaic.tile), mosaic_(mosaic), red_(red), along_(along) {
    mosaic_.keep(2, true);
}

void Differences::make(int y, const MutableRow& out) {
    const bool across = along_ == Along::row;
    const int step = across ? 0 : 1;
    const Row before2 = mosaic_.row(y - 2 * step), before1 = mosaic_.row(y - step);
    const Row here = mosaic_.row(y);
    const Row after1 = mosaic_.row(y + step), after2 = mosaic_.row(y + 2 * step);
    for (int parity = 0; parity < 2; ++parity) {
        const float sign = parity == red_.lattice(y) ? -1.0f : 1.0f;
        const float middle = sign * (1.0f - 2.0f * curvature), near = -0.5f * sign, far = curvature * sign;
        const float* measured = here.plane[parity];
        // Along the row, west neighbours of value i in the half row of the other parity, and of its own.
        const float* other_before = across ? here.plane[1 - parity] - 1 + parity : before1.plane[parity];
        const float* other_after = across ? other_before + 1 : after1.plane[parity];
        const float* own_before = across ? measured - 1 : before2.plane[parity];
        const float* own_after = across ? measured + 1 : after2.plane[parity];
        float* difference = out.plane[parity];
        ROWS_DO_NOT_OVERLAP
        for (int i = 0; i < count; ++i) {
            difference[i] = middle * measured[i] + near * (other_before[i] + other_after[i]) +
                            far * (own_before[i] + own_after[i]);
        }
    }
}

Trust::Trust(Rows& across, Rows& down, RedAt red)
    : Rows(Kind::bayer, across.tile), across_(across), down_(down), red_(red),
      sums_(4 * static_cast<std::size_t>(count + 2 * margin)) {
    // The green after this one reads rows further back than this one does.
    across_.keep(2, true);
    down_.keep(3, true);
}

void Trust::make(int y, const MutableRow& out) {
    sum_three_rows(y);
    const int green = 1 - red_.lattice(y), stride = count + 2 * margin;
    for (int direction = 0; direction < 2; ++direction) {
        const float* sums = sums_.data() + 2 * direction * stride + margin;
        const float* middle = sums + green * stride;
        const float* west = sums + (1 - green) * stride - 1 + green;
        float* trust = out.plane[direction];
        ROWS_DO_NOT_OVERLAP
        for (int i = -beyond; i < count + beyond; ++i) {
            const float change = (west[i] + west[i + 1]) + middle[i];
            trust[i] = 1.0f / (change * change + smallest_change * smallest_change) + least_trust;
        }
    }
}

// Changes of the differences along their direction, each pixel with those above and below it.
void Trust::sum_three_rows(int y) {
    const Row across_n = across_.row(y - 1), across_here = across_.row(y), across_s = across_.row(y + 1);
    const Row north2 = down_.row(y - 2), north1 = down_.row(y - 1), here = down_.row(y);
    const Row south1 = down_.row(y + 1), south2 = down_.row(y + 2);
    const int stride = count + 2 * margin;
    for (int parity = 0; parity < 2; ++parity) {
        const int west = parity - 1;
        const float* n = across_n.plane[1 - parity] + west;
        const float* h = across_here.plane[1 - parity] + west;
        const float* s = across_s.plane[1 - parity] + west;
        const float *n2 = north2.plane[parity], *n1 = north1.plane[parity], *c = here.plane[parity];
        const float *s1 = south1.plane[parity], *s2 = south2.plane[parity];
        float* row_sum = sums_.data() + parity * stride + margin;
        float* column_sum = row_sum + 2 * stride;
        ROWS_DO_NOT_OVERLAP
        for (int i = -beyond - 1; i < count + beyond + 1; ++i) {
            row_sum[i] = (std::fabs(n[i + 1] - n[i]) + std::fabs(s[i + 1] - s[i])) + std::fabs(h[i + 1] - h[i]);
            column_sum[i] = (std::fabs(c[i] - n2[i]) + std::fabs(s2[i] - c[i])) + std::fabs(s1[i] - n1[i]);
        }
    }
}

Green::Green(Rows& mosaic, Rows& across, Rows& down, Rows& trust, RedAt red)
    : Rows(Kind::bayer, mosaic.tile), mosaic_(mosaic), across_(across), down_(down), trust_(trust), red_(red) {
    trust_.keep(1, false);
}

void Green::make(int y, const MutableRow& out) {
    const int lattice = red_.lattice(y), west = lattice - 1;
    const Row trust_n = trust_.row(y - 1), trust_here = trust_.row(y), trust_s = trust_.row(y + 1);
    const Row north2 = down_.row(y - 2), north1 = down_.row(y - 1), here = down_.row(y);
    const Row south1 = down_.row(y + 1), south2 = down_.row(y + 2);
    const Row row_north = mosaic_.row(y - 1), row_here = mosaic_.row(y), row_south = mosaic_.row(y + 1);
    const Row row_differences = across_.row(y);

    const float *trust_row = trust_here.plane[0] + west, *trust_up = trust_n.plane[1], *trust_below = trust_s.plane[1];
    const float *across = row_differences.plane[lattice], *beside = row_differences.plane[1 - lattice] + west;
    const float *down = here.plane[lattice], *up1 = north1.plane[lattice], *up2 = north2.plane[lattice];
    const float *down1 = south1.plane[lattice], *down2 = south2.plane[lattice];
    const float *measured = row_here.plane[lattice], *green_row = row_here.plane[1 - lattice] + west;
    const float *green_up = row_north.plane[lattice], *green_below = row_south.plane[lattice];
    float *green = out.plane[0], *independent = out.plane[1];
    ROWS_DO_NOT_OVERLAP
    for (int i = -beyond; i < count + beyond; ++i) {
        const float to_west = near_share * across[i] + next_share * beside[i] + far_share * across[i - 1];
        const float to_east = near_share * across[i] + next_share * beside[i + 1] + far_share * across[i + 1];
        const float to_north = near_share * down[i] + next_share * up1[i] + far_share * up2[i];
        const float to_south = near_share * down[i] + next_share * down1[i] + far_share * down2[i];
        const float trust_w = trust_row[i], trust_e = trust_row[i + 1];
        const float weights = (trust_w + trust_e) + (trust_up[i] + trust_below[i]);
        const float difference = (trust_w * to_west + trust_e * to_east) +
                                 (trust_up[i] * to_north + trust_below[i] * to_south);
        const float found = measured[i] + difference / weights;
        const float around = 0.25f * ((green_row[i] + green_row[i + 1]) + (green_up[i] + green_below[i]));
        green[i] = found;
        independent[i] = found + independent_share * (around - found);
    }
}

}  // namespace nightjar
