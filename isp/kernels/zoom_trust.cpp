#include "zoom_trust.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

#include "pieces.hpp"
#include "rows.hpp"

namespace nightjar {

namespace {

constexpr int pitch = trust_pitch;
constexpr int lanes = pitch / 2;    // samples of one colour in a row of a cell
constexpr int taps = 4;
constexpr int window = 2 * lanes + taps;
constexpr int band_rows = 64;       // rows of quads
constexpr int near_reach = 1, wide_reach = 2, beside_reach = 2;
// Where shifts change faster from a sample to the next, two things meet, and nobody knows which one the sample shows.
constexpr float steepest = 0.05f;

// What is summed up of the samples of a quad.
enum Sum { differs, expected, leans, weight, light, sums_kept };

// Sums of quads, with room for those around a band.
struct Sums {
    Sums(int rows, int columns) : rows(rows), columns(columns) {
        for (auto& plane : of) plane.resize(static_cast<std::size_t>(rows) * columns);
    }

    int rows, columns;
    std::array<std::vector<float>, sums_kept> of;
};

// Cubics through four pixels, for the places between the middle two.
struct Cubic {
    float weights[taps][lanes];

    Cubic(float beyond, float step) {
        ROWS_DO_NOT_OVERLAP
        for (int i = 0; i < lanes; ++i) {
            const float t = beyond + step * static_cast<float>(i);
            const float before = t + 1.0f, after = t - 1.0f, last = t - 2.0f;
            weights[0][i] = t * after * last * (-1.0f / 6.0f);
            weights[1][i] = before * after * last * 0.5f;
            weights[2][i] = before * t * last * -0.5f;
            weights[3][i] = before * t * after * (1.0f / 6.0f);
        }
    }
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

// The pixels that a run looks at; the picture's edge is held.
void look(const float* plane, int height, int width, const Run& run, float seen[taps][window]) {
    const int left = run.column - 1;
    for (int a = 0; a < taps; ++a) {
        const float* row = plane + static_cast<std::ptrdiff_t>(std::clamp(run.row - 1 + a, 0, height - 1)) * width;
        if (left >= 0 && left + window <= width) {
            std::copy(row + left, row + left + window, seen[a]);
        } else {
            for (int b = 0; b < window; ++b) seen[a][b] = row[std::clamp(left + b, 0, width - 1)];
        }
    }
}

void expect(const float seen[taps][window], const Run& run, float* out) {
    const Cubic down(run.down, run.down_step), across(run.across, run.across_step);
    ROWS_DO_NOT_OVERLAP
    for (int i = 0; i < lanes; ++i) {
        float sum = 0.0f;
        for (int a = 0; a < taps; ++a) {
            const float* row = seen[a] + 2 * i;
            const float line = across.weights[0][i] * row[0] + across.weights[1][i] * row[1] +
                               across.weights[2][i] * row[2] + across.weights[3][i] * row[3];
            sum += down.weights[a][i] * line;
        }
        out[i] = sum;
    }
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
        float seen[taps][window], shown[lanes], slopes[lanes], told[lanes];
        const std::ptrdiff_t size = static_cast<std::ptrdiff_t>(plain_.height) * plain_.width;
        look(plain_.colours + colour * size, plain_.height, plain_.width, run, seen);
        expect(seen, run, shown);
        const float* slope_row = plain_.slopes + colour * (size / 4) + static_cast<std::ptrdiff_t>(run.row / 2) * (plain_.width / 2);
        const int quad = (run.column + (run.column < 0 ? -1 : 0)) / 2, last = plain_.width / 2 - 1;
        const std::uint16_t* row = counts_ + static_cast<std::ptrdiff_t>(y) * plain_.width + first + odd;
        for (int i = 0; i < count; ++i) {
            slopes[i] = slope_row[std::clamp(quad + i, 0, last)];
            told[i] = static_cast<float>(row[2 * i]);
        }
        for (int i = count; i < lanes; ++i) slopes[i] = told[i] = 0.0f;
        const float black = facts_.black[2 * (y & 1) + odd], gain = facts_.gains[colour], scale = gain / facts_.span;
        const float of_shot = facts_.noise_shot * gain, of_read = facts_.noise_read * gain * gain;
        float found[sums_kept][lanes];
        ROWS_DO_NOT_OVERLAP
        for (int i = 0; i < lanes; ++i) {
            const float bright = shown[i] > 0.0f ? shown[i] : 0.0f, noise = of_shot * bright + of_read;
            const float allowed = noise + (run.slack + run.slack_step * static_cast<float>(i)) * slopes[i];
            const float difference = (told[i] - black) * scale - shown[i], one = 1.0f / noise, share = 1.0f / allowed;
            found[differs][i] = difference * difference * one;
            found[expected][i] = allowed * one;
            found[leans][i] = difference * share;
            found[weight][i] = share;
            found[light][i] = bright * share;
        }
        for (int kind = 0; kind < sums_kept; ++kind) {
            float* to = sums.of[kind].data() + at;
            for (int i = 0; i < count; ++i) to[i] += found[kind][i];
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

// Sums over a square of quads; those beyond the ends do not count. `at` is the row within values of `rows`.
void square_sums(const std::vector<float>& values, int rows, int columns, int at, int reach, float* down, float* out) {
    std::fill(down, down + columns, 0.0f);
    for (int row = std::max(at - reach, 0); row <= std::min(at + reach, rows - 1); ++row) {
        const float* from = values.data() + static_cast<std::ptrdiff_t>(row) * columns;
        ROWS_DO_NOT_OVERLAP
        for (int x = 0; x < columns; ++x) down[x] += from[x];
    }
    for (int x = 0; x < columns; ++x) {
        float sum = 0.0f;
        for (int k = std::max(x - reach, 0); k <= std::min(x + reach, columns - 1); ++k) sum += down[k];
        out[x] = sum;
    }
}

float squared(float value) { return value * value; }

// Falls from 1 to 0 between two limits of found / allowed.
float share_between(float found, float allowed, const std::array<float, 2>& limits, float times) {
    const float share = (times * limits[1] - found / allowed) / (times * (limits[1] - limits[0]));
    return share > 0.0f ? (share < 1.0f ? share : 1.0f) : 0.0f;
}

// Trust in a row of quads by itself, and what it leaves of the trust in those beside it.
struct Trusted {
    std::vector<float> own, beside, even;  // even: whether light itself differs, 0 much, 1 somewhat, 2 no
};

Trusted trusted_row(const TrustFacts& facts, const Sums& sums, int at) {
    const int columns = sums.columns;
    std::vector<float> down(columns), near[2], wide[sums_kept];
    const auto around = [&](int kind, int reach, std::vector<float>& line) {
        line.resize(columns);
        square_sums(sums.of[kind], sums.rows, columns, at, reach, down.data(), line.data());
    };
    for (int kind = differs; kind <= expected; ++kind) around(kind, near_reach, near[kind]);
    for (int kind = 0; kind < sums_kept; ++kind) around(kind, wide_reach, wide[kind]);
    Trusted row{std::vector<float>(columns), std::vector<float>(columns), std::vector<float>(columns)};
    for (int x = 0; x < columns; ++x) {
        const float lean = squared(wide[leans][x]);
        const float allowed = wide[weight][x] + squared(facts.flicker * wide[light][x]);
        const auto share = [&](float times) {
            return std::min({share_between(near[differs][x], near[expected][x], facts.near, times),
                             share_between(wide[differs][x], wide[expected][x], facts.wide, times),
                             share_between(lean, allowed, facts.lean, times)});
        };
        row.own[x] = share(1.0f);
        row.beside[x] = share(facts.certain);
        const bool leans_much = share_between(lean, allowed, facts.lean, facts.foreign) <= 0.0f;
        const bool leans_some = share_between(lean, allowed, facts.lean, 1.0f) < 1.0f;
        row.even[x] = leans_much ? 0.0f : leans_some ? 1.0f : 2.0f;
    }
    return row;
}

// The least of a square of numbers, those beside the picture left out.
using Line = std::vector<float> Trusted::*;

std::vector<float> least_around(const std::vector<Trusted>& rows, int at, Line line) {
    std::vector<float> down(rows[at].*line);
    const int columns = static_cast<int>(down.size()), count = static_cast<int>(rows.size());
    for (int row = std::max(at - beside_reach, 0); row <= std::min(at + beside_reach, count - 1); ++row) {
        const float* beside = (rows[row].*line).data();
        ROWS_DO_NOT_OVERLAP
        for (int x = 0; x < columns; ++x) down[x] = beside[x] < down[x] ? beside[x] : down[x];
    }
    std::vector<float> least(down);
    for (int x = 0; x < columns; ++x) {
        for (int k = std::max(x - beside_reach, 0); k <= std::min(x + beside_reach, columns - 1); ++k) {
            least[x] = down[k] < least[x] ? down[k] : least[x];
        }
    }
    return least;
}

void write_trust(const std::vector<Trusted>& rows, int at, std::uint8_t* out) {
    const std::vector<float> beside = least_around(rows, at, &Trusted::beside), even = least_around(rows, at, &Trusted::even);
    for (std::size_t x = 0; x < beside.size(); ++x) {
        const float trust = std::min(rows[at].own[x], beside[x]);
        const float least = even[x];
        out[x] = static_cast<std::uint8_t>(least + trust * (255.0f - trust_least) + 0.5f);
    }
}

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
        const int from = std::max(first_asked - wide_reach, 0), until = std::min(end_asked + wide_reach, rows);
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
