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

}  // namespace

void EdgeColours::Sums::add(const Sums& other) {
    subject_square += other.subject_square;
    both += other.both;
    behind_square += other.behind_square;
    for (int i = 0; i < kinds; ++i) light[i] += other.light[i];
}

EdgeColours::EdgeColours(const FocusPicture& picture, float white, int threads) {
    if (!picture.subject) return;
    rows_ = (picture.height + cell - 1) / cell;
    columns_ = (picture.width + cell - 1) / cell;
    mark(picture, threads);
    std::vector<Sums> sums(soft_.size());
    run_pieces(threads, rows_, [&](int, int row) {
        for (int column = 0; column < columns_; ++column) {
            if (is_near(row, column, far_reach + 1)) sums[row * columns_ + column] = sums_of(picture, row, column, white);
        }
    });
    colours_.resize(soft_.size());
    run_pieces(threads, rows_, [&](int, int row) {
        for (int column = 0; column < columns_; ++column) {
            if (!is_near(row, column, 1)) continue;
            const Sums far = around(sums, row, column, far_reach);
            std::array<float, kinds>& colours = colours_[row * columns_ + column];
            const float subject = std::max(far.subject_square + far.both, 1e-6f);
            const float behind = std::max(far.behind_square + far.both, 1e-6f);
            for (int i = 0; i < 3; ++i) {
                colours[i] = far.light[i] / subject;
                colours[i + 3] = far.light[i + 3] / behind;
            }
            solve(far, far_trust, colours);
            solve(around(sums, row, column, 1), near_trust, colours);
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

EdgeColours::Sums EdgeColours::sums_of(const FocusPicture& picture, int row, int column, float white) const {
    Sums sums;
    for (int y = row * cell; y < std::min((row + 1) * cell, picture.height); ++y) {
        const float* pixel = picture.row(y) + 3 * column * cell;
        const std::uint8_t* subject = picture.subject_row(y);
        for (int x = column * cell; x < std::min((column + 1) * cell, picture.width); ++x, pixel += 3) {
            const float share = static_cast<float>(subject[x]) / 255.0f, rest = 1.0f - share;
            sums.subject_square += share * share;
            sums.both += share * rest;
            sums.behind_square += rest * rest;
            for (int i = 0; i < 3; ++i) {
                const float light = std::min(pixel[i], white);
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

SubjectLight EdgeColours::subject_light(int y, int x, const float* pixel, float share) const {
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
    const float rest = 1.0f - share, spread = share / (share * share + rest * rest);
    SubjectLight light;
    for (int i = 0; i < 3; ++i) {
        const auto at = [&](int kind) {
            const float above = upper[column][kind] + across * (upper[right][kind] - upper[column][kind]);
            const float below = lower[column][kind] + across * (lower[right][kind] - lower[column][kind]);
            return above + down * (below - above);
        };
        const float subject = at(i), behind = at(i + 3);
        const float unexplained = pixel[i] - share * subject - rest * behind;
        const float most = (brighter * subject + glow) / rest;
        const float colour = std::min(subject + spread * unexplained, most);
        light[i] = std::clamp(share * colour, std::min(pixel[i], 0.0f), std::max(pixel[i], 0.0f));
    }
    return light;
}

}  // namespace nightjar
