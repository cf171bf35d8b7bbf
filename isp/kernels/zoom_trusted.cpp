#include "zoom_trusted.hpp"

#include <algorithm>

#include "rows.hpp"

namespace nightjar {

namespace {

// Sums over a square of quads; those beyond the ends do not count. `at` is the row within values of `rows`.
void square_sums(const std::vector<float>& values, int rows, int columns, int at, int reach, float* padded, float* out) {
    std::fill(padded, padded + columns + 2 * lean_reach, 0.0f);
    float* down = padded + lean_reach;
    for (int row = std::max(at - reach, 0); row <= std::min(at + reach, rows - 1); ++row) {
        const float* from = values.data() + static_cast<std::ptrdiff_t>(row) * columns;
        ROWS_DO_NOT_OVERLAP
        for (int x = 0; x < columns; ++x) down[x] += from[x];
    }
    std::fill(out, out + columns, 0.0f);
    for (int k = -reach; k <= reach; ++k) {
        ROWS_DO_NOT_OVERLAP
        for (int x = 0; x < columns; ++x) out[x] += down[x + k];
    }
}

float squared(float value) { return value * value; }

// Falls from 1 to 0 between two limits of found / allowed.
float share_between(float found, float allowed, const std::array<float, 2>& limits, float times) {
    const float share = (times * limits[1] - found / allowed) / (times * (limits[1] - limits[0]));
    return share > 0.0f ? (share < 1.0f ? share : 1.0f) : 0.0f;
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
    for (int k = -beside_reach; k <= beside_reach; ++k) {
        const int first = std::max(-k, 0), end = std::min(columns - k, columns);
        ROWS_DO_NOT_OVERLAP
        for (int x = first; x < end; ++x) least[x] = down[x + k] < least[x] ? down[x + k] : least[x];
    }
    return least;
}

}  // namespace

Trusted trusted_row(const TrustFacts& facts, const Sums& sums, int at) {
    const int columns = sums.columns;
    std::vector<float> down(columns + 2 * lean_reach), near[2], wide[sums_kept], far[sums_kept];
    const auto around = [&](int kind, int reach, std::vector<float>& line) {
        line.resize(columns);
        square_sums(sums.of[kind], sums.rows, columns, at, reach, down.data(), line.data());
    };
    for (int kind = differs; kind <= expected; ++kind) around(kind, near_reach, near[kind]);
    for (int kind = 0; kind < sums_kept; ++kind) around(kind, wide_reach, wide[kind]);
    for (int kind = leans; kind < sums_kept; ++kind) around(kind, lean_reach, far[kind]);
    Trusted row{std::vector<float>(columns), std::vector<float>(columns), std::vector<float>(columns)};
    for (int x = 0; x < columns; ++x) {
        const auto leaning = [&](const std::vector<float>* sums_around, float flicker, float times) {
            const float allowed = sums_around[weight][x] + squared(flicker * sums_around[light][x]);
            return share_between(squared(sums_around[leans][x]), allowed, facts.lean, times);
        };
        const auto share = [&](float times) {
            return std::min({share_between(near[differs][x], near[expected][x], facts.near, times),
                             share_between(wide[differs][x], wide[expected][x], facts.wide, times),
                             leaning(far, facts.flicker, times), leaning(wide, facts.flicker, times)});
        };
        row.own[x] = share(1.0f);
        row.beside[x] = share(facts.certain);
        // False coarse waves have means too, over a wider square and beside less flicker more of them.
        const float swings = facts.false_light;
        row.even[x] = leaning(wide, swings, facts.foreign) <= 0.0f ? 0.0f : leaning(wide, swings, 1.0f) < 1.0f ? 1.0f : 2.0f;
    }
    return row;
}

void write_trust(const std::vector<Trusted>& rows, int at, std::uint8_t* out) {
    const std::vector<float> beside = least_around(rows, at, &Trusted::beside), even = least_around(rows, at, &Trusted::even);
    for (std::size_t x = 0; x < beside.size(); ++x) {
        const float trust = std::min(rows[at].own[x], beside[x]);
        const float least = even[x];
        out[x] = static_cast<std::uint8_t>(least + trust * (255.0f - trust_least) + 0.5f);
    }
}

}  // namespace nightjar
