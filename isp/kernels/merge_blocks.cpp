#include "merge_blocks.hpp"

#include <algorithm>

#include "merge_edges.hpp"

namespace nightjar {

namespace {

float weight_of_block(const MergeLimits& limits, float noise_factor, float expected, float found) {
    const float excess = found / (noise_factor * expected) - 1.0f - limits.block_excess;
    return excess > 0.0f ? 1.0f / (1.0f + limits.block_loss * excess) : 1.0f;
}

bool all_fit(const MergeLimits& limits, float noise_factor, const MergeTile& tile) {
    bool fit = true;
    for (int row = 0; row < blocks; ++row) {
        for (int block = 0; block < blocks; ++block) {
            fit &= weight_of_block(limits, noise_factor, tile.expected[row][block], tile.found[row][block]) == 1.0f;
        }
    }
    return fit;
}

}  // namespace

void subtract(const MergeFacts& facts, MergeTile& tile) {
    const float a = facts.noise_shot, b = facts.noise_read, white = facts.white;
    for (int row = 0; row < blocks; ++row) {
        float expected[tile_px] = {}, found[tile_px] = {};
        for (int y = row * block_px; y < (row + 1) * block_px; ++y) {
            const float* reference = tile.reference + y * tile_px;
            float* difference = tile.difference + y * tile_px;
            float black[tile_px];
            for (int x = 0; x < tile_px; x += 2) {
                black[x] = facts.black[2 * (y & 1)];
                black[x + 1] = facts.black[2 * (y & 1) + 1];
            }
            ROWS_DO_NOT_OVERLAP
            for (int x = 0; x < tile_px; ++x) {
                const float r = reference[x], level = r - black[x];
                const float noise = a * (level > 0.0f ? level : 0.0f) + b;
                // A blown pixel has no noise: expecting some would excuse a mismatch beside it.
                const float variance = r >= white ? 0.0f : noise;
                const float kept = r >= white ? 0.0f : r - difference[x];
                difference[x] = kept;
                expected[x] += variance;
                found[x] += kept * kept;
            }
        }
        for (int block = 0; block < blocks; ++block) {
            float e = 0.0f, f = 0.0f;
            for (int x = block * block_px; x < (block + 1) * block_px; ++x) {
                e += expected[x];
                f += found[x];
            }
            tile.expected[row][block] = std::max(e, b);
            tile.found[row][block] = f;
        }
    }
}

Blocks weigh_blocks(const MergeFacts& facts, const Counts16& reference, int top, int left, float noise_kept,
                    MergeTile& tile) {
    const float noise_factor = 1.0f + noise_kept;
    Blocks all;
    if (!all_fit(facts.limits, noise_factor, tile)) all.flat = weigh_edges(facts, reference, top, left, tile);
    for (int row = 0; row < blocks; ++row) {
        for (int block = 0; block < blocks; ++block) {
            const float &expected = tile.expected[row][block], &found = tile.found[row][block];
            float weight = weight_of_block(facts.limits, noise_factor, expected, found), pixels = 1.0f;
            if (weight < 1.0f) {
                pixels = leave_edges_out(facts, row, block, tile);
                weight = weight_of_block(facts.limits, noise_factor, expected, found);
            }
            all.noise += weight * weight * expected;
            all.found += weight * weight * found;
            all.fit += weight * (1.0f / (blocks * blocks));
            all.kept += weight * pixels * (1.0f / (blocks * blocks));
            if (weight == 1.0f) continue;
            for (int y = row * block_px; y < (row + 1) * block_px; ++y) {
                float* difference = tile.difference + y * tile_px + block * block_px;
                for (int x = 0; x < block_px; ++x) difference[x] *= weight;
            }
        }
    }
    return all;
}

}  // namespace nightjar
