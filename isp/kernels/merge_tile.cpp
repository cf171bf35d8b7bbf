#include "merge_tile.hpp"

#include <algorithm>
#include <cmath>

#include "merge_blocks.hpp"
#include "merge_frequencies.hpp"

namespace nightjar {

namespace {

// A tile of which so much is no edge has room to lose.
constexpr float mostly_flat = 0.5f;

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

// The cheap rung: one weight for the tile, from its energy and from that of its slow differences, the sums of a block's
// pixels of one colour; both in deviations of 64 values, as many as there are sums.
float whole_tile(const MergeLimits& limits, float noise, float noise_factor, float scatter, float found,
                 const MergeTile& tile) {
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
    const float above = (std::max(energy, slow / (2.0f * noise)) - 1.0f) / scatter - limits.place_excess;
    return above > 0.0f ? 1.0f / (1.0f + limits.loss * above) : 1.0f;
}

// Of a tile whose frequencies are all kept alike; `noise_kept` is what interpolation left of the noise.
TileTrust trust_of_whole(float weight, float blocks_kept, float noise_kept) {
    TileTrust trust{};
    trust.weight = weight;
    std::fill_n(trust.kept, bands * bands, weight * blocks_kept);
    trust.squares = weight * weight * blocks_kept * blocks_kept * noise_kept;
    return trust;
}

TileTrust trust_of(const MergeFacts& facts, const Blocks& left_of, Step down, Step across, const MergeTile& tile) {
    TileTrust trust{};
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
            trust.kept[(i / wide) * bands + band] += left_of.kept * sums[i] * (1.0f / (wide * wide));
            sum += sums[i];
            squares += square_sums[i];
        }
    }
    const float mean = left_of.fit * sum / (frequencies * frequencies);
    const MergeLimits& limits = facts.limits;
    trust.weight = std::clamp((mean - limits.gross) / (limits.calm - limits.gross), 0.0f, 1.0f);
    for (float& kept : trust.kept) kept *= trust.weight;
    const float share = left_of.kept * trust.weight;
    trust.squares = share * share * squares / (frequencies * frequencies);
    return trust;
}

// What interpolation leaves of the noise's variance.
float noise_after(const MergeFacts& facts, Step down, Step across) {
    return facts.noise_mean[down.part] * facts.noise_mean[across.part];
}

// At the frame's border a tile holds pixels twice, mirrored: fewer values say the same, and their energy scatters more.
float scatter_at_border(int first, int length) {
    const int inside = std::min(first + tile_px, length) - std::max(first, 0);
    return std::sqrt(static_cast<float>(tile_px) / static_cast<float>(inside));
}

}  // namespace

Step Step::of(float raw_px) {
    const int parts = static_cast<int>(std::lround(raw_px * (sub_steps / 2)));
    // Rounds down, for shifts to the left too.
    return {parts >> 4, parts & 15};
}

TileTrust compare(const MergeFacts& facts, const Counts16& reference, const Counts16& frame, int top, int left, Step down,
              Step across, MergeTile& tile) {
    const MergeLimits& limits = facts.limits;
    copy_patch(facts.bad, reference, {top, left, tile_px, tile.reference, tile_px});
    const auto look = [&](Step y, Step x) {
        down = y;
        across = x;
        interpolate(facts, frame, top, left, down, across, tile);
        subtract(facts, tile);
        return weigh_blocks(facts, reference, top, left, noise_after(facts, down, across), tile);
    };
    // The filters between pixels ring beside a blown lamp, whose light is cut off ...
    const bool blown = any_blown(facts.white, tile);
    Blocks left_of = blown ? look(down.nearest(), across.nearest()) : look(down, across);
    // ... and beside any strong edge; where all around it is flat whole steps may fit better.
    if (left_of.fit < limits.calm && left_of.flat >= mostly_flat && (down.part != 0 || across.part != 0)) {
        const Step y = down, x = across;
        left_of = look(y.nearest(), x.nearest());
        if (left_of.fit < limits.calm) left_of = look(y, x);
    }
    if (left_of.fit <= limits.gross) return {};
    const float noise_kept = noise_after(facts, down, across);
    const float scatter = scatter_at_border(top, reference.height) * scatter_at_border(left, reference.width);
    if (facts.rung == Rung::places) {
        const float weight = whole_tile(limits, left_of.noise, 1.0f + noise_kept, scatter, left_of.found, tile);
        if (weight < 1.0f) {
            for (float& difference : tile.difference) difference *= weight;
        }
        return trust_of_whole(weight, left_of.kept, noise_kept);
    }
    transform(tile);
    const bool still = judge_frequencies(facts, scatter * left_of.noise, down, across, tile);
    if (still && left_of.fit >= limits.calm) return trust_of_whole(1.0f, left_of.kept, noise_kept);
    const TileTrust trust = trust_of(facts, left_of, down, across, tile);
    if (trust.weight > 0.0f) {
        keep_noise(tile, trust.weight);
        transform_back(tile);
    }
    return trust;
}

}  // namespace nightjar
