#include "zoom_tile.hpp"

#include <algorithm>
#include <cmath>

#include "rows.hpp"

namespace nightjar {

namespace {


// Weights from one before to two behind.
constexpr float quarter[4] = {-0.0703125f, 0.8671875f, 0.2265625f, -0.0234375f};

// Cubic convolution (Keys 1981) a quarter of a pixel from `near` towards `next`. It swings beyond a hard edge; beside
// light that is `blown`, of which nobody knows how bright it was, it stays between the two.
float between(float before, float near, float next, float after, float blown) {
    const float value = quarter[0] * before + quarter[1] * near + quarter[2] * next + quarter[3] * after;
    const float low = near < next ? near : next, high = near < next ? next : near;
    const float brightest = (before > after ? before : after) > high ? (before > after ? before : after) : high;
    const float held = value < low ? low : (value > high ? high : value);
    return brightest >= blown ? held : value;
}

// One colour of the plain picture, twice as fine each way, for a tile whose first raw pixel is (top, left). Pixels
// beyond the picture are those of its edge.
void enlarge(const ZoomInput& input, int colour, float blown, int top, int left, float* out) {
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
            line[i] = between(rows[0][x], rows[1][x], rows[2][x], rows[3][x], blown);
        }
        float* to = out + static_cast<std::size_t>(y) * zoom_fine;
        for (int i = 0; i < zoom_side; ++i) {
            const float* at = line.data() + i + reach;
            to[2 * i] = between(at[1], at[0], at[-1], at[-2], blown);
            to[2 * i + 1] = between(at[-1], at[0], at[1], at[2], blown);
        }
    }
}

}  // namespace

ZoomTile::ZoomTile() {
    for (auto* planes : {&plain_, &result_, &pull_, &moved_, &inverse_, &first_}) {
        for (FinePlane& plane : *planes) plane.resize(fine_pixels);
    }
    for (FinePlane* plane : {&down_, &across_, &colours_down_, &colours_across_, &steep_, &seen_, &calm_down_, &calm_across_}) plane->resize(fine_pixels);
    for (auto& plane : natural_) plane.resize(fine_pixels);
    for (auto& plane : work_) plane.resize(fine_pixels);
    behind_.resize(static_cast<std::size_t>(zoom_side / 2) * (zoom_side / 2));
    explained_.resize(behind_.size());
}

void ZoomTile::solve(const ZoomFacts& facts, const ZoomInput& input, int top, int left) {
    top_ = top - zoom_halo;
    left_ = left - zoom_halo;
    begin(facts, input);
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
    calm_finest(facts);
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

void ZoomTile::begin(const ZoomFacts& facts, const ZoomInput& input) {
    for (int colour = 0; colour < 3; ++colour) {
        enlarge(input, colour, facts.blown * facts.gains[colour], top_, left_, natural_[colour].data());
        part_rows(natural_[colour], plain_[colour]);
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
