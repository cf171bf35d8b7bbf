#include "align_observe.hpp"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <numeric>

#include "pieces.hpp"
#include "rows.hpp"

namespace nightjar {

namespace {

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
            const auto gx = static_cast<std::int16_t>(reference[x + 1] - reference[x - 1] + frame[x + 1] -
                                                      frame[x - 1]);
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

// The off-diagonal no larger than a positive matrix has.
Symmetric held(const Symmetric& matrix) {
    const double most = std::sqrt(matrix.yy * matrix.xx);
    return {matrix.yy, std::clamp(matrix.yx, -most, most), matrix.xx};
}

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
    const Symmetric slopes = held({std::max(around(sums.yy, ys, ys) - noise.slopes, 0.0), around(sums.yx, ys, xs),
                                   std::max(around(sums.xx, xs, xs) - noise.slopes, 0.0)});
    double down, across;
    // A little doubt keeps the matrix from being singular, and a flat tile where it is.
    const double doubt = noise.slopes_scatter;
    const Symmetric doubted{slopes.yy + doubt, slopes.yx, slopes.xx + doubt};
    doubted.solve(-slope_scale * yd, -slope_scale * xd, &down, &across);
    down = std::clamp(down, -farthest, farthest);
    across = std::clamp(across, -farthest, farthest);
    const double left = std::max(dd + (down * yd + across * xd) / slope_scale, 0.0);
    // What does not fit is worth less.
    const double share = 1.0 / (noise.of_vector * std::max(left / noise.difference, 1.0));
    const Symmetric trust = held({std::max(slopes.yy - doubt, 0.0) * share, slopes.yx * share,
                                  std::max(slopes.xx - doubt, 0.0) * share});
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

}  // namespace

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
            const double y = window.y + half_tile, x = window.x + half_tile;
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

}  // namespace nightjar
