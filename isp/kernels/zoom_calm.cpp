// What holds neighbours together: during the search, and once at its end.
#include "rows.hpp"
#include "zoom_tile.hpp"

namespace nightjar {

namespace {

// Two rows of weights pull neighbours together: `one` and `other` are the same pixels of a row, and of the next.
void pull_together(const float* const one[3], const float* const other[3], const float* of_greys,
                   const float* of_differences, float* const at[3], float* const next[3], int count, float grey, float colours) {
    const float *r0 = one[0], *g0 = one[1], *b0 = one[2], *r1 = other[0], *g1 = other[1], *b1 = other[2];
    float *rp = at[0], *gp = at[1], *bp = at[2], *rn = next[0], *gn = next[1], *bn = next[2];
    ROWS_DO_NOT_OVERLAP
    for (int i = 0; i < count; ++i) {
        const float red = r1[i] - r0[i], green = g1[i] - g0[i], blue = b1[i] - b0[i];
        const float of_grey = 0.0625f * grey * of_greys[i] * (red + 2.0f * green + blue);
        const float of_red = colours * of_differences[i] * (red - green), of_blue = colours * of_differences[i] * (blue - green);
        const float for_green = 2.0f * of_grey - of_red - of_blue;
        rp[i] += of_grey + of_red;
        gp[i] += for_green;
        bp[i] += of_grey + of_blue;
        rn[i] -= of_grey + of_red;
        gn[i] -= for_green;
        bn[i] -= of_grey + of_blue;
    }
}

// Where runs of fine pixels begin: one side, the middle, the other side.
using Places = std::array<std::size_t, 3>;

// Of three neighbours [1 6 1] / 8: of grey as far as `shares` go, of differences of colours always.
void calm_row(const std::array<FinePlane, 3>& from, const Places& at, const FinePlane& shares,
              std::array<FinePlane, 3>& to, int count) {
    const float *r0 = from[0].data() + at[0], *g0 = from[1].data() + at[0], *b0 = from[2].data() + at[0];
    const float *r1 = from[0].data() + at[1], *g1 = from[1].data() + at[1], *b1 = from[2].data() + at[1];
    const float *r2 = from[0].data() + at[2], *g2 = from[1].data() + at[2], *b2 = from[2].data() + at[2];
    const float* share = shares.data() + at[1];
    float *r = to[0].data() + at[1], *g = to[1].data() + at[1], *b = to[2].data() + at[1];
    ROWS_DO_NOT_OVERLAP
    for (int i = 0; i < count; ++i) {
        const float red = 0.125f * (r0[i] - 2.0f * r1[i] + r2[i]);
        const float green = 0.125f * (g0[i] - 2.0f * g1[i] + g2[i]);
        const float blue = 0.125f * (b0[i] - 2.0f * b1[i] + b2[i]);
        const float kept = 0.25f * (1.0f - share[i]) * (red + 2.0f * green + blue);
        r[i] = r1[i] + red - kept;
        g[i] = g1[i] + green - kept;
        b[i] = b1[i] + blue - kept;
    }
}

}  // namespace

void ZoomTile::pull_to_expected(const ZoomFacts& facts) {
    const float grey = facts.prior.grey, colours = facts.prior.colours;
    const auto at = [&](auto& planes, int y, int phase, int quad) {
        const std::size_t place = fine_at(y, phase, quad);
        return std::array{planes[0].data() + place, planes[1].data() + place, planes[2].data() + place};
    };
    const auto together = [&](int y, int phase, int next_y, int next_phase, int next_quad, int count, const FinePlane& greys,
                              const FinePlane& differences) {
        const auto one = at(result_, y, phase, 0), other = at(result_, next_y, next_phase, next_quad);
        const auto pulled = at(pull_, y, phase, 0), next = at(pull_, next_y, next_phase, next_quad);
        const float* const first[3] = {one[0], one[1], one[2]};
        const float* const second[3] = {other[0], other[1], other[2]};
        float* const here[3] = {pulled[0], pulled[1], pulled[2]};
        float* const there[3] = {next[0], next[1], next[2]};
        const std::size_t row = fine_at(y, phase, 0);
        pull_together(first, second, greys.data() + row, differences.data() + row, here, there, count, grey, colours);
    };
    for (int y = 0; y < zoom_fine; ++y) {
        if (y + 1 < zoom_fine) {
            for (int phase = 0; phase < zoom_phases; ++phase) together(y, phase, y + 1, phase, 0, zoom_quads, down_, colours_down_);
        }
        for (int phase = 0; phase + 1 < zoom_phases; ++phase) together(y, phase, y, phase + 1, 0, zoom_quads, across_, colours_across_);
        together(y, zoom_phases - 1, y, 0, 1, zoom_quads - 1, across_, colours_across_);
    }
}

// The finest waves that the fine picture could hold, of two pixels, no raw pixel sees: it averages over just them. What
// stands there is noise, and shows on even slopes as a grid. It is taken off what was added to the plain picture.
void ZoomTile::calm_finest(const ZoomFacts& facts) {
    for (int colour = 0; colour < 3; ++colour) {
        float *added = pull_[colour].data(), *result = result_[colour].data();
        const float* plain = plain_[colour].data();
        ROWS_DO_NOT_OVERLAP
        for (std::size_t i = 0; i < fine_pixels; ++i) added[i] = result[i] - plain[i];
        moved_[colour] = pull_[colour];
    }
    for (int y = 1; y + 1 < zoom_fine; ++y) {
        for (int phase = 0; phase < zoom_phases; ++phase) {
            const Places rows{fine_at(y - 1, phase, 0), fine_at(y, phase, 0), fine_at(y + 1, phase, 0)};
            calm_row(pull_, rows, calm_down_, moved_, zoom_quads);
        }
    }
    for (int y = 0; y < zoom_fine; ++y) {
        for (int phase = 0; phase < zoom_phases; ++phase) {
            const bool first = phase == 0, last = phase == zoom_phases - 1;
            const int begin = first ? 1 : 0;
            const Places columns{first ? fine_at(y, zoom_phases - 1, 0) : fine_at(y, phase - 1, 0),
                                 fine_at(y, phase, begin), last ? fine_at(y, 0, 1) : fine_at(y, phase + 1, begin)};
            calm_row(moved_, columns, calm_across_, pull_, zoom_quads - (first || last ? 1 : 0));
        }
    }
    for (std::size_t i = 0; i < fine_pixels; ++i) {
        if (blown_at(facts, i)) continue;
        for (int colour = 0; colour < 3; ++colour) result_[colour][i] = plain_[colour][i] + pull_[colour][i];
    }
}

}  // namespace nightjar
