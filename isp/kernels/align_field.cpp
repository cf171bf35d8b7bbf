#include "align_field.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

#include "pieces.hpp"
#include "rows.hpp"

namespace nightjar {

namespace {

Vector vector_at(const std::int16_t* pair) { return {pair[0], pair[1]}; }

Vector whole(double y, double x) { return {static_cast<int>(std::rint(y)), static_cast<int>(std::rint(x))}; }

// The coarser tile that stands nearest.
std::ptrdiff_t nearest_place(const Expected& expected, int row, int column) {
    const int half = expected.factor / 2;
    const int y = std::min((row + half) / expected.factor, expected.rows - 1);
    const int x = std::min((column + half) / expected.factor, expected.columns - 1);
    return static_cast<std::ptrdiff_t>(y) * expected.columns + x;
}

// Integer sums over a tile. With g the slope times four (central differences of both pictures added up),
// d = frame - reference and r = reference.
struct TileSums {
    std::int32_t yy, yx, xx, yd, xd, dd, rr;  // of products gy gy, gy gx, gx gx, gy d, gx d, d d, r r
    std::int32_t y, x, d, r;
};

std::int32_t sum_of(const std::int16_t (&columns)[tile]) {
    return std::accumulate(columns, columns + tile, std::int32_t{0});
}

TileSums sums_of_tile(const TwoGreys& greys, const Vector& window, const Vector& vector) {
    const std::ptrdiff_t width = greys.frame.width;
    const std::uint8_t* reference = greys.reference.row(window.y) + window.x;
    const std::uint8_t* frame = greys.frame.row(window.y + vector.y) + window.x + vector.x;
    std::int32_t yy = 0, yx = 0, xx = 0, yd = 0, xd = 0, dd = 0, rr = 0;
    // A column's sum of 16 slopes, 1020 at most, fits.
    std::int16_t ys[tile] = {}, xs[tile] = {}, ds[tile] = {}, rs[tile] = {};
    for (int y = 0; y < tile; ++y) {
        ROWS_DO_NOT_OVERLAP
        for (int x = 0; x < tile; ++x) {
            const std::int16_t r = reference[x];
            const auto d = static_cast<std::int16_t>(frame[x] - reference[x]);
            const auto gx = static_cast<std::int16_t>(reference[x + 1] - reference[x - 1] + frame[x + 1] - frame[x - 1]);
            const auto gy = static_cast<std::int16_t>(reference[x + width] - reference[x - width] + frame[x + width] -
                                                      frame[x - width]);
            yy += gy * gy;
            yx += gy * gx;
            xx += gx * gx;
            yd += gy * d;
            xd += gx * d;
            dd += d * d;
            rr += r * r;
            ys[x] = static_cast<std::int16_t>(ys[x] + gy);
            xs[x] = static_cast<std::int16_t>(xs[x] + gx);
            ds[x] = static_cast<std::int16_t>(ds[x] + d);
            rs[x] = static_cast<std::int16_t>(rs[x] + r);
        }
        reference += width;
        frame += width;
    }
    return {yy, yx, xx, yd, xd, dd, rr, sum_of(ys), sum_of(xs), sum_of(ds), sum_of(rs)};
}

// A symmetric 2 x 2 matrix, and what solves it.
struct Symmetric {
    double yy, yx, xx;

    // The off-diagonal no larger than a positive matrix has.
    Symmetric held() const {
        const double most = std::sqrt(yy * xx);
        return {yy, std::clamp(yx, -most, most), xx};
    }

    void solve(double y, double x, double* out_y, double* out_x) const {
        const double whole = yy * xx - yx * yx;
        *out_y = (xx * y - yx * x) / whole;
        *out_x = (yy * x - yx * y) / whole;
    }
};

// Slopes were taken four times too steep.
constexpr double slope_scale = 4.0;
// Refining by more is a guess: the match was to the nearest pixel.
constexpr double farthest = 1.0;
// Of the texture's energy so much may be missing where a tile is explained: it then correlates by about 0.8.
constexpr double unexplained = 0.4;
// Of the texture's energy so much may be left between two fits to fractions of a pixel.
constexpr double misfit = 0.05;
// Of the level itself so much may be missing: lamps flicker.
constexpr double flicker = 0.25;

// What one tile says.
struct Seen {
    double y, x;
    Symmetric trust;
    double left;     // energy of the difference that moving by (y, x) does not explain
    double texture;  // of the reference, without noise
    bool same_level;
};

Seen seen_in(const TileSums& sums, const TileNoise& noise, const Vector& vector) {
    // Around the tile's means: a lamp that flickers must not pull.
    const auto around = [](double products, double a, double b) { return products - a * b / tile_pixels; };
    const double ys = sums.y, xs = sums.x, ds = sums.d, rs = sums.r;
    const double yd = around(sums.yd, ys, ds), xd = around(sums.xd, xs, ds), dd = around(sums.dd, ds, ds);
    const Symmetric slopes = Symmetric{std::max(around(sums.yy, ys, ys) - noise.slopes, 0.0), around(sums.yx, ys, xs),
                                       std::max(around(sums.xx, xs, xs) - noise.slopes, 0.0)}.held();
    double down, across;
    // A little doubt keeps the matrix from being singular, and a flat tile where it is.
    const double doubt = noise.slopes_scatter;
    Symmetric{slopes.yy + doubt, slopes.yx, slopes.xx + doubt}.solve(-slope_scale * yd, -slope_scale * xd, &down, &across);
    down = std::clamp(down, -farthest, farthest);
    across = std::clamp(across, -farthest, farthest);
    const double left = std::max(dd + (down * yd + across * xd) / slope_scale, 0.0);
    // What does not fit is worth less.
    const double share = 1.0 / (noise.of_vector * std::max(left / noise.difference, 1.0));
    const Symmetric trust = Symmetric{std::max(slopes.yy - doubt, 0.0) * share, slopes.yx * share,
                                      std::max(slopes.xx - doubt, 0.0) * share}.held();
    const double texture = std::max(around(sums.rr, rs, rs) - noise.grain, 0.0);
    return {vector.y + down, vector.x + across, trust, left, texture,
            std::abs(ds) <= std::max(flicker * (rs - noise.black), noise.level)};
}

void store(const Seen& seen, const TileNoise& noise, std::ptrdiff_t place, std::ptrdiff_t places, const Observed& out) {
    out.vectors[place] = seen.y;
    out.vectors[places + place] = seen.x;
    out.trust[place] = seen.trust.yy;
    out.trust[places + place] = seen.trust.yx;
    out.trust[2 * places + place] = seen.trust.xx;
    out.textured[place] = seen.texture > noise.grain;
    out.explained[place] = seen.left <= noise.most + unexplained * seen.texture && seen.same_level;
}

// Whether the hand's movement fits as well as the tile's own, but for noise and what fractions of a pixel leave.
bool fits_as_well(const Seen& by_hand, const Seen& own, const TileNoise& noise) {
    return by_hand.left <= own.left + noise.most - noise.difference + misfit * own.texture && by_hand.same_level;
}

void nothing_seen(const Vector& vector, std::ptrdiff_t place, std::ptrdiff_t places, const Observed& out) {
    out.vectors[place] = vector.y;
    out.vectors[places + place] = vector.x;
    for (int k = 0; k < 3; ++k) out.trust[k * places + place] = 0.0;
    out.textured[place] = 0;
    out.explained[place] = 0;
}

// The field while it settles. All are (2, rows, columns) but the trust.
class Settling {
public:
    Settling(const TileGrid& grid, const double* trust, const Smoothness& smoothness)
        : own(2 * grid.places()), expected(2 * grid.places()), grid_(grid), trust_(trust), smoothness_(smoothness) {}

    std::vector<double> own;       // how tiles stray by what they say themselves
    std::vector<double> expected;  // and by what can be expected of them

    // What the coarser level says counts where it is far from the hand's movement: that is a thing of its own. What is
    // near may as well be chance, and the hand's movement is known better.
    void expect(std::ptrdiff_t place, double down, double across) {
        const double far = 1.0 + (down * down + across * across) / (smoothness_.apart * smoothness_.apart);
        const double share = 1.0 - 1.0 / (far * far);
        expected[place] = share * down;
        expected[grid_.places() + place] = share * across;
    }

    // `before` is the field of the round before; without it no neighbour is heard.
    void settle(int row, int column, const double* before, double* out) const {
        const std::ptrdiff_t places = grid_.places(), place = grid_.place(row, column);
        const double yy = trust_[place], yx = trust_[places + place], xx = trust_[2 * places + place];
        const Pair from = pair_at(own.data(), place), so_far = before ? pair_at(before, place) : from;
        Pair pull{yy * from.y + yx * from.x, yx * from.y + xx * from.x};
        double weights = 0.0;
        const auto hear = [&](const Pair& other, double deviation) {
            const double weight = fading(deviation, other.y - so_far.y, other.x - so_far.x);
            weights += weight;
            pull.y += weight * other.y;
            pull.x += weight * other.x;
        };
        hear(pair_at(expected.data(), place), smoothness_.stray);
        constexpr int steps[4][2] = {{-1, 0}, {0, -1}, {0, 1}, {1, 0}};
        for (const auto& step : steps) {
            const int y = row + step[0], x = column + step[1];
            if (!before || y < 0 || x < 0 || y >= grid_.rows || x >= grid_.columns) continue;
            hear(pair_at(before, grid_.place(y, x)), smoothness_.roughness);
        }
        Symmetric{yy + weights, yx, xx + weights}.solve(pull.y, pull.x, out + place, out + places + place);
    }

private:
    struct Pair {
        double y, x;
    };

    Pair pair_at(const double* field, std::ptrdiff_t place) const { return {field[place], field[grid_.places() + place]}; }

    // 1 / deviation squared, fading for what is farther away than it could be by chance; never quite 0, so that a tile
    // without texture has an answer.
    double fading(double deviation, double dy, double dx) const {
        const double far = 1.0 + (dy * dy + dx * dx) / (smoothness_.apart * smoothness_.apart);
        return 1.0 / (deviation * deviation * far * far) + 1e-9;
    }

    const TileGrid& grid_;
    const double* trust_;
    const Smoothness& smoothness_;
};

}  // namespace

Candidates::Candidates(const Expected& expected, int row, int column) {
    const double hand_y = expected.hand.y_at(column * pitch), hand_x = expected.hand.x_at(row * pitch);
    const auto within = [](int index, int count) { return std::min(index, count - 1); };
    const int above = within(row / expected.factor, expected.rows), below = within(above + 1, expected.rows);
    const int left = within(column / expected.factor, expected.columns), right = within(left + 1, expected.columns);
    const std::ptrdiff_t nearest = nearest_place(expected, row, column);
    const auto place = [&](int y, int x) { return static_cast<std::ptrdiff_t>(y) * expected.columns + x; };
    const std::ptrdiff_t coarser[5] = {nearest, place(above, left), place(above, right), place(below, left),
                                       place(below, right)};
    const double* strays_x = expected.strays + place(expected.rows, 0);
    for (int k = 0; k < 5; ++k) {
        vectors[k] = whole(hand_y + expected.factor * expected.strays[coarser[k]],
                           hand_x + expected.factor * strays_x[coarser[k]]);
    }
    vectors[5] = whole(hand_y, hand_x);
}

void observe_tiles(const TwoGreys& greys, const TileGrid& grid, const TileField& field, const Hand& hand,
                   const TileNoise& noise, const Observed& out, int threads) {
    run_pieces(threads_for(threads), grid.rows, [&](int, int row) {
        for (int column = 0; column < grid.columns; ++column) {
            const std::ptrdiff_t place = grid.place(row, column);
            const Vector window = vector_at(field.windows + 2 * place), vector = vector_at(field.vectors + 2 * place);
            if (window.y < 0) {
                nothing_seen(vector, place, grid.places(), out);
                continue;
            }
            Seen seen = seen_in(sums_of_tile(greys, window, vector), noise, vector);
            const double y = window.y + pitch, x = window.x + pitch;
            const Vector by_hand = whole(hand.y_at(x), hand.x_at(y));
            const bool by_itself = std::abs(by_hand.y - vector.y) > 1 || std::abs(by_hand.x - vector.x) > 1;
            if (by_itself && reaches(greys, window, by_hand)) {
                const Seen other = seen_in(sums_of_tile(greys, window, by_hand), noise, by_hand);
                if (fits_as_well(other, seen, noise)) seen = other;
            }
            store(seen, noise, place, grid.places(), out);
        }
    });
}

void settle_tiles(const TileGrid& grid, const double* vectors, const double* trust, const std::int16_t* windows,
                  const Expected& expected, const Hand& hand, const Smoothness& smoothness, double* strays,
                  int threads) {
    const std::ptrdiff_t places = grid.places();
    const double* expected_x = expected.strays + static_cast<std::ptrdiff_t>(expected.rows) * expected.columns;
    Settling settling(grid, trust, smoothness);
    const auto all_places = [&](const auto& work) {
        run_pieces(threads_for(threads), grid.rows, [&](int, int row) {
            for (int column = 0; column < grid.columns; ++column) work(row, column);
        });
    };
    all_places([&](int row, int column) {
        const std::ptrdiff_t place = grid.place(row, column), coarser = nearest_place(expected, row, column);
        const double y = windows[2 * place] + pitch, x = windows[2 * place + 1] + pitch;
        settling.own[place] = vectors[place] - hand.y_at(x);
        settling.own[places + place] = vectors[places + place] - hand.x_at(y);
        settling.expect(place, expected.factor * expected.strays[coarser], expected.factor * expected_x[coarser]);
    });
    all_places([&](int row, int column) { settling.settle(row, column, nullptr, strays); });
    std::vector<double> before(2 * places);
    for (int round = 0; round < smoothness.rounds; ++round) {
        std::copy(strays, strays + 2 * places, before.begin());
        all_places([&](int row, int column) { settling.settle(row, column, before.data(), strays); });
    }
}

}  // namespace nightjar
