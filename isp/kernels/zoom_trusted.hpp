// From what the samples of quads miss to how far they are trusted.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "zoom_trust.hpp"

namespace nightjar {

// Quads each way around a place that it is judged with, its light with more of them, and those beside something else
// that are left out with it.
constexpr int near_reach = 1, wide_reach = 2, lean_reach = 3, beside_reach = 2;

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

// Trust in a row of quads by itself, and what it leaves of the trust in those beside it.
struct Trusted {
    std::vector<float> own, beside, even;  // even: whether light itself differs, 0 much, 1 somewhat, 2 no
};

// Of row `at` of the sums.
Trusted trusted_row(const TrustFacts& facts, const Sums& sums, int at);

// Row `at` of those in `rows`, as `trust_in_frame` tells it.
void write_trust(const std::vector<Trusted>& rows, int at, std::uint8_t* out);

}  // namespace nightjar
