#include "align_tiles.hpp"

#include <algorithm>
#include <cstdint>
#include <cstdlib>

#include "pieces.hpp"
#include "rows.hpp"

namespace nightjar {

namespace {

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

template <typename Measure>
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

// Start of the window along one axis such that it lies in both pictures for vectors within `radius` of this one; -1
// where there is no such place.
int window_start(int middle, int length, int vector, int radius) {
    const int low = std::max(around_tile, around_tile - vector + radius);
    const int high = std::min(length, length - vector - radius) - around_tile - tile;
    return low > high ? -1 : std::clamp(middle - half_tile, low, high);
}

// The tile of one place, and how it differs from the frame at any vector.
template <typename Measure>
class ComparedTile {
public:
    ComparedTile(const TwoGreys& greys, const Vector& window) : greys_(greys), window_(window) {}

    bool reaches(const Vector& vector) const { return nightjar::reaches(greys_, window_, vector); }

    int differs_at(const Vector& vector) const {
        return difference_of<Measure>(greys_.reference.row(window_.y) + window_.x,
                                            greys_.frame.row(window_.y + vector.y) + window_.x + vector.x,
                                            greys_.frame.width);
    }

    // Energy of the reference around its mean.
    int texture() const {
        const std::uint8_t* row = greys_.reference.row(window_.y) + window_.x;
        int sum = 0, squares = 0;
        for (int y = 0; y < tile; ++y, row += greys_.reference.width) {
            for (int x = 0; x < tile; ++x) {
                sum += row[x];
                squares += row[x] * row[x];
            }
        }
        return squares - static_cast<int>(static_cast<std::int64_t>(sum) * sum / tile_pixels);
    }

private:
    const TwoGreys& greys_;
    Vector window_;
};

Vector window_of(const TwoGreys& greys, int row, int column, const Vector& vector, int radius) {
    for (const int reach : {radius, 0}) {
        const Vector start{window_start(row * half_tile, greys.reference.height, vector.y, reach),
                           window_start(column * half_tile, greys.reference.width, vector.x, reach)};
        if (start.y >= 0 && start.x >= 0) return start;
    }
    return {-1, -1};
}

struct Best {
    Vector vector;
    int difference;
};

template <typename Tile>
Best best_around(const Tile& compared, Best best, const Vector& middle, int radius) {
    for (int y = middle.y - radius; y <= middle.y + radius; ++y) {
        for (int x = middle.x - radius; x <= middle.x + radius; ++x) {
            if (!compared.reaches({y, x})) continue;
            const int difference = compared.differs_at({y, x});
            if (difference < best.difference) best = {{y, x}, difference};
        }
    }
    return best;
}

template <typename Tile>
Vector best_of(const Tile& compared, const Candidates& candidates, const Search& search) {
    const Vector& expected = candidates.vectors[0];
    int least = compared.differs_at(expected) - search.margin;
    Vector best = expected;
    for (int k = 1; k < Candidates::count; ++k) {
        const Vector& vector = candidates.vectors[k];
        const bool seen = std::find(candidates.vectors, candidates.vectors + k, vector) != candidates.vectors + k;
        if (seen || !compared.reaches(vector)) continue;
        const int difference = compared.differs_at(vector);
        if (difference < least) {
            least = difference;
            best = vector;
        }
    }
    if (!(best == expected)) least -= search.margin;
    Best found = best_around(compared, {best, least}, best, search.radius);
    if (search.far == 0) return found.vector;
    const int most = search.fits + compared.texture() / 2;
    if (compared.differs_at(found.vector) <= most) return found.vector;
    // Something moved by itself, and far: what is found there must truly fit.
    found.difference = most;
    return best_around(compared, found, candidates.vectors[Candidates::count - 1], search.far).vector;
}

template <typename Measure>
void match_rows(const TwoGreys& greys, const TileGrid& grid, const Expected& expected, const Search& search,
                const TileField& out, int threads) {
    run_pieces(threads_for(threads), grid.rows, [&](int, int row) {
        for (int column = 0; column < grid.columns; ++column) {
            const Candidates candidates(expected, row, column);
            const Vector window = window_of(greys, row, column, candidates.vectors[0], search.radius);
            const ComparedTile<Measure> compared(greys, window);
            store(window, out.windows + 2 * grid.place(row, column));
            store(window.y < 0 ? candidates.vectors[0] : best_of(compared, candidates, search),
                  out.vectors + 2 * grid.place(row, column));
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
                vectors[count++] = vector_at(field + 2 * grid.place(y, x));
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

Vector agreed(const TwoGreys& greys, const Vector& window, const Vector& own, const Neighbours& around_it, int apart,
              int most) {
    const bool all_alike = std::all_of(around_it.vectors, around_it.vectors + around_it.count,
                                       [&](const Vector& vector) { return vector == own; });
    if (all_alike) return own;
    const ComparedTile<Absolute> compared(greys, window);
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

}  // namespace

void match_tiles(const TwoGreys& greys, const TileGrid& grid, const Expected& expected, const Search& search,
                 const TileField& out, int threads) {
    const auto match = search.power == 1 ? &match_rows<Absolute> : &match_rows<Squared>;
    match(greys, grid, expected, search, out, threads);
}

void agree_with_neighbours(const TwoGreys& greys, const TileGrid& grid, int apart, int most, const TileField& field,
                           std::int16_t* vectors, int threads) {
    run_pieces(threads_for(threads), grid.rows, [&](int, int row) {
        for (int column = 0; column < grid.columns; ++column) {
            const std::ptrdiff_t pair = 2 * grid.place(row, column);
            const Vector window = vector_at(field.windows + pair), own = vector_at(field.vectors + pair);
            const Neighbours neighbours(grid, field.vectors, row, column);
            store(window.y < 0 ? own : agreed(greys, window, own, neighbours, apart, most), vectors + pair);
        }
    });
}

}  // namespace nightjar
