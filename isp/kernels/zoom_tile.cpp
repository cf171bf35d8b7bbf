#include "zoom_tile.hpp"

#include <algorithm>
#include <cmath>

#include "rows.hpp"

namespace nightjar {

namespace {

constexpr std::size_t fine_pixels = static_cast<std::size_t>(zoom_fine) * zoom_fine;
constexpr int around = 3;  // fine pixels each way over which differences are averaged

// Cubic convolution (Keys 1981) a quarter of a pixel from a pixel: weights from one before to two behind.
constexpr float quarter[4] = {-0.0703125f, 0.8671875f, 0.2265625f, -0.0234375f};

void part_columns(const float* natural, float* parted) {
    for (int phase = 0; phase < zoom_phases; ++phase) {
        float* out = parted + static_cast<std::size_t>(phase) * zoom_quads;
        for (int i = 0; i < zoom_quads; ++i) out[i] = natural[zoom_phases * i + phase];
    }
}

// One colour of the plain picture, twice as fine each way, for a tile whose first raw pixel is (top, left). Pixels
// beyond the picture are those of its edge.
void enlarge(const ZoomInput& input, int colour, int top, int left, float* out) {
    const float* plane = input.plain + static_cast<std::size_t>(colour) * input.height * input.width;
    constexpr int reach = 2, wide = zoom_side + 2 * reach;
    std::vector<float> line(wide);
    for (int y = 0; y < zoom_fine; ++y) {
        // Rows 2 i and 2 i + 1 lie a quarter before and behind raw row i.
        const int middle = top + y / 2, way = y & 1 ? 1 : -1;
        const float* rows[4];
        for (int k = 0; k < 4; ++k) {
            const int row = std::clamp(middle + way * (k - 1), 0, input.height - 1);
            rows[k] = plane + static_cast<std::size_t>(row) * input.width;
        }
        for (int i = 0; i < wide; ++i) {
            const int x = std::clamp(left - reach + i, 0, input.width - 1);
            line[i] = quarter[0] * rows[0][x] + quarter[1] * rows[1][x] + quarter[2] * rows[2][x] + quarter[3] * rows[3][x];
        }
        float* to = out + static_cast<std::size_t>(y) * zoom_fine;
        for (int i = 0; i < zoom_side; ++i) {
            const float* at = line.data() + i + reach;
            to[2 * i] = quarter[0] * at[1] + quarter[1] * at[0] + quarter[2] * at[-1] + quarter[3] * at[-2];
            to[2 * i + 1] = quarter[0] * at[-1] + quarter[1] * at[0] + quarter[2] * at[1] + quarter[3] * at[2];
        }
    }
}

// Means over 7 x 7 fine pixels; near the tile's edge over those that are there.
void average_around(const float* from, float* work, float* out) {
    for (int y = 0; y < zoom_fine; ++y) {
        const float* in = from + static_cast<std::size_t>(y) * zoom_fine;
        float* to = work + static_cast<std::size_t>(y) * zoom_fine;
        ROWS_DO_NOT_OVERLAP
        for (int x = around; x < zoom_fine - around; ++x) {
            to[x] = (in[x] + (in[x - 1] + in[x + 1]) + (in[x - 2] + in[x + 2]) + (in[x - 3] + in[x + 3])) * (1.0f / 7.0f);
        }
        for (int x = 0; x < around; ++x) {
            to[x] = to[around];
            to[zoom_fine - 1 - x] = to[zoom_fine - 1 - around];
        }
    }
    for (int y = 0; y < zoom_fine; ++y) {
        const int middle = std::clamp(y, around, zoom_fine - 1 - around);
        const float* rows[7];
        for (int k = 0; k < 7; ++k) rows[k] = work + static_cast<std::size_t>(middle - around + k) * zoom_fine;
        float* to = out + static_cast<std::size_t>(y) * zoom_fine;
        ROWS_DO_NOT_OVERLAP
        for (int x = 0; x < zoom_fine; ++x) {
            to[x] = (rows[3][x] + (rows[2][x] + rows[4][x]) + (rows[1][x] + rows[5][x]) + (rows[0][x] + rows[6][x])) *
                    (1.0f / 7.0f);
        }
    }
}

// Two rows of weights pull neighbours together: `one` and `other` are the same pixels of a row, and of the next.
void pull_together(const float* const one[3], const float* const other[3], const float* weights, float* const at[3],
                   float* const next[3], int count, float grey, float colours) {
    const float *r0 = one[0], *g0 = one[1], *b0 = one[2], *r1 = other[0], *g1 = other[1], *b1 = other[2];
    float *rp = at[0], *gp = at[1], *bp = at[2], *rn = next[0], *gn = next[1], *bn = next[2];
    ROWS_DO_NOT_OVERLAP
    for (int i = 0; i < count; ++i) {
        const float red = r1[i] - r0[i], green = g1[i] - g0[i], blue = b1[i] - b0[i];
        const float of_grey = 0.0625f * grey * weights[i] * (red + 2.0f * green + blue);
        const float of_red = colours * weights[i] * (red - green), of_blue = colours * weights[i] * (blue - green);
        const float for_green = 2.0f * of_grey - of_red - of_blue;
        rp[i] += of_grey + of_red;
        gp[i] += for_green;
        bp[i] += of_grey + of_blue;
        rn[i] -= of_grey + of_red;
        gn[i] -= for_green;
        bn[i] -= of_grey + of_blue;
    }
}

}  // namespace

ZoomTile::ZoomTile() {
    for (auto* planes : {&plain_, &result_, &pull_, &moved_, &inverse_, &first_}) {
        for (FinePlane& plane : *planes) plane.resize(fine_pixels);
    }
    for (FinePlane* plane : {&down_, &across_, &steep_, &seen_}) plane->resize(fine_pixels);
    for (auto& plane : natural_) plane.resize(fine_pixels);
    for (auto& plane : work_) plane.resize(fine_pixels);
    behind_.resize(static_cast<std::size_t>(zoom_side / 2) * (zoom_side / 2));
    explained_.resize(behind_.size());
}

void ZoomTile::solve(const ZoomFacts& facts, const ZoomInput& input, int top, int left) {
    top_ = top - zoom_halo;
    left_ = left - zoom_halo;
    begin(input);
    expect(facts);
    taken_.clear();
    std::fill(seen_.begin(), seen_.end(), 0.0f);
    for (const ZoomFrame& frame : input.frames) take_frame(facts, input, frame);
    sort_by_row();
    count_frames();
    expect_less_of_few();
    search(facts, facts.rounds);
    doubt_what_is_not_explained(facts.unexplained);
    keep_plain(facts);
    give_second_chance(facts, input);
}

// All frames' samples of a row one after the other: the fine rows that they see are then still in the cache.
void ZoomTile::sort_by_row() {
    starts_.assign(zoom_fine + 1, 0);
    for (const ZoomSamples& samples : taken_) ++starts_[samples.row + 1];
    for (int row = 0; row < zoom_fine; ++row) starts_[row + 1] += starts_[row];
    samples_.resize(taken_.size());
    for (const ZoomSamples& samples : taken_) samples_[starts_[samples.row]++] = samples;
}

void ZoomTile::search(const ZoomFacts& facts, const std::vector<std::array<float, 2>>& rounds) {
    precondition(facts);
    for (int colour = 0; colour < 3; ++colour) {
        result_[colour] = plain_[colour];
        std::fill(moved_[colour].begin(), moved_[colour].end(), 0.0f);
    }
    for (const auto& round : rounds) {
        pull_to_samples();
        pull_to_expected(facts);
        step(round[0], round[1]);
    }
}

bool ZoomTile::blown_at(const ZoomFacts& facts, std::size_t at) const {
    bool blown = false;
    for (int colour = 0; colour < 3; ++colour) {
        blown = blown || plain_[colour][at] >= facts.blown * facts.gains[colour];
    }
    return blown;
}

void ZoomTile::begin(const ZoomInput& input) {
    for (int colour = 0; colour < 3; ++colour) {
        enlarge(input, colour, top_, left_, natural_[colour].data());
        for (int y = 0; y < zoom_fine; ++y) {
            part_columns(natural_[colour].data() + static_cast<std::size_t>(y) * zoom_fine,
                         plain_[colour].data() + fine_at(y, 0, 0));
        }
    }
}

// How the picture may differ from pixel to pixel: as much as the plain one does around, beyond its noise.
void ZoomTile::expect(const ZoomFacts& facts) {
    const float *red = natural_[0].data(), *green = natural_[1].data(), *blue = natural_[2].data();
    float* grey = work_[0].data();
    ROWS_DO_NOT_OVERLAP
    for (std::size_t i = 0; i < fine_pixels; ++i) grey[i] = 0.25f * (red[i] + 2.0f * green[i] + blue[i]);
    const ZoomPrior& prior = facts.prior;
    std::vector<float>&squares = natural_[0], &summed = natural_[1], &light = natural_[2];
    average_around(grey, work_[1].data(), light.data());
    std::vector<float>& steep = work_[2];
    std::fill(steep.begin(), steep.end(), 0.0f);
    for (const bool across : {false, true}) {
        const std::size_t step = across ? 1 : zoom_fine;
        ROWS_DO_NOT_OVERLAP
        for (std::size_t i = 0; i < fine_pixels - step; ++i) {
            const float difference = grey[i + step] - grey[i];
            squares[i] = difference * difference;
        }
        for (std::size_t i = fine_pixels - step; i < fine_pixels; ++i) squares[i] = 0.0f;
        average_around(squares.data(), work_[1].data(), summed.data());
        float *weights = squares.data(), *differences = summed.data(), *slopes = steep.data();
        const float* around_light = light.data();
        // Even slopes are no texture: neighbours of a fold's shadow differ, and yet there is nothing fine.
        const std::size_t far = around * step;
        ROWS_DO_NOT_OVERLAP
        for (std::size_t i = far; i < fine_pixels - far; ++i) {
            const float slope = (around_light[i + far] - around_light[i - far]) * (1.0f / (2 * around));
            differences[i] -= slope * slope;
        }
        ROWS_DO_NOT_OVERLAP
        for (std::size_t i = 0; i < fine_pixels; ++i) {
            const float lit = around_light[i] > 0.0f ? around_light[i] : 0.0f;
            const float noise = facts.plain_shot * lit + facts.plain_read;
            const float told = differences[i] - prior.noise_share * noise;
            const float texture = told > 0.0f ? told : 0.0f;
            weights[i] = 1.0f / (texture + prior.light_least * lit + prior.noise_least * noise);
            // Per raw pixel each way: squared differences of fine pixels count four times, half of each way.
            slopes[i] += 2.0f * texture;
        }
        for (int y = 0; y < zoom_fine; ++y) {
            part_columns(weights + static_cast<std::size_t>(y) * zoom_fine, (across ? across_ : down_).data() + fine_at(y, 0, 0));
        }
    }
    for (int y = 0; y < zoom_fine; ++y) {
        part_columns(steep.data() + static_cast<std::size_t>(y) * zoom_fine, steep_.data() + fine_at(y, 0, 0));
    }
}

void ZoomTile::pull_to_expected(const ZoomFacts& facts) {
    const float grey = facts.prior.grey, colours = facts.prior.colours;
    const auto at = [&](auto& planes, int y, int phase, int quad) {
        const std::size_t place = fine_at(y, phase, quad);
        return std::array{planes[0].data() + place, planes[1].data() + place, planes[2].data() + place};
    };
    const auto together = [&](int y, int phase, int next_y, int next_phase, int next_quad, int count, const FinePlane& weights) {
        const auto one = at(result_, y, phase, 0), other = at(result_, next_y, next_phase, next_quad);
        const auto pulled = at(pull_, y, phase, 0), next = at(pull_, next_y, next_phase, next_quad);
        const float* const first[3] = {one[0], one[1], one[2]};
        const float* const second[3] = {other[0], other[1], other[2]};
        float* const here[3] = {pulled[0], pulled[1], pulled[2]};
        float* const there[3] = {next[0], next[1], next[2]};
        pull_together(first, second, weights.data() + fine_at(y, phase, 0), here, there, count, grey, colours);
    };
    for (int y = 0; y < zoom_fine; ++y) {
        if (y + 1 < zoom_fine) {
            for (int phase = 0; phase < zoom_phases; ++phase) together(y, phase, y + 1, phase, 0, zoom_quads, down_);
        }
        for (int phase = 0; phase + 1 < zoom_phases; ++phase) together(y, phase, y, phase + 1, 0, zoom_quads, across_);
        together(y, zoom_phases - 1, y, 0, 1, zoom_quads - 1, across_);
    }
}

void ZoomTile::step(float kept, float length) {
    for (int colour = 0; colour < 3; ++colour) {
        float *moved = moved_[colour].data(), *result = result_[colour].data();
        const float *pull = pull_[colour].data(), *inverse = inverse_[colour].data();
        ROWS_DO_NOT_OVERLAP
        for (std::size_t i = 0; i < fine_pixels; ++i) {
            moved[i] = kept * moved[i] + length * (pull[i] * inverse[i]);
            result[i] += moved[i];
        }
    }
}

// Frames behind each 2 x 2 raw pixels: a frame has one sample for each raw pixel, so one for four fine ones.
void ZoomTile::count_frames() {
    constexpr int half = zoom_side / 2, reach = 2;
    std::vector<float> quads(behind_.size());
    for (int y = 0; y < half; ++y) {
        for (int x = 0; x < half; ++x) {
            float sum = 0.0f;
            for (int row = 0; row < zoom_phases; ++row) {
                for (int phase = 0; phase < zoom_phases; ++phase) sum += seen_[fine_at(zoom_phases * y + row, phase, x)];
            }
            quads[static_cast<std::size_t>(y) * half + x] = 0.25f * sum;
        }
    }
    for (int y = 0; y < half; ++y) {
        for (int x = 0; x < half; ++x) {
            float sum = 0.0f;
            for (int down = -reach; down <= reach; ++down) {
                const int row = std::clamp(y + down, 0, half - 1);
                for (int across = -reach; across <= reach; ++across) {
                    sum += quads[static_cast<std::size_t>(row) * half + std::clamp(x + across, 0, half - 1)];
                }
            }
            behind_[static_cast<std::size_t>(y) * half + x] = sum / ((2 * reach + 1) * (2 * reach + 1));
        }
    }
}

// Few samples tell texture badly from noise: neighbours are then expected to be more alike.
void ZoomTile::expect_less_of_few() {
    constexpr int half = zoom_side / 2;
    constexpr float enough = 6.0f;
    for (int y = 0; y < zoom_fine; ++y) {
        const float* behind = behind_.data() + static_cast<std::size_t>(y / zoom_phases) * half;
        for (int phase = 0; phase < zoom_phases; ++phase) {
            float *down = down_.data() + fine_at(y, phase, 0), *across = across_.data() + fine_at(y, phase, 0);
            ROWS_DO_NOT_OVERLAP
            for (int i = 0; i < zoom_quads; ++i) {
                const float at_least = behind[i] > 1.0f ? behind[i] : 1.0f;
                const float lacking = at_least < enough ? enough / at_least : 1.0f;
                down[i] *= lacking * lacking;
                across[i] *= lacking * lacking;
            }
        }
    }
}

// Where few frames say anything, and where light is blown, the plain picture stays. Of each colour a frame has a quarter
// or half as many samples as of grey: colours need more frames.
void ZoomTile::keep_plain(const ZoomFacts& facts) {
    constexpr int half = zoom_side / 2;
    for (int y = 0; y < zoom_fine; ++y) {
        for (int phase = 0; phase < zoom_phases; ++phase) {
            const std::size_t row = fine_at(y, phase, 0);
            const float* behind = behind_.data() + static_cast<std::size_t>(y / zoom_phases) * half;
            const float* explained = explained_.data() + static_cast<std::size_t>(y / zoom_phases) * half;
            for (int i = 0; i < zoom_quads; ++i) {
                const bool blown = blown_at(facts, row + i);
                const float believed = blown ? 0.0f : explained[i];
                const float share = believed * std::clamp(0.5f * (behind[i] - 1.0f), 0.0f, 1.0f);
                const float of_colours = share * std::clamp((behind[i] - 2.0f) * (1.0f / 3.0f), 0.0f, 1.0f);
                const float red = result_[0][row + i] - plain_[0][row + i];
                const float green = result_[1][row + i] - plain_[1][row + i];
                const float blue = result_[2][row + i] - plain_[2][row + i];
                const float grey = 0.25f * (red + 2.0f * green + blue);
                result_[0][row + i] = plain_[0][row + i] + share * grey + of_colours * (red - grey);
                result_[1][row + i] = plain_[1][row + i] + share * grey + of_colours * (green - grey);
                result_[2][row + i] = plain_[2][row + i] + share * grey + of_colours * (blue - grey);
            }
        }
    }
}

}  // namespace nightjar
