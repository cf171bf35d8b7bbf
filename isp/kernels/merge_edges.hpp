// Edges of the reference, where a small error of the shift alone makes a frame differ.
#pragma once

#include "merge_tile.hpp"

namespace nightjar {

// Leaves in `tile.first` how much each pixel counts in a block that does not fit, 0 to 1: all of it where the reference
// is flat but for noise, the less the stronger the edge. Returns their mean.
float weigh_edges(const MergeFacts& facts, const Counts16& reference, int top, int left, MergeTile& tile);

// A block once more without its edges, weighed so. Returns the mean weight of its pixels.
float leave_edges_out(const MergeFacts& facts, int row, int block, MergeTile& tile);

}  // namespace nightjar
