// One tile of one frame against the reference.
#pragma once

#include "merge_patch.hpp"

namespace nightjar {

struct alignas(64) MergeTile {
    float patch[patch_px * patch_stride];   // the frame, with what interpolation needs around the tile
    float rows[tile_px * patch_stride];     // interpolated down, not yet across
    float reference[tile_px * tile_px];
    float difference[tile_px * tile_px];
    float first[tile_px * tile_px], second[tile_px * tile_px];   // on the way through the transform
    float expected[blocks][blocks];         // noise of a block's reference: sum of variances
    float found[blocks][blocks];            // sum of squared differences
    float keep[frequencies * frequencies];  // how much of each frequency is noise
};

// A place of a shift: whole pixels of the same colour, and sixteenths beyond.
struct Step {
    int whole, part;

    static Step of(float raw_px);
    Step nearest() const { return {part < sub_steps / 2 ? whole : whole + 1, 0}; }
};

struct TileTrust {
    float weight;                   // how much the tile counts, 0 to 1
    float kept[bands * bands];      // what is taken of the difference, by frequency
    float squares;                  // mean square of that, times the noise that interpolation left
};

// Leaves in `tile.difference` what of reference - frame is noise, to be averaged away; weight 0 leaves nothing.
TileTrust compare(const MergeFacts& facts, const Counts16& reference, const Counts16& frame, int top, int left, Step down,
              Step across, MergeTile& tile);

}  // namespace nightjar
