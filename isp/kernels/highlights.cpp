#include "highlights.hpp"

#include "highlights_pixel.hpp"

namespace nightjar {

namespace {

// Pairs of columns looked over at once: where nothing among them or beside them is near clipping, they are copied.
constexpr int chunk = 32;

// Half rows of one colour around a pixel's row, and the level from which that colour is bright.
struct Watched {
    const float* values;
    float level;
};

bool any_bright(const Watched (&watched)[6], int first, int last) {
    int bright = 0;
    ROWS_DO_NOT_OVERLAP
    for (int i = first; i < last; ++i) {
        for (const Watched& half_row : watched) bright |= half_row.values[i] > half_row.level;
    }
    return bright != 0;
}

}  // namespace

Highlights::Highlights(Rows& input, HighlightLimits limits, int red_row, int red_column, const ShadingGrid& lens)
    : Rows(Kind::bayer, input.tile), input_(input), limits_(limits), red_row_(red_row), red_column_(red_column),
      to_share_{1.0f / limits.clip[0], 1.0f / limits.clip[1], 1.0f / limits.clip[2]}, lens_(lens, input.tile),
      gains_(3 * static_cast<std::size_t>(2 * input.count), 1.0f) {
    input_.keep(1, true);
}

void Highlights::make(int y, const MutableRow& out) {
    const Row rows[3] = {input_.row(y - 1), input_.row(y), input_.row(y + 1)};
    const bool red_row = (y & 1) == red_row_;
    const int colour_parity = red_row ? red_column_ : 1 - red_column_;
    const int colour = red_row ? 0 : 2;
    const float level[3] = {limits_.nearly * limits_.clip[0], limits_.nearly * limits_.clip[1],
                            limits_.nearly * limits_.clip[2]};
    const int green_parity = 1 - colour_parity;
    const Watched watched[6] = {
        {rows[0].plane[colour_parity], level[1]},      {rows[0].plane[green_parity], level[2 - colour]},
        {rows[1].plane[colour_parity], level[colour]}, {rows[1].plane[green_parity], level[1]},
        {rows[2].plane[colour_parity], level[1]},      {rows[2].plane[green_parity], level[2 - colour]}};
    bool knows_lens = false;
    for (int first = 0; first < count; first += chunk) {
        const int last = first + chunk < count ? first + chunk : count;
        const bool bright = any_bright(watched, first - 1, last + 1);
        if (bright && !knows_lens) {
            for (int i = 0; i < 3; ++i) lens_.of_row(y, i, gains_.data() + static_cast<std::ptrdiff_t>(2 * count) * i);
            knows_lens = true;
        }
        for (int parity = 0; parity < 2; ++parity) {
            if (!bright) {
                const float* from = rows[1].plane[parity];
                float* to = out.plane[parity];
                ROWS_DO_NOT_OVERLAP
                for (int i = first; i < last; ++i) to[i] = from[i];
            } else if (parity == colour_parity) {
                rebuild_colour(rows, colour, parity, first, last, out.plane[parity]);
            } else {
                rebuild_green(rows, colour, parity, first, last, out.plane[parity]);
            }
        }
    }
}

void Highlights::rebuild_green(const Row* rows, int across, int parity, int first, int last, float* out) const {
    const int down = 2 - across;  // red and blue: one lies beside a green pixel, the other above and below it
    const float own_share = to_share_[1], across_share = to_share_[across], down_share = to_share_[down];
    const float* own = rows[1].plane[parity];
    const float* left = rows[1].plane[1 - parity] - (parity == 0 ? 1 : 0);
    const float* above = rows[0].plane[parity];
    const float* below = rows[2].plane[parity];
    const float* gain = gains_.data() + 2 * count + parity;
    const float* across_gain = gains_.data() + 2 * count * across + parity;
    const float* down_gain = gains_.data() + 2 * count * down + parity;
    const Shares at{limits_.nearly, 1.0f / (limits_.blown - limits_.nearly), limits_.whitening,
                    1.0f / (limits_.blown - limits_.whitening)};
    ROWS_DO_NOT_OVERLAP
    for (int i = first; i < last; ++i) {
        const Light beside = measured(0.5f * (left[i] + left[i + 1]), across_gain[2 * i], across_share);
        const Light upright = measured(0.5f * (above[i] + below[i]), down_gain[2 * i], down_share);
        const float added = rebuilt(measured(own[i], gain[2 * i], own_share), beside, upright, at);
        out[i] = own[i] + added / gain[2 * i];
    }
}

void Highlights::rebuild_colour(const Row* rows, int colour, int parity, int first, int last, float* out) const {
    const int opposite = 2 - colour;
    const float own_share = to_share_[colour], green_share = to_share_[1], other_share = to_share_[opposite];
    const int shift = parity == 0 ? 1 : 0;
    const float* own = rows[1].plane[parity];
    const float* left = rows[1].plane[1 - parity] - shift;
    const float* above = rows[0].plane[parity];
    const float* below = rows[2].plane[parity];
    const float* above_left = rows[0].plane[1 - parity] - shift;
    const float* below_left = rows[2].plane[1 - parity] - shift;
    const float* gain = gains_.data() + 2 * count * colour + parity;
    const float* green_gain = gains_.data() + 2 * count + parity;
    const float* other_gain = gains_.data() + 2 * count * opposite + parity;
    const Shares at{limits_.nearly, 1.0f / (limits_.blown - limits_.nearly), limits_.whitening,
                    1.0f / (limits_.blown - limits_.whitening)};
    ROWS_DO_NOT_OVERLAP
    for (int i = first; i < last; ++i) {
        const float greens = 0.25f * ((left[i] + left[i + 1]) + (above[i] + below[i]));
        const float corners = 0.25f * ((above_left[i] + above_left[i + 1]) + (below_left[i] + below_left[i + 1]));
        const float added = rebuilt(measured(own[i], gain[2 * i], own_share),
                                    measured(greens, green_gain[2 * i], green_share),
                                    measured(corners, other_gain[2 * i], other_share), at);
        out[i] = own[i] + added / gain[2 * i];
    }
}

CommonWhite::CommonWhite(Rows& input, float white) : Rows(Kind::bayer, input.tile), input_(input), white_(white) {}

void CommonWhite::make(int y, const MutableRow& out) {
    const Row in = input_.row(y);
    const float white = white_;
    for (int parity = 0; parity < 2; ++parity) {
        const float* from = in.plane[parity];
        float* to = out.plane[parity];
        ROWS_DO_NOT_OVERLAP
        for (int i = 0; i < count; ++i) to[i] = smaller(from[i], white);
    }
}

}  // namespace nightjar
