#include "align_field.hpp"

#include <algorithm>
#include <vector>

#include "pieces.hpp"

namespace nightjar {

namespace {

// The coarser tile that stands nearest.
std::ptrdiff_t nearest_place(const Expected& expected, int row, int column) {
    const int half = expected.factor / 2;
    const int y = std::min((row + half) / expected.factor, expected.rows - 1);
    const int x = std::min((column + half) / expected.factor, expected.columns - 1);
    return static_cast<std::ptrdiff_t>(y) * expected.columns + x;
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

    Pair pair_at(const double* field, std::ptrdiff_t place) const {
        return {field[place], field[grid_.places() + place]};
    }

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
    const double hand_y = expected.hand.y_at(column * half_tile), hand_x = expected.hand.x_at(row * half_tile);
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
        const double y = windows[2 * place] + half_tile, x = windows[2 * place + 1] + half_tile;
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
