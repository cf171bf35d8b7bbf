// A second chance for what the plain picture did not agree with.
//
// Detail finer than a frame's pixels shows in the plain picture as something coarser that no frame has, so frames that
// are right seem wrong there. All of them are then believed for once: if one picture explains every one of them, the
// reference too, that is what was there. Something that moved is not explained, or has left the drift of the whole
// picture; samples that have are not asked.
#include <algorithm>
#include <cmath>

#include "rows.hpp"
#include "zoom_seen.hpp"

namespace nightjar {

namespace {

constexpr int half = zoom_side / 2;
// Quads each way over which a frame's misses are summed up: fewer tell noise badly, more blur what moved.
constexpr int reach = 3;
// Share of a tile's samples: photographs without such detail have a twentieth that are doubted wrongly.
constexpr float worth_asking = 0.08f;
// So many times the noise that nothing around makes up for it.
constexpr float unknown = 1e9f;

// Sums over the square of quads around each; the work is that of one line each way.
void sum_around(const std::vector<float>& values, std::vector<float>& lines, std::vector<float>& out) {
    for (int y = 0; y < half; ++y) {
        const float* from = values.data() + static_cast<std::size_t>(y) * half;
        for (int x = 0; x < half; ++x) {
            float sum = 0.0f;
            for (int k = std::max(x - reach, 0); k <= std::min(x + reach, half - 1); ++k) sum += from[k];
            lines[static_cast<std::size_t>(y) * half + x] = sum;
        }
    }
    for (int y = 0; y < half; ++y) {
        float* to = out.data() + static_cast<std::size_t>(y) * half;
        std::fill(to, to + half, 0.0f);
        for (int k = std::max(y - reach, 0); k <= std::min(y + reach, half - 1); ++k) {
            const float* from = lines.data() + static_cast<std::size_t>(k) * half;
            ROWS_DO_NOT_OVERLAP
            for (int x = 0; x < half; ++x) to[x] += from[x];
        }
    }
}

// The least of the square of quads around each.
void least_around(const std::vector<float>& values, std::vector<float>& lines, std::vector<float>& out) {
    for (int y = 0; y < half; ++y) {
        const float* from = values.data() + static_cast<std::size_t>(y) * half;
        for (int x = 0; x < half; ++x) {
            float least = from[x];
            for (int k = std::max(x - reach, 0); k <= std::min(x + reach, half - 1); ++k) least = std::min(least, from[k]);
            lines[static_cast<std::size_t>(y) * half + x] = least;
        }
    }
    for (int y = 0; y < half; ++y) {
        float* to = out.data() + static_cast<std::size_t>(y) * half;
        std::fill(to, to + half, 1.0f);
        for (int k = std::max(y - reach, 0); k <= std::min(y + reach, half - 1); ++k) {
            const float* from = lines.data() + static_cast<std::size_t>(k) * half;
            ROWS_DO_NOT_OVERLAP
            for (int x = 0; x < half; ++x) to[x] = from[x] < to[x] ? from[x] : to[x];
        }
    }
}

std::size_t quad_of(const ZoomSamples& samples) {
    return static_cast<std::size_t>(samples.row / zoom_phases) * half + samples.column / zoom_phases;
}

}  // namespace

void ZoomTile::give_second_chance(const ZoomFacts& facts, const ZoomInput& input) {
    if (!lacks_samples()) return;
    for (int colour = 0; colour < 3; ++colour) std::swap(first_[colour], result_[colour]);
    std::vector<float> behind_first(behind_);
    begin(facts, input);
    expect(facts);
    believe_all();
    count_frames();
    search(facts, facts.patient_rounds);
    explain_each_frame(facts, input.frames.size());
    for (std::size_t i = 0; i < behind_.size(); ++i) {
        // Where no more frames were asked than before there is nothing to be had.
        explained_[i] *= std::clamp(behind_[i] - behind_first[i], 0.0f, 1.0f);
        behind_[i] = behind_first[i] + explained_[i] * (behind_[i] - behind_first[i]);
    }
    keep_explained(facts);
}

// Whether enough samples may be believed that are not: a second search takes twice the time of the first.
bool ZoomTile::lacks_samples() const {
    float lacking = 0.0f, all = 0.0f;
    for (const ZoomSamples& samples : samples_) {
        for (int i = 0; i < zoom_lanes; ++i) {
            lacking += samples.possible[i] * (1.0f - samples.believed[i]);
            all += 1.0f;
        }
    }
    return lacking > worth_asking * all;
}

void ZoomTile::believe_all() {
    std::fill(seen_.begin(), seen_.end(), 0.0f);
    for (ZoomSamples& samples : samples_) {
        float* seen = seen_.data() + fine_at(samples.row, samples.column % zoom_phases, samples.column / zoom_phases);
        for (int i = 0; i < zoom_lanes; ++i) {
            samples.believed[i] = samples.certain[i] > 0.0f ? samples.possible[i] : 0.0f;
            seen[i] += samples.believed[i];
        }
    }
}

// Squared slopes of the result per raw pixel, mean of each quad and of its colours.
std::vector<float> ZoomTile::slopes_of_result() const {
    std::vector<float> slopes(behind_.size(), 0.0f);
    constexpr float shares[3] = {0.25f, 0.5f, 0.25f};
    // Twelve differences each way lie inside a quad of four by four; two fine pixels are a raw one.
    constexpr float scale = zoom_finer * zoom_finer / 12.0f;
    for (int colour = 0; colour < 3; ++colour) {
        const float* plane = result_[colour].data();
        const float share = shares[colour] * scale;
        for (int y = 0; y < zoom_fine; ++y) {
            float* to = slopes.data() + static_cast<std::size_t>(y / zoom_phases) * half;
            for (int phase = 0; phase < zoom_phases; ++phase) {
                const float* here = plane + fine_at(y, phase, 0);
                const float* right = phase + 1 < zoom_phases ? plane + fine_at(y, phase + 1, 0) : here;
                const float* below = y % zoom_phases + 1 < zoom_phases ? plane + fine_at(y + 1, phase, 0) : here;
                ROWS_DO_NOT_OVERLAP
                for (int i = 0; i < zoom_quads; ++i) {
                    const float across = right[i] - here[i], down = below[i] - here[i];
                    to[i] += share * (across * across + down * down);
                }
            }
        }
    }
    return slopes;
}

// What each frame by itself is missed by, in variances, of noise and of what small errors of its places make.
void ZoomTile::explain_each_frame(const ZoomFacts& facts, std::size_t frames) {
    const std::vector<float> slopes = slopes_of_result();
    const std::size_t size = explained_.size();
    std::vector<std::vector<float>> missed(frames, std::vector<float>(size)), allowed(missed);
    const float some = facts.contradicted[0], none = facts.contradicted[1], doubt = facts.contradicted[2];
    for (const ZoomSamples& samples : samples_) {
        const Seen down(samples.down, samples.down_step), across(samples.across, samples.across_step);
        Eight expected;
        expected_samples(result_[samples.colour].data(), samples, down, across, expected);
        const std::size_t quad = quad_of(samples);
        float *misses = missed[samples.frame].data() + quad, *expects = allowed[samples.frame].data() + quad;
        for (int i = 0; i < zoom_lanes; ++i) {
            const float certain = samples.certain[i], off = samples.value[i] - expected[i];
            // What is something else for certain in one frame leaves doubt about all of them.
            misses[i] += samples.foreign[i] > 0.0f ? unknown : samples.believed[i] * certain * off * off;
            expects[i] += samples.believed[i] * (1.0f + doubt * doubt * slopes[quad + i] * certain);
        }
    }
    std::vector<float> lines(size), missed_around(size), allowed_around(size);
    std::fill(explained_.begin(), explained_.end(), 1.0f);
    for (std::size_t frame = 0; frame < frames; ++frame) {
        sum_around(missed[frame], lines, missed_around);
        sum_around(allowed[frame], lines, allowed_around);
        for (std::size_t i = 0; i < size; ++i) {
            const float excess = missed_around[i] / std::max(allowed_around[i], 1.0f);
            explained_[i] = std::min(explained_[i], std::clamp((none - excess) / (none - some), 0.0f, 1.0f));
        }
    }
    least_around(explained_, lines, explained_);
}

// Where every frame is explained the second result stays, elsewhere the first; blown light is nobody's detail.
void ZoomTile::keep_explained(const ZoomFacts& facts) {
    for (int y = 0; y < zoom_fine; ++y) {
        const float* explained = explained_.data() + static_cast<std::size_t>(y / zoom_phases) * half;
        for (int phase = 0; phase < zoom_phases; ++phase) {
            const std::size_t row = fine_at(y, phase, 0);
            for (int i = 0; i < zoom_quads; ++i) {
                const float share = blown_at(facts, row + i) ? 0.0f : explained[i];
                for (int colour = 0; colour < 3; ++colour) {
                    const float first = first_[colour][row + i];
                    result_[colour][row + i] = first + share * (result_[colour][row + i] - first);
                }
            }
        }
    }
}

}  // namespace nightjar
