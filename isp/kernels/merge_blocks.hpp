// Blocks of a tile: where a frame differs from the reference by more than noise explains.
#pragma once

#include "merge_tile.hpp"

namespace nightjar {

// What is left of a tile when blocks that do not fit have lost weight.
struct Blocks {
    float noise = 0.0f;   // sum of variances of the reference that still counts
    float found = 0.0f;   // the same of the squared difference
    float fit = 0.0f;     // mean weight of the blocks
    float kept = 0.0f;    // mean weight of the pixels
    float flat = 1.0f;    // how much of the tile is flat but for noise; 1 if nobody asked
};

// Difference to the reference, without blown pixels, and what of it is expected and found by blocks.
void subtract(const MergeFacts& facts, MergeTile& tile);

// Blocks whose mismatch no noise explains lose their edges first, then weight. `noise_kept` is what interpolation left of
// the noise's variance.
Blocks weigh_blocks(const MergeFacts& facts, const Counts16& reference, int top, int left, float noise_kept,
                    MergeTile& tile);

}  // namespace nightjar
