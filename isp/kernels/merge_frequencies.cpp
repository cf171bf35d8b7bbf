#include "merge_frequencies.hpp"

#include <algorithm>

namespace nightjar {

namespace {

constexpr int plane_px = tile_px / 2;

void transpose(const float* from, float* to) {
    for (int y = 0; y < tile_px; y += 4) {
        for (int x = 0; x < tile_px; x += 4) {
#pragma GCC unroll 4
            for (int j = 0; j < 4; ++j) {
#pragma GCC unroll 4
                for (int i = 0; i < 4; ++i) to[(x + j) * tile_px + y + i] = from[(y + i) * tile_px + x + j];
            }
        }
    }
}

constexpr float scale_of(int frequency) { return frequency == 0 ? 1.0f / 16.0f : 1.0f / 8.0f; }

// Energies of a tile's frequencies, with two more around that repeat them mirrored.
constexpr int around = 2, energy_stride = frequencies + 2 * around;
using Energies = float[energy_stride * energy_stride];

// In units of what noise explains; `noise` is the sum of the tile's variances.
void measure_energies(const MergeFacts& facts, float noise, Step down, Step across, const MergeTile& tile, Energies& all) {
    const float variance = noise / (plane_px * plane_px);   // of the four planes together
    for (int k = 0; k < frequencies; ++k) {
        const float* even = tile.first + k * tile_px;
        const float* odd = even + frequencies * tile_px;
        float* out = all + (k + around) * energy_stride + around;
        ROWS_DO_NOT_OVERLAP
        for (int i = 0; i < frequencies; ++i) {
            const float squares = even[i] * even[i] + even[i + frequencies] * even[i + frequencies] + odd[i] * odd[i] +
                                  odd[i + frequencies] * odd[i + frequencies];
            const float scale = scale_of(k) * (i == 0 ? 1.0f / 16.0f : 1.0f / 8.0f);
            const float left = facts.noise_left[across.part][k] * facts.noise_left[down.part][i];
            out[i] = squares * scale / (variance * (1.0f + left));
        }
        for (int beyond = 1; beyond <= around; ++beyond) {
            out[-beyond] = out[beyond];
            out[frequencies - 1 + beyond] = out[frequencies - 1 - beyond];
        }
    }
    for (int beyond = 1; beyond <= around; ++beyond) {
        float *first = all + around * energy_stride, *last = first + (frequencies - 1) * energy_stride;
        std::copy_n(first + beyond * energy_stride, energy_stride, first - beyond * energy_stride);
        std::copy_n(last - beyond * energy_stride, energy_stride, last + beyond * energy_stride);
    }
}

// At the ends fewer frequencies stand behind a mean, so that noise alone strays further from 1; it counts less there.
constexpr float steady(int frequency) {
    const int inside = frequency < frequencies / 2 ? frequency : frequencies - 1 - frequency;
    return inside == 0 ? 0.82f : inside == 1 ? 0.92f : 1.0f;
}

// tile.keep receives each frequency's excess above 1, a mean over its neighbours with weights 1 4 6 4 1 each way.
// Returns the largest.
float smooth_energies(const Energies& all, MergeTile& tile) {
    float most[frequencies] = {}, factor[frequencies];
    for (int i = 0; i < frequencies; ++i) factor[i] = steady(i) * (1.0f / 256.0f);
    for (int k = 0; k < frequencies; ++k) {
        const float* from = all + k * energy_stride;
        float sums[energy_stride];
        ROWS_DO_NOT_OVERLAP
        for (int i = 0; i < energy_stride; ++i) {
            sums[i] = from[i] + from[i + 4 * energy_stride] + 4.0f * (from[i + energy_stride] + from[i + 3 * energy_stride]) +
                      6.0f * from[i + 2 * energy_stride];
        }
        float* excess = tile.keep + k * frequencies;
        const float calm = steady(k);
        ROWS_DO_NOT_OVERLAP
        for (int i = 0; i < frequencies; ++i) {
            const float sum = sums[i] + sums[i + 4] + 4.0f * (sums[i + 1] + sums[i + 3]) + 6.0f * sums[i + 2];
            excess[i] = (sum - 256.0f) * factor[i] * calm;
            most[i] = most[i] > excess[i] ? most[i] : excess[i];
        }
    }
    return *std::max_element(most, most + frequencies);
}

// Excess of the slowest quarter of the frequencies each way, all together: something faint but large.
float slow_excess(const Energies& all) {
    constexpr int slow = frequencies / 4;
    float sums[slow] = {};
    for (int k = 0; k < slow; ++k) {
        for (int i = 0; i < slow; ++i) sums[i] += all[(k + around) * energy_stride + around + i];
    }
    return (sums[0] + sums[1] + sums[2] + sums[3]) * (1.0f / (slow * slow)) - 1.0f;
}

}  // namespace

void transform(MergeTile& tile) {
    for (int parity = 0; parity < 2; ++parity) {
        transform_columns<tile_px, to_frequencies<frequencies>>(tile.difference + parity * tile_px, 2 * tile_px,
                                                                 tile.first + parity * frequencies * tile_px, tile_px);
    }
    transpose(tile.first, tile.second);
    for (int parity = 0; parity < 2; ++parity) {
        transform_columns<tile_px, to_frequencies<frequencies>>(tile.second + parity * tile_px, 2 * tile_px,
                                                                 tile.first + parity * frequencies * tile_px, tile_px);
    }
}

void transform_back(MergeTile& tile) {
    for (int parity = 0; parity < 2; ++parity) {
        transform_columns<tile_px, from_frequencies<frequencies>>(tile.first + parity * frequencies * tile_px, tile_px,
                                                                   tile.second + parity * tile_px, 2 * tile_px);
    }
    transpose(tile.second, tile.first);
    for (int parity = 0; parity < 2; ++parity) {
        transform_columns<tile_px, from_frequencies<frequencies>>(tile.first + parity * frequencies * tile_px, tile_px,
                                                                   tile.difference + parity * tile_px, 2 * tile_px);
    }
}

bool judge_frequencies(const MergeFacts& facts, float noise, Step down, Step across, MergeTile& tile) {
    Energies energies;
    measure_energies(facts, noise, down, across, tile, energies);
    const MergeLimits& limits = facts.limits;
    const float most = std::max(smooth_energies(energies, tile), limits.slow * slow_excess(energies));
    const float doubt = std::clamp((most - limits.still) / (limits.moved - limits.still), 0.0f, 1.0f);
    const float allowed = limits.still + doubt * (limits.excess - limits.still);
    const float loss = limits.loss * doubt;
    ROWS_DO_NOT_OVERLAP
    for (int i = 0; i < frequencies * frequencies; ++i) {
        const float above = tile.keep[i] - allowed;
        tile.keep[i] = 1.0f / (1.0f + loss * (above > 0.0f ? above : 0.0f));
    }
    return doubt == 0.0f;
}

void keep_noise(MergeTile& tile, float weight) {
    for (int k = 0; k < tile_px; ++k) {
        float* row = tile.first + k * tile_px;
        const float* keep = tile.keep + (k % frequencies) * frequencies;
        const float scale = weight * scale_of(k % frequencies);
        ROWS_DO_NOT_OVERLAP
        for (int i = 0; i < frequencies; ++i) {
            const float factor = keep[i] * scale * (i == 0 ? 1.0f / 16.0f : 1.0f / 8.0f);
            row[i] *= factor;
            row[i + frequencies] *= factor;
        }
    }
}

}  // namespace nightjar
