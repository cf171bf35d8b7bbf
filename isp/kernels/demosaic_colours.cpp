#include "demosaic_colours.hpp"

namespace nightjar {

namespace {

// Detail that only green can show, finer than the lattice, speaks for grey; this many times its square.
constexpr float finest_detail = 5.0f;
// Nine pixels whose noise has variance 1 show this much detail: the squares of two second differences, 6 each.
constexpr float detail_of_noise = 0.8f * 108.0f;
// Where there is little evidence red and blue follow green about half way: less leaves coloured edges, more copies
// green's noise. The weight of that belief grows with the light, as the noise of any camera does.
constexpr float belief = 0.05f, believed_slope = 0.56f;
constexpr float darkness = 1e-6f;  // keeps black apart from 0 / 0
constexpr float steepest = 1.25f;
// A line that noise alone made takes this much of its four neighbours. More would smear weak colour edges.
constexpr float calm = 0.35f;

// Sum over three lattice rows and columns.
inline float nine(const float* north, const float* here, const float* south, int i) {
    const float west = (north[i - 1] + south[i - 1]) + here[i - 1];
    const float east = (north[i + 1] + south[i + 1]) + here[i + 1];
    return (west + east) + ((north[i] + south[i]) + here[i]);
}

void interleave(const float* even, const float* odd, float* out, int count) {
    ROWS_DO_NOT_OVERLAP
    for (int i = 0; i < count; ++i) {
        out[2 * i] = even[i];
        out[2 * i + 1] = odd[i];
    }
}

}  // namespace

Evidence::Evidence(Rows& mosaic, Rows& green, RedAt red)
    : Rows(Kind::bayer, mosaic.tile), mosaic_(mosaic), green_(green), red_(red) {
    green_.keep(4, false);
}

void Evidence::make(int y, const MutableRow& out) {
    const int lattice = red_.lattice(y);
    const Row green_n = green_.row(y - 2), green_here = green_.row(y), green_s = green_.row(y + 2);
    const Row north = mosaic_.row(y - 2), here = mosaic_.row(y), south = mosaic_.row(y + 2);
    const float *g = green_here.plane[0], *g_n = green_n.plane[0], *g_s = green_s.plane[0];
    const float *z = green_here.plane[1], *z_n = green_n.plane[1], *z_s = green_s.plane[1];
    const float *c = here.plane[lattice], *c_n = north.plane[lattice], *c_s = south.plane[lattice];
    float *agreement = out.plane[0], *detail = out.plane[1];
    ROWS_DO_NOT_OVERLAP
    for (int i = -beyond; i < count + beyond; ++i) {
        const float g_across = 2.0f * g[i] - (g[i - 1] + g[i + 1]), g_down = 2.0f * g[i] - (g_n[i] + g_s[i]);
        const float z_across = 2.0f * z[i] - (z[i - 1] + z[i + 1]), z_down = 2.0f * z[i] - (z_n[i] + z_s[i]);
        const float c_across = 2.0f * c[i] - (c[i - 1] + c[i + 1]), c_down = 2.0f * c[i] - (c_n[i] + c_s[i]);
        const float fine = finest_detail * (g[i] - z[i]) * (g[i] - z[i]);
        agreement[i] = (z_across * c_across + z_down * c_down) + fine;
        detail[i] = (z_across * g_across + z_down * g_down) + fine;
    }
}

Slopes::Slopes(Rows& mosaic, Rows& green, Rows& evidence, RedAt red, GreenNoise noise)
    : Rows(Kind::rgb, mosaic.tile), mosaic_(mosaic), green_(green), evidence_(evidence), red_(red), noise_(noise) {
    evidence_.keep(2, false);
}

void Slopes::make(int y, const MutableRow& out) {
    const Row north = evidence_.row(y - 2), here = evidence_.row(y), south = evidence_.row(y + 2);
    const Row green_row = green_.row(y), mosaic_row = mosaic_.row(y);
    const float light_weight = belief + detail_of_noise * noise_.shot;
    const float dark_weight = darkness + detail_of_noise * noise_.read;
    const float *green = green_row.plane[0], *measured = mosaic_row.plane[red_.lattice(y)];
    const float *agree_n = north.plane[0], *agree = here.plane[0], *agree_s = south.plane[0];
    const float *detail_n = north.plane[1], *detail = here.plane[1], *detail_s = south.plane[1];
    float *slope = out.plane[0], *at_zero = out.plane[1], *noise_share = out.plane[2];
    const int half = mosaic_.count;
    ROWS_DO_NOT_OVERLAP
    for (int i = -beyond; i < half + beyond; ++i) {
        const float light = green[i] > 0.0f ? green[i] : 0.0f;
        const float all = nine(detail_n, detail, detail_s, i);
        // These comparisons turn what is not a number, from light too large to be squared, into 0.
        const float doubt = light_weight * light + dark_weight;
        const float sum = (all > 0.0f ? all : 0.0f) + doubt;
        const float fitted = (nine(agree_n, agree, agree_s, i) + believed_slope * belief * light) / sum;
        const float positive = fitted > 0.0f ? fitted : 0.0f;
        const float held = positive < steepest ? positive : steepest;
        slope[i] = held;
        at_zero[i] = measured[i] - held * green[i];
        noise_share[i] = doubt / sum;
    }
}

CalmSlopes::CalmSlopes(Rows& slopes) : Rows(Kind::bayer, slopes.tile), slopes_(slopes) { slopes_.keep(2, false); }

void CalmSlopes::make(int y, const MutableRow& out) {
    const Row north = slopes_.row(y - 2), here = slopes_.row(y), south = slopes_.row(y + 2);
    const float* noise_share = here.plane[2];
    for (int plane = 0; plane < 2; ++plane) {
        const float *n = north.plane[plane], *line = here.plane[plane], *s = south.plane[plane];
        float* calmed = out.plane[plane];
        ROWS_DO_NOT_OVERLAP
        for (int i = -beyond; i < count + beyond; ++i) {
            const float around = 0.25f * ((n[i] + s[i]) + (line[i - 1] + line[i + 1]));
            calmed[i] = line[i] + calm * noise_share[i] * (around - line[i]);
        }
    }
}

FineColours::FineColours(Rows& mosaic, Rows& green, Rows& slopes, RedAt red)
    : Rows(Kind::rgb, mosaic.tile), mosaic_(mosaic), green_(green), slopes_(slopes), red_(red),
      halves_(4 * static_cast<std::size_t>(mosaic.count)) {
    // The stages between read the mosaic up to twelve rows ahead of this one.
    mosaic_.keep(6, true);
    slopes_.keep(1, false);
}

void FineColours::make(int y, const MutableRow& out) {
    const Row north = slopes_.row(y - 1), here = slopes_.row(y), south = slopes_.row(y + 1);
    const Row green_row = green_.row(y), mosaic_row = mosaic_.row(y);
    const int half = mosaic_.count, lattice = red_.lattice(y), west = -lattice;
    const float *measured = mosaic_row.plane[lattice], *measured_green = mosaic_row.plane[1 - lattice];
    const float* found_green = green_row.plane[0];
    // The colour of this row's lattice lies west and east of a green pixel; the other one above and below it.
    const float *slope = here.plane[0] + west, *at_zero = here.plane[1] + west;
    const float *slope_n = north.plane[0], *slope_s = south.plane[0];
    const float *at_zero_n = north.plane[1], *at_zero_s = south.plane[1];
    float *own_at_green = halves_.data(), *other_at_green = own_at_green + half;
    float *other_at_own = other_at_green + half;
    ROWS_DO_NOT_OVERLAP
    for (int i = 0; i < half; ++i) {
        const float green = measured_green[i];
        own_at_green[i] = 0.5f * ((at_zero[i] + at_zero[i + 1]) + (slope[i] + slope[i + 1]) * green);
        other_at_green[i] = 0.5f * ((at_zero_n[i] + at_zero_s[i]) + (slope_n[i] + slope_s[i]) * green);
    }
    ROWS_DO_NOT_OVERLAP
    for (int i = 0; i < half; ++i) {
        const int w = i + lattice - 1, e = w + 1;
        const float slopes = (slope_n[w] + slope_n[e]) + (slope_s[w] + slope_s[e]);
        const float zeros = (at_zero_n[w] + at_zero_n[e]) + (at_zero_s[w] + at_zero_s[e]);
        other_at_own[i] = 0.25f * (zeros + slopes * found_green[i]);
    }
    const int own_plane = (y & 1) == red_.row ? 0 : 2;
    // An odd width writes one value into the margin, which is filled afterwards.
    const float* const own[2] = {measured, own_at_green};
    const float* const green[2] = {found_green, measured_green};
    const float* const other[2] = {other_at_own, other_at_green};
    interleave(own[lattice], own[1 - lattice], out.plane[own_plane], half);
    interleave(green[lattice], green[1 - lattice], out.plane[1], half);
    interleave(other[lattice], other[1 - lattice], out.plane[2 - own_plane], half);
}

}  // namespace nightjar
