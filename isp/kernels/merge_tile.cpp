#include "merge_tile.hpp"

#include <algorithm>
#include <cmath>

#include "merge_frequencies.hpp"

namespace nightjar {

namespace {

// The frame's tile at the shift, into tile.difference.
void interpolate(const MergeFacts& facts, const Counts16& frame, int top, int left, Step down, Step across,
                 MergeTile& tile) {
    constexpr int stride = patch_stride;
    const int y0 = top + 2 * down.whole, x0 = left + 2 * across.whole;
    if (down.part == 0 && across.part == 0) {
        copy_patch(facts.bad, frame, {y0, x0, tile_px, tile.difference, tile_px});
        return;
    }
    copy_patch(facts.bad, frame, {y0 - 4, x0 - 4, patch_px, tile.patch, stride});
    const auto& v = facts.between[down.part];
    const auto& h = facts.between[across.part];
    for (int y = 0; y < tile_px; ++y) {
        const float* in = tile.patch + y * stride;
        float* out = tile.rows + y * stride;
        ROWS_DO_NOT_OVERLAP
        for (int x = 0; x < stride; ++x) {
            out[x] = v[0] * in[x] + v[1] * in[x + 2 * stride] + v[2] * in[x + 4 * stride] + v[3] * in[x + 6 * stride] +
                     v[4] * in[x + 8 * stride] + v[5] * in[x + 10 * stride];
        }
    }
    for (int y = 0; y < tile_px; ++y) {
        const float* in = tile.rows + y * stride;
        float* out = tile.difference + y * tile_px;
        ROWS_DO_NOT_OVERLAP
        for (int x = 0; x < tile_px; ++x) {
            out[x] = h[0] * in[x] + h[1] * in[x + 2] + h[2] * in[x + 4] + h[3] * in[x + 6] + h[4] * in[x + 8] +
                     h[5] * in[x + 10];
        }
    }
}

bool any_blown(float white, const MergeTile& tile) {
    int blown = 0;
    ROWS_DO_NOT_OVERLAP
    for (int i = 0; i < tile_px * tile_px; ++i) blown |= tile.reference[i] >= white;
    return blown != 0;
}

// Difference to the reference, without blown pixels, and what of it is expected and found by blocks.
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

// Blocks whose mismatch no noise explains lose weight. Returns what is left of the noise: sum of variances of the
// reference that still counts; `kept` receives the mean weight, `found` what is left of the squared difference.
float weigh_blocks(const MergeLimits& limits, float noise_factor, MergeTile& tile, float& kept, float& found) {
    float noise = 0.0f, sum = 0.0f;
    for (int row = 0; row < blocks; ++row) {
        for (int block = 0; block < blocks; ++block) {
            const float excess = tile.found[row][block] / (noise_factor * tile.expected[row][block]) - 1.0f - limits.block_excess;
            const float weight = excess > 0.0f ? 1.0f / (1.0f + limits.block_loss * excess) : 1.0f;
            noise += weight * weight * tile.expected[row][block];
            found += weight * weight * tile.found[row][block];
            sum += weight;
            if (weight == 1.0f) continue;
            for (int y = row * block_px; y < (row + 1) * block_px; ++y) {
                float* difference = tile.difference + y * tile_px + block * block_px;
                for (int x = 0; x < block_px; ++x) difference[x] *= weight;
            }
        }
    }
    kept = sum / (blocks * blocks);
    return noise;
}

// The cheap rung: one weight for the tile, from its energy and from that of its slow differences, the sums of a block's
// pixels of one colour; both in deviations of 64 values, as many as there are sums.
float whole_tile(const MergeLimits& limits, float noise, float noise_factor, float found, const MergeTile& tile) {
    float slow = 0.0f;
    for (int row = 0; row < blocks; ++row) {
        float sums[2][tile_px] = {};
        for (int y = row * block_px; y < (row + 1) * block_px; ++y) {
            const float* difference = tile.difference + y * tile_px;
            float* to = sums[y & 1];
            ROWS_DO_NOT_OVERLAP
            for (int x = 0; x < tile_px; ++x) to[x] += difference[x];
        }
        for (int x = 0; x < tile_px; x += block_px) {
            for (const auto& line : sums) {
                const float even = line[x] + line[x + 2] + line[x + 4] + line[x + 6];
                const float odd = line[x + 1] + line[x + 3] + line[x + 5] + line[x + 7];
                slow += even * even + odd * odd;
            }
        }
    }
    // Scattered by 1 / sqrt(512) the energy says as much four times over as the slow one's 64 values.
    const float energy = 1.0f + 4.0f * (found / (noise_factor * noise) - 1.0f);
    const float above = std::max(energy, slow / (2.0f * noise)) - 1.0f - limits.place_excess;
    return above > 0.0f ? 1.0f / (1.0f + limits.loss * above) : 1.0f;
}

// Of a tile whose frequencies are all kept alike; `noise_kept` is what interpolation left of the noise.
Trust trust_of_whole(float weight, float blocks_kept, float noise_kept) {
    Trust trust{};
    trust.weight = weight;
    std::fill_n(trust.kept, bands * bands, weight * blocks_kept);
    trust.squares = weight * weight * blocks_kept * blocks_kept * noise_kept;
    return trust;
}

Trust trust_of(const MergeFacts& facts, float blocks_kept, Step down, Step across, const MergeTile& tile) {
    Trust trust{};
    constexpr int wide = frequencies / bands;
    float sum = 0.0f, squares = 0.0f;
    for (int band = 0; band < bands; ++band) {
        float sums[frequencies] = {}, square_sums[frequencies] = {};
        for (int k = band * wide; k < (band + 1) * wide; ++k) {
            const float* keep = tile.keep + k * frequencies;
            const float left = facts.noise_left[across.part][k];
            ROWS_DO_NOT_OVERLAP
            for (int i = 0; i < frequencies; ++i) {
                sums[i] += keep[i];
                square_sums[i] += left * facts.noise_left[down.part][i] * keep[i] * keep[i];
            }
        }
        for (int i = 0; i < frequencies; ++i) {
            trust.kept[(i / wide) * bands + band] += blocks_kept * sums[i] * (1.0f / (wide * wide));
            sum += sums[i];
            squares += square_sums[i];
        }
    }
    const float mean = blocks_kept * sum / (frequencies * frequencies);
    const MergeLimits& limits = facts.limits;
    trust.weight = std::clamp((mean - limits.gross) / (limits.calm - limits.gross), 0.0f, 1.0f);
    for (float& kept : trust.kept) kept *= trust.weight;
    const float share = blocks_kept * trust.weight;
    trust.squares = share * share * squares / (frequencies * frequencies);
    return trust;
}

}  // namespace

Step Step::of(float raw_px) {
    const int parts = static_cast<int>(std::lround(raw_px * (sub_steps / 2)));
    // Rounds down, for shifts to the left too.
    return {parts >> 4, parts & 15};
}

Trust compare(const MergeFacts& facts, const Counts16& reference, const Counts16& frame, int top, int left, Step down,
              Step across, MergeTile& tile) {
    copy_patch(facts.bad, reference, {top, left, tile_px, tile.reference, tile_px});
    // The filters between pixels ring beside a blown lamp, whose light is cut off.
    if (any_blown(facts.white, tile)) {
        down = down.nearest();
        across = across.nearest();
    }
    interpolate(facts, frame, top, left, down, across, tile);
    subtract(facts, tile);
    const float noise_kept = facts.noise_mean[down.part] * facts.noise_mean[across.part];
    const float noise_factor = 1.0f + noise_kept;
    float blocks_kept = 0.0f, found = 0.0f;
    const float noise = weigh_blocks(facts.limits, noise_factor, tile, blocks_kept, found);
    if (blocks_kept <= facts.limits.gross) return {};
    if (facts.rung == Rung::places) {
        const float weight = whole_tile(facts.limits, noise, noise_factor, found, tile);
        if (weight < 1.0f) {
            for (float& difference : tile.difference) difference *= weight;
        }
        return trust_of_whole(weight, blocks_kept, noise_kept);
    }
    transform(tile);
    const bool still = judge_frequencies(facts, noise, down, across, tile);
    if (still && blocks_kept >= facts.limits.calm) return trust_of_whole(1.0f, blocks_kept, noise_kept);
    const Trust trust = trust_of(facts, blocks_kept, down, across, tile);
    if (trust.weight > 0.0f) {
        keep_noise(tile, trust.weight);
        transform_back(tile);
    }
    return trust;
}

}  // namespace nightjar
