#include "zoom_trust.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

#include "pieces.hpp"
#include "rows.hpp"
#include "zoom_lanes.hpp"
#include "zoom_trusted.hpp"

namespace nightjar {

namespace {

constexpr int pitch = trust_pitch;
constexpr int lanes = pitch / 2;    // samples of one colour in a row of a cell
constexpr int taps = 4;
constexpr int window = 2 * lanes + taps;
constexpr int band_rows = 64;       // rows of quads
// Where shifts change faster from a sample to the next, two things meet, and nobody knows which one the sample shows.
constexpr float steepest = 0.05f;

// Cubics through four pixels, for the places between the middle two.
struct Cubic {
    Eight weights[taps];

    Cubic(float beyond, float step) {
        const Eight ramp = {0, 1, 2, 3, 4, 5, 6, 7};
        const Eight t = beyond + step * ramp;
        const Eight before = t + 1.0f, after = t - 1.0f, last = t - 2.0f;
        weights[0] = t * after * last * (-1.0f / 6.0f);
        weights[1] = before * after * last * 0.5f;
        weights[2] = before * t * last * -0.5f;
        weights[3] = before * t * after * (1.0f / 6.0f);
    }
};

// The pixels that a run looks at, each other one apart: samples of a colour lie two pixels from each other.
struct Neighbours {
    float even[taps][window / 2], odd[taps][window / 2];
};

// Samples of one colour in one row of a cell: where they lie in the plain picture.
struct Run {
    int row, column;           // plain pixel before the first of them
    float down, across;        // how far the first lies beyond it
    float down_step, across_step;
    float slack, slack_step;
    bool known;
};

Run run_at(const float* places, const float* slack, int columns, int y, int first, int odd) {
    const std::ptrdiff_t corner = static_cast<std::ptrdiff_t>(y / pitch) * columns + first / pitch;
    const float* place = places + 2 * corner;
    slack += corner;
    const float share = (static_cast<float>(y % pitch) + 0.5f) / pitch;
    float left[2], right[2];
    for (int way = 0; way < 2; ++way) {
        left[way] = place[way] + share * (place[2 * columns + way] - place[way]);
        right[way] = place[2 + way] + share * (place[2 * columns + 2 + way] - place[2 + way]);
    }
    const float start = (static_cast<float>(odd) + 0.5f) / pitch, middle = 0.5f * (lanes - 1);
    Run run{};
    run.down_step = (right[0] - left[0]) * 2 / pitch;
    run.across_step = (right[1] - left[1]) * 2 / pitch;
    const float slack_left = slack[0] + share * (slack[columns] - slack[0]);
    const float slack_right = slack[1] + share * (slack[columns + 1] - slack[1]);
    run.slack_step = (slack_right - slack_left) * 2 / pitch;
    run.slack = slack_left + start * (slack_right - slack_left);
    const float down = static_cast<float>(y) + left[0] + start * (right[0] - left[0]);
    const float across = static_cast<float>(first + odd) + left[1] + start * (right[1] - left[1]);
    // Far beyond the picture nothing is known, and whole numbers end somewhere.
    run.known = std::abs(run.down_step) <= steepest && std::abs(run.across_step) <= steepest &&
                std::abs(down) < 1e6f && std::abs(across) < 1e6f;
    if (!run.known) return run;
    run.row = static_cast<int>(std::floor(down + middle * run.down_step));
    run.column = static_cast<int>(std::floor(across + middle * run.across_step));
    run.down = down - static_cast<float>(run.row);
    run.across = across - static_cast<float>(run.column);
    return run;
}

// The picture's edge is held.
void look(const float* plane, int height, int width, const Run& run, Neighbours& seen) {
    const int left = run.column - 1;
    const bool inside = left >= 0 && left + window <= width;
    for (int a = 0; a < taps; ++a) {
        const float* row = plane + static_cast<std::ptrdiff_t>(std::clamp(run.row - 1 + a, 0, height - 1)) * width;
        float held[window];
        if (!inside) {
            for (int b = 0; b < window; ++b) held[b] = row[std::clamp(left + b, 0, width - 1)];
        }
        const float* from = inside ? row + left : held;
        for (int b = 0; b < window / 2; ++b) {
            seen.even[a][b] = from[2 * b];
            seen.odd[a][b] = from[2 * b + 1];
        }
    }
}

Eight expected_samples(const Neighbours& seen, const Run& run) {
    const Cubic down(run.down, run.down_step), across(run.across, run.across_step);
    Eight sum = {};
    for (int a = 0; a < taps; ++a) {
        Eight first, second, third, fourth;
        load(first, seen.even[a]);
        load(second, seen.odd[a]);
        load(third, seen.even[a] + 1);
        load(fourth, seen.odd[a] + 1);
        sum += down.weights[a] * (across.weights[0] * first + across.weights[1] * second + across.weights[2] * third +
                                  across.weights[3] * fourth);
    }
    return sum;
}

class Band {
public:
    Band(const TrustFacts& facts, const PlainPicture& plain, const std::uint16_t* counts, const float* places,
         const float* slack)
        : facts_(facts), plain_(plain), counts_(counts), places_(places), slack_(slack), places_across_((plain.width - 1) / pitch + 2) {}

    // Quads' rows [first, end), into sums whose row 0 is `from`.
    void compare(int first, int end, int from, Sums& sums) const {
        for (int y = 2 * first; y < 2 * end; ++y) {
            for (int x = 0; x < plain_.width; x += pitch) {
                for (int odd = 0; odd < 2; ++odd) compare_run(y, x, odd, sums, (y / 2 - from) * sums.columns + x / 2);
            }
        }
    }

private:
    void compare_run(int y, int first, int odd, Sums& sums, std::ptrdiff_t at) const {
        const int count = std::min(lanes, (plain_.width - first) / 2);
        const Run run = run_at(places_, slack_, places_across_, y, first, odd);
        // What the plain picture does not show cannot be trusted, nor what stands beside it.
        if (!run.known || run.row < 0 || run.row >= plain_.height || run.column + 2 * count <= 0 ||
            run.column >= plain_.width) {
            for (int i = 0; i < count; ++i) {
                sums.of[differs][at + i] += unknown;
                sums.of[expected][at + i] += 1.0f;
            }
            return;
        }
        const bool red_row = (y & 1) == facts_.red_row, red_column = odd == facts_.red_column;
        const int colour = red_row ? (red_column ? 0 : 1) : (red_column ? 1 : 2);
        const std::ptrdiff_t size = static_cast<std::ptrdiff_t>(plain_.height) * plain_.width;
        Neighbours seen;
        look(plain_.colours + colour * size, plain_.height, plain_.width, run, seen);
        const Eight shown = expected_samples(seen, run);
        const float* slope_row = plain_.slopes + colour * (size / 4) + static_cast<std::ptrdiff_t>(run.row / 2) * (plain_.width / 2);
        const int quad = (run.column + (run.column < 0 ? -1 : 0)) / 2, last = plain_.width / 2 - 1;
        const std::uint16_t* row = counts_ + static_cast<std::ptrdiff_t>(y) * plain_.width + first + odd;
        Eight slopes = {}, told = {};
        if (count == lanes && quad >= 0 && quad + lanes - 1 <= last) {
            load(slopes, slope_row + quad);
        } else {
            for (int i = 0; i < count; ++i) slopes[i] = slope_row[std::clamp(quad + i, 0, last)];
        }
        for (int i = 0; i < count; ++i) told[i] = static_cast<float>(row[2 * i]);
        const float black = facts_.black[2 * (y & 1) + odd], gain = facts_.gains[colour], scale = gain / facts_.span;
        const float of_shot = facts_.noise_shot * gain, of_read = facts_.noise_read * gain * gain;
        const Eight ramp = {0, 1, 2, 3, 4, 5, 6, 7};
        const Eight nothing = {}, bright = shown > 0.0f ? shown : nothing, noise = of_shot * bright + of_read;
        const Eight allowed = noise + (run.slack + run.slack_step * ramp) * slopes;
        const Eight difference = (told - black) * scale - shown, one = 1.0f / noise, share = 1.0f / allowed;
        const Eight found[sums_kept] = {difference * difference * one, allowed * one, difference * share, share, bright * share};
        for (int kind = 0; kind < sums_kept; ++kind) {
            float* to = sums.of[kind].data() + at;
            if (count == lanes) {
                Eight sum;
                load(sum, to);
                store(to, sum + found[kind]);
            } else {
                for (int i = 0; i < count; ++i) to[i] += found[kind][i];
            }
        }
    }

    // So many times the noise that nothing around makes up for it.
    static constexpr float unknown = 1e9f;
    const TrustFacts& facts_;
    const PlainPicture& plain_;
    const std::uint16_t* counts_;
    const float *places_, *slack_;
    int places_across_;
};

float squared(float value) { return value * value; }

}  // namespace

void slopes_of_quads(const float* colours, int height, int width, float* slopes, int threads) {
    const int rows = height / 2, columns = width / 2;
    const std::ptrdiff_t size = static_cast<std::ptrdiff_t>(height) * width;
    run_pieces(threads_for(threads), 3 * rows, [&](int, int piece) {
        const int colour = piece / rows, at = piece % rows;
        std::vector<float> soft(columns, 0.0f);
        // Weights of 1 2 1 each way; rows and quads beyond the ends are those at the ends.
        for (int k = -1; k <= 1; ++k) {
            const int row = std::clamp(at + k, 0, rows - 1);
            const float weight = k == 0 ? 0.5f : 0.25f;
            for (int a = 0; a < 2; ++a) {
                const int y = 2 * row + a;
                const float* line = colours + colour * size + static_cast<std::ptrdiff_t>(y) * width;
                const float* above = y > 0 ? line - width : line;
                const float* below = y < height - 1 ? line + width : line;
                for (int x = 0; x < columns; ++x) {
                    float sum = 0.0f;
                    for (int b = 2 * x; b < 2 * x + 2; ++b) {
                        sum += squared(line[b] - above[b]) + squared(line[b] - below[b]) +
                               squared(line[b] - line[std::max(b - 1, 0)]) +
                               squared(line[b] - line[std::min(b + 1, width - 1)]);
                    }
                    soft[x] += weight * 0.125f * sum;
                }
            }
        }
        float* out = slopes + colour * (size / 4) + static_cast<std::ptrdiff_t>(at) * columns;
        for (int x = 0; x < columns; ++x) {
            out[x] = 0.25f * soft[std::max(x - 1, 0)] + 0.5f * soft[x] + 0.25f * soft[std::min(x + 1, columns - 1)];
        }
    });
}

void trust_in_frame(const TrustFacts& facts, const PlainPicture& plain, const std::uint16_t* counts, const float* places,
                    const float* slack, std::uint8_t* trust, int threads) {
    const int rows = plain.height / 2, columns = plain.width / 2;
    const Band frame(facts, plain, counts, places, slack);
    run_pieces(threads_for(threads), (rows + band_rows - 1) / band_rows, [&](int, int band) {
        const int first = band * band_rows, end = std::min(first + band_rows, rows);
        const int first_asked = std::max(first - beside_reach, 0), end_asked = std::min(end + beside_reach, rows);
        const int from = std::max(first_asked - lean_reach, 0), until = std::min(end_asked + lean_reach, rows);
        Sums sums(until - from, columns);
        frame.compare(from, until, from, sums);
        std::vector<Trusted> trusted;
        for (int row = first_asked; row < end_asked; ++row) trusted.push_back(trusted_row(facts, sums, row - from));
        for (int row = first; row < end; ++row) {
            write_trust(trusted, row - first_asked, trust + static_cast<std::ptrdiff_t>(row) * columns);
        }
    });
}

}  // namespace nightjar
