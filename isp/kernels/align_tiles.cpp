#include "align_tiles.hpp"

#include <algorithm>
#include <cstdlib>
#include <cstring>

#include "pieces.hpp"
#include "rows.hpp"

namespace nightjar {

namespace {

struct Vector {
    int y, x;

    bool operator==(const Vector& other) const { return y == other.y && x == other.x; }
};

Vector vector_at(const std::int16_t* pair) { return {pair[0], pair[1]}; }

void store(const Vector& vector, std::int16_t* pair) {
    pair[0] = static_cast<std::int16_t>(vector.y);
    pair[1] = static_cast<std::int16_t>(vector.x);
}

struct Absolute {
    static int of(int difference) { return difference < 0 ? -difference : difference; }
};

struct Squared {
    static int of(int difference) { return difference * difference; }
};

template <int tile, typename Measure>
int difference_of(const std::uint8_t* a, const std::uint8_t* b, std::ptrdiff_t width) {
    int sum = 0;
    for (int y = 0; y < tile; ++y) {
        ROWS_DO_NOT_OVERLAP
        for (int x = 0; x < tile; ++x) sum += Measure::of(b[x] - a[x]);
        a += width;
        b += width;
    }
    return sum;
}

// Slopes look one pixel around the tile.
constexpr int around = 1;

// Start of the window along one axis such that it lies in both pictures for vectors within `radius` of this one; -1
// where there is no such place.
int window_start(int middle, int tile, int length, int vector, int radius) {
    const int low = std::max(around, around - vector + radius);
    const int high = std::min(length - around, length - around - vector - radius) - tile;
    return low > high ? -1 : std::clamp(middle - tile / 2, low, high);
}

// The tile of one place, and how it differs from the frame at any vector.
template <int tile, typename Measure>
class ComparedTile {
public:
    ComparedTile(const TwoGreys& greys, const Vector& window) : greys_(greys), window_(window) {}

    bool reaches(const Vector& vector) const {
        const int y = window_.y + vector.y, x = window_.x + vector.x;
        return y >= around && x >= around && y + tile + around <= greys_.frame.height &&
               x + tile + around <= greys_.frame.width;
    }

    int differs_at(const Vector& vector) const {
        return difference_of<tile, Measure>(greys_.reference.row(window_.y) + window_.x,
                                            greys_.frame.row(window_.y + vector.y) + window_.x + vector.x,
                                            greys_.frame.width);
    }

private:
    const TwoGreys& greys_;
    Vector window_;
};

Vector window_of(const TwoGreys& greys, const TileGrid& grid, int row, int column, const Vector& vector, int radius) {
    const int pitch = grid.tile / 2;
    for (const int reach : {radius, 0}) {
        const Vector start{window_start(row * pitch, grid.tile, greys.reference.height, vector.y, reach),
                           window_start(column * pitch, grid.tile, greys.reference.width, vector.x, reach)};
        if (start.y >= 0 && start.x >= 0) return start;
    }
    return {-1, -1};
}

template <typename Tile>
Vector best_of(const Tile& compared, const std::int16_t* candidates, int count, int radius, int margin) {
    Vector expected = vector_at(candidates);
    int least = compared.differs_at(expected) - margin;
    Vector best = expected;
    for (int k = 1; k < count; ++k) {
        const Vector vector = vector_at(candidates + 2 * k);
        if (vector == vector_at(candidates + 2 * k - 2) || vector == expected || !compared.reaches(vector)) continue;
        const int difference = compared.differs_at(vector);
        if (difference < least) {
            least = difference;
            best = vector;
        }
    }
    if (!(best == expected)) least -= margin;
    const Vector middle = best;
    for (int y = -radius; y <= radius; ++y) {
        for (int x = -radius; x <= radius; ++x) {
            const Vector vector{middle.y + y, middle.x + x};
            if (vector == middle || !compared.reaches(vector)) continue;
            const int difference = compared.differs_at(vector);
            if (difference < least) {
                least = difference;
                best = vector;
            }
        }
    }
    return best;
}

template <int tile, typename Measure>
void match_rows(const TwoGreys& greys, const TileGrid& grid, const std::int16_t* candidates, int count, int radius,
                int margin, const TileField& out, int threads) {
    run_pieces(threads_for(threads), grid.rows, [&](int, int row) {
        for (int column = 0; column < grid.columns; ++column) {
            const std::ptrdiff_t place = static_cast<std::ptrdiff_t>(row) * grid.columns + column;
            const std::int16_t* own = candidates + 2 * count * place;
            const Vector window = window_of(greys, grid, row, column, vector_at(own), radius);
            store(window, out.windows + 2 * place);
            const Vector best = window.y < 0 ? vector_at(own)
                                             : best_of(ComparedTile<tile, Measure>(greys, window), own, count, radius, margin);
            store(best, out.vectors + 2 * place);
        }
    });
}

// How far apart two vectors are, counted up to `most`.
int apart_by(const Vector& a, const Vector& b, int most) {
    return std::min(std::abs(a.y - b.y) + std::abs(a.x - b.x), most);
}

// Vectors of the places around one, those outside the grid left out.
struct Neighbours {
    Vector vectors[8];
    int count = 0;

    Neighbours(const TileGrid& grid, const std::int16_t* field, int row, int column) {
        for (int y = std::max(row - 1, 0); y <= std::min(row + 1, grid.rows - 1); ++y) {
            for (int x = std::max(column - 1, 0); x <= std::min(column + 1, grid.columns - 1); ++x) {
                if (y == row && x == column) continue;
                vectors[count++] = vector_at(field + 2 * (static_cast<std::ptrdiff_t>(y) * grid.columns + x));
            }
        }
    }

    int apart_from(const Vector& vector, int most) const {
        int sum = 0;
        for (int k = 0; k < count; ++k) sum += apart_by(vector, vectors[k], most);
        return sum;
    }

    bool have_one_near(const Vector& vector, int reach) const {
        for (int k = 0; k < count; ++k) {
            if (apart_by(vector, vectors[k], reach + 1) <= reach) return true;
        }
        return count == 0;
    }
};

// A vector that no neighbour shares so nearly stands alone.
constexpr int company = 2;

template <int tile>
Vector agreed(const TwoGreys& greys, const Vector& window, const Vector& own, const Neighbours& around_it, int apart,
              int most) {
    const bool all_alike = std::all_of(around_it.vectors, around_it.vectors + around_it.count,
                                       [&](const Vector& vector) { return vector == own; });
    if (all_alike) return own;
    const ComparedTile<tile, Absolute> compared(greys, window);
    const bool is_alone = !around_it.have_one_near(own, company);
    Vector best = own;
    int least = is_alone ? INT32_MAX : compared.differs_at(own) + apart * around_it.apart_from(own, most);
    for (int k = 0; k < around_it.count; ++k) {
        const Vector vector = around_it.vectors[k];
        const bool seen = std::find(around_it.vectors, around_it.vectors + k, vector) != around_it.vectors + k;
        if (seen || vector == own || !compared.reaches(vector)) continue;
        const int cost = compared.differs_at(vector) + apart * around_it.apart_from(vector, most);
        if (cost < least) {
            least = cost;
            best = vector;
        }
    }
    return best;
}

template <int tile>
void sums_of_tile(const TwoGreys& greys, const Vector& window, const Vector& vector, std::int32_t* sums) {
    const std::ptrdiff_t width = greys.frame.width;
    const std::uint8_t* reference = greys.reference.row(window.y) + window.x;
    const std::uint8_t* frame = greys.frame.row(window.y + vector.y) + window.x + vector.x;
    std::int32_t yy = 0, yx = 0, xx = 0, yd = 0, xd = 0, ys = 0, xs = 0, dd = 0, ds = 0, rr = 0, rs = 0;
    for (int y = 0; y < tile; ++y) {
        ROWS_DO_NOT_OVERLAP
        for (int x = 0; x < tile; ++x) {
            const std::int16_t r = reference[x];
            const std::int16_t d = static_cast<std::int16_t>(frame[x] - reference[x]);
            const std::int16_t gx = static_cast<std::int16_t>(reference[x + 1] - reference[x - 1] + frame[x + 1] -
                                                              frame[x - 1]);
            const std::int16_t gy = static_cast<std::int16_t>(reference[x + width] - reference[x - width] +
                                                              frame[x + width] - frame[x - width]);
            yy += gy * gy;
            yx += gy * gx;
            xx += gx * gx;
            yd += gy * d;
            xd += gx * d;
            dd += d * d;
            rr += r * r;
            ys += gy;
            xs += gx;
            ds += d;
            rs += r;
        }
        reference += width;
        frame += width;
    }
    const std::int32_t all[tile_sum_kinds] = {yy, yx, xx, yd, xd, ys, xs, dd, ds, rr, rs};
    std::copy(all, all + tile_sum_kinds, sums);
}

}  // namespace

void match_tiles(const TwoGreys& greys, const TileGrid& grid, int power, const std::int16_t* candidates, int count,
                 int radius, int margin, const TileField& out, int threads) {
    const auto match = grid.tile == 8 ? (power == 1 ? &match_rows<8, Absolute> : &match_rows<8, Squared>)
                                      : (power == 1 ? &match_rows<16, Absolute> : &match_rows<16, Squared>);
    match(greys, grid, candidates, count, radius, margin, out, threads);
}

void agree_with_neighbours(const TwoGreys& greys, const TileGrid& grid, int apart, int most, const TileField& field,
                           std::int16_t* vectors, int threads) {
    const auto agree = grid.tile == 8 ? &agreed<8> : &agreed<16>;
    run_pieces(threads_for(threads), grid.rows, [&](int, int row) {
        for (int column = 0; column < grid.columns; ++column) {
            const std::ptrdiff_t pair = 2 * (static_cast<std::ptrdiff_t>(row) * grid.columns + column);
            const Vector window = vector_at(field.windows + pair), own = vector_at(field.vectors + pair);
            const Neighbours neighbours(grid, field.vectors, row, column);
            store(window.y < 0 ? own : agree(greys, window, own, neighbours, apart, most), vectors + pair);
        }
    });
}

void tile_sums(const TwoGreys& greys, const TileGrid& grid, const TileField& field, std::int32_t* sums, int threads) {
    const auto sums_of = grid.tile == 8 ? &sums_of_tile<8> : &sums_of_tile<16>;
    const std::ptrdiff_t places = grid.places();
    run_pieces(threads_for(threads), grid.rows, [&](int, int row) {
        for (int column = 0; column < grid.columns; ++column) {
            const std::ptrdiff_t place = static_cast<std::ptrdiff_t>(row) * grid.columns + column;
            const Vector window = vector_at(field.windows + 2 * place);
            std::int32_t own[tile_sum_kinds] = {};
            if (window.y >= 0) sums_of(greys, window, vector_at(field.vectors + 2 * place), own);
            for (int kind = 0; kind < tile_sum_kinds; ++kind) sums[kind * places + place] = own[kind];
        }
    });
}

}  // namespace nightjar
