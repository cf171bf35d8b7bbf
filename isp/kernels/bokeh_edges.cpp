#include "bokeh_edges.hpp"

#include <algorithm>

#include "pieces.hpp"

namespace nightjar {

namespace {

constexpr int cell = 8;     // pixels; hair changes its colour over more
constexpr int far_reach = 4;  // cells around from which the first guess comes: 72 pixels see through most hair
// So many pixels' worth of it does the first guess count, near by and where nothing else is known.
constexpr float near_trust = 16.0f, far_trust = 0.5f;
// A subject is hardly so much brighter than its surroundings show it: what is, shines through from behind.
constexpr float brighter = 2.0f, glow = 0.1f;
// Lights whose pixels are mostly behind the subject are lamps, and those mostly of it are glints: mean shares.
constexpr float lamp = 0.6f, glint = 0.9f;
// From so many times the light that the fit expects, a pixel near such lights begins to be one of their rims.
constexpr float stands_out = 1.5f, least_expected = 1e-6f;
// So many times brighter than its pixel, or than white where that is more, may a lamp behind the subject be.
constexpr float brightest_lamp = 4.0f;

float mixed(float one, float other, float part) { return one + part * (other - one); }

}  // namespace

void EdgeColours::Sums::add(const Sums& other) {
    subject_square += other.subject_square;
    both += other.both;
    behind_square += other.behind_square;
    lights += other.lights;
    lights_share += other.lights_share;
    for (int i = 0; i < kinds; ++i) light[i] += other.light[i];
}

EdgeColours::EdgeColours(const FocusPicture& picture, const LightLimits& limits, int threads) : limits_(limits) {
    if (!picture.subject) return;
    rows_ = (picture.height + cell - 1) / cell;
    columns_ = (picture.width + cell - 1) / cell;
    mark(picture, threads);
    std::vector<Sums> sums(soft_.size());
    run_pieces(threads, rows_, [&](int, int row) {
        for (int column = 0; column < columns_; ++column) {
            if (is_near(row, column, far_reach + 1)) sums[row * columns_ + column] = sums_of(picture, row, column);
        }
    });
    colours_.resize(soft_.size());
    run_pieces(threads, rows_, [&](int, int row) {
        for (int column = 0; column < columns_; ++column) {
            if (!is_near(row, column, 1)) continue;
            const Sums far = around(sums, row, column, far_reach);
            std::array<float, kinds>& colours = colours_[row * columns_ + column].light;
            const float subject = std::max(far.subject_square + far.both, 1e-6f);
            const float behind = std::max(far.behind_square + far.both, 1e-6f);
            for (int i = 0; i < 3; ++i) {
                colours[i] = far.light[i] / subject;
                colours[i + 3] = far.light[i + 3] / behind;
            }
            solve(far, far_trust, colours);
            const Sums near = around(sums, row, column, 1);
            solve(near, near_trust, colours);
            const float share = near.lights_share / std::max(near.lights, 1.0f);
            colours_[row * columns_ + column].lamps = std::clamp((glint - share) / (glint - lamp), 0.0f, 1.0f);
        }
    });
}

void EdgeColours::mark(const FocusPicture& picture, int threads) {
    soft_.assign(static_cast<std::size_t>(rows_) * columns_, 0);
    run_pieces(threads, rows_, [&](int, int row) {
        for (int y = row * cell; y < std::min((row + 1) * cell, picture.height); ++y) {
            const std::uint8_t* subject = picture.subject_row(y);
            for (int x = 0; x < picture.width; ++x) {
                if (subject[x] != 0 && subject[x] != 255) soft_[row * columns_ + x / cell] = 1;
            }
        }
    });
}

bool EdgeColours::is_near(int row, int column, int reach) const {
    for (int y = std::max(row - reach, 0); y <= std::min(row + reach, rows_ - 1); ++y) {
        for (int x = std::max(column - reach, 0); x <= std::min(column + reach, columns_ - 1); ++x) {
            if (soft_[y * columns_ + x]) return true;
        }
    }
    return false;
}

EdgeColours::Sums EdgeColours::sums_of(const FocusPicture& picture, int row, int column) const {
    Sums sums;
    for (int y = row * cell; y < std::min((row + 1) * cell, picture.height); ++y) {
        const float* pixel = picture.row(y) + 3 * column * cell;
        const std::uint8_t* subject = picture.subject_row(y);
        for (int x = column * cell; x < std::min((column + 1) * cell, picture.width); ++x, pixel += 3) {
            const float share = static_cast<float>(subject[x]) / 255.0f, rest = 1.0f - share;
            if (brightest(pixel) > limits_.limit(y, x)) {
                sums.lights += 1.0f;
                sums.lights_share += share;
                continue;
            }
            sums.subject_square += share * share;
            sums.both += share * rest;
            sums.behind_square += rest * rest;
            for (int i = 0; i < 3; ++i) {
                const float light = std::min(pixel[i], limits_.white());
                sums.light[i] += share * light;
                sums.light[i + 3] += rest * light;
            }
        }
    }
    return sums;
}

EdgeColours::Sums EdgeColours::around(const std::vector<Sums>& sums, int row, int column, int reach) const {
    Sums all;
    for (int y = std::max(row - reach, 0); y <= std::min(row + reach, rows_ - 1); ++y) {
        for (int x = std::max(column - reach, 0); x <= std::min(column + reach, columns_ - 1); ++x) {
            all.add(sums[y * columns_ + x]);
        }
    }
    return all;
}

// The two colours whose mixtures come nearest to the pixels, and not far from those before.
void EdgeColours::solve(const Sums& sums, float trust, std::array<float, kinds>& colours) {
    const float subject = sums.subject_square + trust, behind = sums.behind_square + trust;
    const float determinant = subject * behind - sums.both * sums.both;
    for (int i = 0; i < 3; ++i) {
        const float light = sums.light[i] + trust * colours[i], light_behind = sums.light[i + 3] + trust * colours[i + 3];
        colours[i] = std::max((light * behind - light_behind * sums.both) / determinant, 0.0f);
        colours[i + 3] = std::max((light_behind * subject - light * sums.both) / determinant, 0.0f);
    }
}

EdgeColours::Colours EdgeColours::colours_at(int y, int x) const {
    const auto between = [](int at, int count) {
        const int doubled = 2 * at + 1 - cell, first = doubled < 0 ? 0 : std::min(doubled / (2 * cell), count - 1);
        const float part = static_cast<float>(doubled - 2 * cell * first) / (2.0f * cell);
        return std::pair<int, float>(first, std::clamp(part, 0.0f, 1.0f));
    };
    const auto [row, down] = between(y, rows_);
    const auto [column, across] = between(x, columns_);
    const int right = std::min(column + 1, columns_ - 1);
    const auto* upper = &colours_[row * columns_];
    const auto* lower = &colours_[std::min(row + 1, rows_ - 1) * columns_];
    Colours colours;
    for (int kind = 0; kind < kinds; ++kind) {
        colours.light[kind] = mixed(mixed(upper[column].light[kind], upper[right].light[kind], across),
                                    mixed(lower[column].light[kind], lower[right].light[kind], across), down);
    }
    colours.lamps = mixed(mixed(upper[column].lamps, upper[right].lamps, across),
                          mixed(lower[column].lamps, lower[right].lamps, across), down);
    return colours;
}

SubjectLight EdgeColours::subject_light(int y, int x, const float* pixel, float share) const {
    const Colours colours = colours_at(y, x);
    const float rest = 1.0f - share, spread = share / (share * share + rest * rest);
    std::array<float, 3> expected;
    for (int i = 0; i < 3; ++i) expected[i] = share * colours.light[i] + rest * colours.light[i + 3];
    const float times_expected = brightest(pixel) / std::max(brightest(expected.data()), least_expected);
    const float lamps = colours.lamps * std::clamp(times_expected - stands_out, 0.0f, 1.0f);
    const float most_behind = rest * brightest_lamp * std::max(limits_.white(), brightest(pixel));
    SubjectLight light;
    for (int i = 0; i < 3; ++i) {
        const float subject = colours.light[i], most = (brighter * subject + glow) / rest;
        const float usual = std::min(subject + spread * (pixel[i] - expected[i]), most);
        // What no lamp is bright enough for remains the subject's.
        const float before_lamp = std::max(std::min(usual, subject), (pixel[i] - most_behind) / share);
        light[i] = std::clamp(share * mixed(usual, before_lamp, lamps), std::min(pixel[i], 0.0f), std::max(pixel[i], 0.0f));
    }
    return light;
}

}  // namespace nightjar
