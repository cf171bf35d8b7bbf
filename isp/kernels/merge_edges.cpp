#include "merge_edges.hpp"

#include <algorithm>

namespace nightjar {

namespace {

constexpr int reach = 2;   // raw pixels to the next one of the same colour

// Of each pixel: the largest and smallest of it and its neighbours above and below, and of their neighbours beside.
void range_of_row(const float* in, float* range) {
    constexpr int stride = patch_stride, columns = tile_px + 2 * reach;
    float high[patch_stride], low[patch_stride];
    ROWS_DO_NOT_OVERLAP
    for (int x = 0; x < columns; ++x) {
        const float a = in[x], b = in[x + reach * stride], c = in[x + 2 * reach * stride];
        const float larger = a > b ? a : b, smaller = a > b ? b : a;
        high[x] = larger > c ? larger : c;
        low[x] = smaller < c ? smaller : c;
    }
    ROWS_DO_NOT_OVERLAP
    for (int x = 0; x < tile_px; ++x) {
        const float larger = high[x] > high[x + reach] ? high[x] : high[x + reach];
        const float smaller = low[x] < low[x + reach] ? low[x] : low[x + reach];
        const float highest = larger > high[x + 2 * reach] ? larger : high[x + 2 * reach];
        const float lowest = smaller < low[x + 2 * reach] ? smaller : low[x + 2 * reach];
        range[x] = highest - lowest;
    }
}

}  // namespace

float weigh_edges(const MergeFacts& facts, const Counts16& reference, int top, int left, MergeTile& tile) {
    copy_patch(facts.bad, reference, {top - reach, left - reach, tile_px + 2 * reach, tile.patch, patch_stride});
    float sums[tile_px] = {};
    const float a = facts.noise_shot, b = facts.noise_read, edge = facts.limits.edge;
    for (int y = 0; y < tile_px; ++y) {
        float range[tile_px], black[tile_px];
        range_of_row(tile.patch + y * patch_stride, range);
        for (int x = 0; x < tile_px; ++x) black[x] = facts.black[2 * (y & 1) + (x & 1)];
        const float* row = tile.reference + y * tile_px;
        float* weights = tile.first + y * tile_px;
        ROWS_DO_NOT_OVERLAP
        for (int x = 0; x < tile_px; ++x) {
            const float level = row[x] - black[x];
            const float noise = a * (level > 0.0f ? level : 0.0f) + b;
            const float above = edge * edge * range[x] * range[x] - noise;
            weights[x] = above > 0.0f ? noise / (noise + above) : 1.0f;
            sums[x] += weights[x];
        }
    }
    float sum = 0.0f;
    for (const float column : sums) sum += column;
    return sum / (tile_px * tile_px);
}

float leave_edges_out(const MergeFacts& facts, int row, int block, MergeTile& tile) {
    const float a = facts.noise_shot, b = facts.noise_read, white = facts.white;
    float expected[block_px] = {}, found[block_px] = {}, sums[block_px] = {};
    for (int y = row * block_px; y < (row + 1) * block_px; ++y) {
        const int start = y * tile_px + block * block_px;
        const float *weights = tile.first + start, *reference = tile.reference + start;
        float* difference = tile.difference + start;
        float black[block_px];
        for (int x = 0; x < block_px; ++x) black[x] = facts.black[2 * (y & 1) + (x & 1)];
        ROWS_DO_NOT_OVERLAP
        for (int x = 0; x < block_px; ++x) {
            const float level = reference[x] - black[x];
            const float noise = a * (level > 0.0f ? level : 0.0f) + b;
            const float variance = reference[x] >= white ? 0.0f : noise;
            const float kept = weights[x] * difference[x];
            difference[x] = kept;
            expected[x] += weights[x] * weights[x] * variance;
            found[x] += kept * kept;
            sums[x] += weights[x];
        }
    }
    float e = 0.0f, f = 0.0f, sum = 0.0f;
    for (int x = 0; x < block_px; ++x) {
        e += expected[x];
        f += found[x];
        sum += sums[x];
    }
    tile.expected[row][block] = std::max(e, b);
    tile.found[row][block] = f;
    return sum / (block_px * block_px);
}

}  // namespace nightjar
