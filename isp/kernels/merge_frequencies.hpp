// The frequencies of a tile's difference, and which of them are noise.
#pragma once

#include "merge_tile.hpp"

namespace nightjar {

// tile.difference to tile.first: row = 16 * (column parity) + frequency across, column likewise of rows.
void transform(MergeTile& tile);

// And back, once `keep_noise` has scaled them.
void transform_back(MergeTile& tile);

// tile.keep[across][down] receives how much of each frequency noise explains; `noise` is the sum of the tile's variances.
// Returns whether that is all of all.
bool judge_frequencies(const MergeFacts& facts, float noise, Step down, Step across, MergeTile& tile);

// Multiplies each frequency by the weight and what is kept of it, and by what the transform and its way back ask for.
void keep_noise(MergeTile& tile, float weight);

}  // namespace nightjar
