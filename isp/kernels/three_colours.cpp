#include "three_colours.hpp"

#include "highlights_pixel.hpp"

namespace nightjar {

namespace {

// Columns looked over at once: where no colour among them is near clipping, they are copied.
constexpr int chunk = 64;

bool any_bright(const Row& row, const PerColour& level, int first, int last) {
    int bright = 0;
    ROWS_DO_NOT_OVERLAP
    for (int x = first; x < last; ++x) {
        bright |= (row.plane[0][x] > level[0]) | (row.plane[1][x] > level[1]) | (row.plane[2][x] > level[2]);
    }
    return bright != 0;
}

}  // namespace

ColourLevels::ColourLevels(Rows& input, PerColour black, PerColour scale)
    : Rows(Kind::rgb, input.tile), input_(input), black_(black), scale_(scale) {}

void ColourLevels::make(int y, const MutableRow& out) {
    const Row in = input_.row(y);
    for (int colour = 0; colour < 3; ++colour) {
        const float black = black_[colour], scale = scale_[colour];
        const float* from = in.plane[colour];
        float* to = out.plane[colour];
        ROWS_DO_NOT_OVERLAP
        for (int x = 0; x < count; ++x) to[x] = (from[x] - black) * scale;
    }
}

ColourBalance::ColourBalance(Rows& input, PerColour gains)
    : Rows(Kind::rgb, input.tile), input_(input), gains_(gains) {}

void ColourBalance::make(int y, const MutableRow& out) {
    const Row in = input_.row(y);
    for (int colour = 0; colour < 3; ++colour) {
        const float gain = gains_[colour];
        const float* from = in.plane[colour];
        float* to = out.plane[colour];
        ROWS_DO_NOT_OVERLAP
        for (int x = 0; x < count; ++x) to[x] = from[x] * gain;
    }
}

ColourHighlights::ColourHighlights(Rows& input, HighlightLimits limits, const ShadingGrid& lens)
    : Rows(Kind::rgb, input.tile), input_(input), limits_(limits), lens_(lens, input.tile),
      gains_(3 * static_cast<std::size_t>(input.count), 1.0f) {}

void ColourHighlights::make(int y, const MutableRow& out) {
    const Row in = input_.row(y);
    const PerColour level{limits_.nearly * limits_.clip[0], limits_.nearly * limits_.clip[1],
                          limits_.nearly * limits_.clip[2]};
    const PerColour to_share{1.0f / limits_.clip[0], 1.0f / limits_.clip[1], 1.0f / limits_.clip[2]};
    const Shares at{limits_.nearly, 1.0f / (limits_.blown - limits_.nearly), limits_.whitening,
                    1.0f / (limits_.blown - limits_.whitening)};
    const float *red = in.plane[0], *green = in.plane[1], *blue = in.plane[2];
    float* gains[3];
    for (int colour = 0; colour < 3; ++colour) gains[colour] = gains_.data() + static_cast<std::ptrdiff_t>(count) * colour;
    bool knows_lens = false;
    for (int first = 0; first < count; first += chunk) {
        const int last = first + chunk < count ? first + chunk : count;
        if (!any_bright(in, level, first, last)) {
            for (int colour = 0; colour < 3; ++colour) {
                const float* from = in.plane[colour];
                float* to = out.plane[colour];
                ROWS_DO_NOT_OVERLAP
                for (int x = first; x < last; ++x) to[x] = from[x];
            }
            continue;
        }
        for (int colour = 0; colour < 3 && !knows_lens; ++colour) lens_.of_row(y, colour, gains[colour]);
        knows_lens = true;
        ROWS_DO_NOT_OVERLAP
        for (int x = first; x < last; ++x) {
            const Light r = measured(red[x], gains[0][x], to_share[0]);
            const Light g = measured(green[x], gains[1][x], to_share[1]);
            const Light b = measured(blue[x], gains[2][x], to_share[2]);
            out.plane[0][x] = red[x] + rebuilt(r, g, b, at) / gains[0][x];
            out.plane[1][x] = green[x] + rebuilt(g, r, b, at) / gains[1][x];
            out.plane[2][x] = blue[x] + rebuilt(b, r, g, at) / gains[2][x];
        }
    }
}

ColourCommonWhite::ColourCommonWhite(Rows& input, float white)
    : Rows(Kind::rgb, input.tile), input_(input), white_(white) {}

void ColourCommonWhite::make(int y, const MutableRow& out) {
    const Row in = input_.row(y);
    const float white = white_;
    for (int colour = 0; colour < 3; ++colour) {
        const float* from = in.plane[colour];
        float* to = out.plane[colour];
        ROWS_DO_NOT_OVERLAP
        for (int x = 0; x < count; ++x) to[x] = smaller(from[x], white);
    }
}

}  // namespace nightjar
