// What the frames say of a tile: samples, their weights, and how the fine picture is pulled towards them.
#include <algorithm>
#include <array>
#include <cmath>

#include "rows.hpp"
#include "zoom_seen.hpp"
#include "zoom_tile.hpp"

namespace nightjar {

namespace {

int colour_at(const ZoomFacts& facts, int y, int x) {
    const bool of_red_row = (y & 1) == facts.red_row, of_red_column = (x & 1) == facts.red_column;
    return of_red_row ? (of_red_column ? 0 : 1) : (of_red_column ? 1 : 2);
}

// Adds `strength` times the weights of a fine pixel's differences to its four neighbours.
void add_strengths(const FinePlane& down, const FinePlane& across, float strength, FinePlane& sums) {
    for (int y = 0; y < zoom_fine; ++y) {
        for (int phase = 0; phase < zoom_phases; ++phase) {
            float* sum = sums.data() + fine_at(y, phase, 0);
            const float* below = down.data() + fine_at(y, phase, 0);
            const float* above = down.data() + fine_at(std::max(y - 1, 0), phase, 0);
            const float* right = across.data() + fine_at(y, phase, 0);
            // The weight between a pixel and the one to its left is kept with that one.
            const int before = (phase + zoom_phases - 1) % zoom_phases, back = phase == 0 ? 1 : 0;
            const float* left = across.data() + fine_at(y, before, 0);
            ROWS_DO_NOT_OVERLAP
            for (int i = back; i < zoom_quads; ++i) {
                sum[i] += strength * (below[i] + above[i] + right[i] + left[i - back]);
            }
            if (back) sum[0] += strength * (below[0] + above[0] + 2 * right[0]);
        }
    }
}

}  // namespace

void ZoomTile::take_frame(const ZoomFacts& facts, const ZoomInput& input, const ZoomFrame& frame) {
    const int rows = (input.height + zoom_pitch - 1) / zoom_pitch, columns = (input.width + zoom_pitch - 1) / zoom_pitch;
    for (int row = 0; row < rows; ++row) {
        for (int column = 0; column < columns; ++column) {
            // Places move alike near each other: a cell of which a corner lies far off has nothing in the tile.
            const float* place = frame.places + 2 * (static_cast<std::size_t>(row) * (columns + 1) + column);
            const float y = static_cast<float>(row * zoom_pitch) + place[0] - static_cast<float>(top_);
            const float x = static_cast<float>(column * zoom_pitch) + place[1] - static_cast<float>(left_);
            const float far = static_cast<float>(zoom_side + zoom_pitch);
            if (!(y > -2.0f * zoom_pitch && y < far && x > -2.0f * zoom_pitch && x < far)) continue;
            for (int inside = 0; inside < zoom_pitch; ++inside) {
                const int at = row * zoom_pitch + inside;
                if (at >= input.height) break;
                take_samples(facts, input, frame, at, column * zoom_pitch, false);
                take_samples(facts, input, frame, at, column * zoom_pitch, true);
            }
        }
    }
}

void ZoomTile::take_samples(const ZoomFacts& facts, const ZoomInput& input, const ZoomFrame& frame, int row, int first,
                            bool odd) {
    const int columns = (input.width + zoom_pitch - 1) / zoom_pitch + 1;
    const float* place = frame.places + 2 * (static_cast<std::size_t>(row / zoom_pitch) * columns + first / zoom_pitch);
    const float share = (static_cast<float>(row % zoom_pitch) + 0.5f) / zoom_pitch;
    float left[2], right[2];
    for (int way = 0; way < 2; ++way) {
        left[way] = place[way] + share * (place[2 * columns + way] - place[way]);
        right[way] = place[2 + way] + share * (place[2 * columns + 2 + way] - place[2 + way]);
    }
    ZoomSamples samples{};
    const float start = (static_cast<float>(odd) + 0.5f) / zoom_pitch;
    // From a sample to the next are two raw pixels, four fine ones; what is more or less is the turn of the hand.
    const float down_step = zoom_finer * (right[0] - left[0]) * 2 / zoom_pitch;
    const float across_step = zoom_finer * (right[1] - left[1]) * 2 / zoom_pitch;
    const float y = zoom_finer * (static_cast<float>(row - top_) + 0.5f + left[0] + start * (right[0] - left[0])) - 0.5f;
    const float x = zoom_finer * (static_cast<float>(first - left_) + static_cast<float>(odd) + 0.5f + left[1] +
                                  start * (right[1] - left[1])) - 0.5f;
    // All are seen from the pixel that is nearest to the middle one.
    const float middle = 0.5f * (zoom_lanes - 1);
    const float row_at = y + middle * down_step + 0.5f, column_at = x + middle * across_step + 0.5f;
    constexpr float last_row = zoom_fine - 2, last_column = zoom_fine - zoom_phases * zoom_lanes - 2;
    if (!(row_at >= 1.0f && row_at < last_row && column_at >= 1.0f && column_at < last_column)) return;
    if (!(std::abs(down_step) < 0.1f && std::abs(across_step) < 0.1f)) return;
    samples.row = static_cast<std::int32_t>(row_at);
    samples.column = static_cast<std::int32_t>(column_at);
    samples.down = y - static_cast<float>(samples.row);
    samples.across = x - static_cast<float>(samples.column);
    samples.down_step = down_step;
    samples.across_step = across_step;
    samples.colour = colour_at(facts, row, first + odd);
    samples.frame = static_cast<std::int32_t>(&frame - input.frames.data());
    const std::uint8_t* steady = frame.steady + static_cast<std::size_t>(row / zoom_pitch) * columns + first / zoom_pitch;
    samples.steady = steady[0] && steady[1] && steady[columns] && steady[columns + 1];
    weigh(samples, facts, input, frame, row, first + odd);
    taken_.push_back(samples);
}

void ZoomTile::weigh(ZoomSamples& samples, const ZoomFacts& facts, const ZoomInput& input, const ZoomFrame& frame, int y,
                     int x) {
    const int colour = samples.colour, corner = 2 * (y & 1) + (x & 1);
    const float black = facts.black[corner], gain = facts.gains[colour], scale = 1.0f / facts.span;
    const std::size_t row = static_cast<std::size_t>(y) * input.width;
    const std::uint8_t* trust = frame.trust + static_cast<std::size_t>(y / 2) * (input.width / 2) + x / 2;
    float told[zoom_lanes], believed[zoom_lanes];
    bool good[zoom_lanes], possible[zoom_lanes], foreign[zoom_lanes];
    for (int i = 0; i < zoom_lanes; ++i) {
        const int at = std::min(x + 2 * i, input.width - 1);
        good[i] = at == x + 2 * i && input.bad[row + at] == 0;
        told[i] = static_cast<float>(frame.pixels[row + at]);
        const int code = good[i] ? trust[i] : 0;
        believed[i] = code > 2 ? static_cast<float>(code - 2) * (1.0f / 253.0f) : 0.0f;
        possible[i] = code > 1;
        foreign[i] = good[i] && code == 0;
    }
    const Seen down(samples.down, samples.down_step), across(samples.across, samples.across_step);
    Eight expected;
    expected_samples(plain_[colour].data(), samples, down, across, expected);
    const std::size_t at = fine_at(samples.row, samples.column % zoom_phases, samples.column / zoom_phases);
    const float* steep = steep_.data() + at;
    float* seen = seen_.data() + at;
    ROWS_DO_NOT_OVERLAP
    for (int i = 0; i < zoom_lanes; ++i) {
        const float value = (told[i] - black) * scale * gain;
        const float light = std::max(expected[i] / gain, 0.0f);
        const float variance = (facts.noise_shot * light + facts.noise_read) * gain * gain + facts.doubt * steep[i];
        // What is clipped says only that there was at least so much.
        const bool says = told[i] < facts.clipped;
        samples.value[i] = value;
        samples.certain[i] = says && good[i] ? 1.0f / variance : 0.0f;
        samples.believed[i] = says ? believed[i] : 0.0f;
        samples.possible[i] = says && possible[i] && samples.steady ? 1.0f : 0.0f;
        samples.foreign[i] = foreign[i] && samples.steady ? 1.0f : 0.0f;
        seen[i] += believed[i];
    }
}

void ZoomTile::precondition(const ZoomFacts& facts) {
    for (auto& plane : inverse_) std::fill(plane.begin(), plane.end(), 0.0f);
    for (const ZoomSamples& samples : samples_) {
        const Seen down(samples.down, samples.down_step), across(samples.across, samples.across_step);
        Eight certain, believed;
        load(certain, samples.certain);
        load(believed, samples.believed);
        const Eight weight = certain * believed;
        give_back(inverse_[samples.colour].data(), samples, down, across, weight);
    }
    constexpr float greys[3] = {0.25f, 0.5f, 0.25f}, differences[3] = {2.0f, 4.0f, 2.0f};
    for (int colour = 0; colour < 3; ++colour) {
        add_strengths(down_, across_, 2.0f * greys[colour] * facts.prior.grey, inverse_[colour]);
        add_strengths(colours_down_, colours_across_, 2.0f * differences[colour] * facts.prior.colours, inverse_[colour]);
        float* all = inverse_[colour].data();
        ROWS_DO_NOT_OVERLAP
        for (std::size_t i = 0; i < inverse_[colour].size(); ++i) all[i] = 1.0f / all[i];
    }
}

void ZoomTile::pull_to_samples() {
    for (auto& plane : pull_) std::fill(plane.begin(), plane.end(), 0.0f);
    for (const ZoomSamples& samples : samples_) {
        const Seen down(samples.down, samples.down_step), across(samples.across, samples.across_step);
        Eight expected, value, certain, believed;
        expected_samples(result_[samples.colour].data(), samples, down, across, expected);
        load(value, samples.value);
        load(certain, samples.certain);
        load(believed, samples.believed);
        const Eight missed = certain * believed * (value - expected);
        give_back(pull_[samples.colour].data(), samples, down, across, missed);
    }
}

// What all samples together, and the reference's alone, are missed by, in variances: where that is more than noise and
// errors of their places explain, frames showed different things.
void ZoomTile::doubt_what_is_not_explained(const std::array<float, 4>& limits) {
    constexpr int half = zoom_side / 2, reach = 1;
    std::array<std::vector<float>, 4> sums;
    for (auto& sum : sums) sum.assign(explained_.size(), 0.0f);
    for (const ZoomSamples& samples : samples_) {
        const Seen down(samples.down, samples.down_step), across(samples.across, samples.across_step);
        Eight expected;
        expected_samples(result_[samples.colour].data(), samples, down, across, expected);
        const std::size_t at = static_cast<std::size_t>(samples.row / zoom_phases) * half + samples.column / zoom_phases;
        const int first = samples.frame == 0 ? 2 : 0;
        for (int i = 0; i < zoom_lanes; ++i) {
            const float missed = samples.value[i] - expected[i];
            sums[first][at + i] += samples.certain[i] * samples.believed[i] * missed * missed;
            sums[first + 1][at + i] += samples.believed[i];
        }
    }
    for (int y = 0; y < half; ++y) {
        for (int x = 0; x < half; ++x) {
            float share = 1.0f;
            for (int kind = 0; kind < 2; ++kind) {
                const float some = limits[2 * kind], none = limits[2 * kind + 1];
                float missed = 0.0f, of = 0.0f;
                for (int down = -reach; down <= reach; ++down) {
                    const std::size_t row = static_cast<std::size_t>(std::clamp(y + down, 0, half - 1)) * half;
                    for (int way = -reach; way <= reach; ++way) {
                        const std::size_t at = row + std::clamp(x + way, 0, half - 1);
                        missed += sums[2 * kind][at];
                        of += sums[2 * kind + 1][at];
                    }
                }
                const float excess = missed / std::max(of, 1.0f);
                share *= std::clamp((none - excess) / (none - some), 0.0f, 1.0f);
            }
            explained_[static_cast<std::size_t>(y) * half + x] = share;
        }
    }
}

}  // namespace nightjar
