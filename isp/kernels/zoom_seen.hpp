// What samples see of the fine picture, and what they give back to it.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "zoom_lanes.hpp"
#include "zoom_tile.hpp"

namespace nightjar {

// Where the three columns that samples see begin in a row of the fine picture.
inline std::array<std::size_t, 3> columns_of(std::int32_t column) {
    std::array<std::size_t, 3> starts{};
    for (int k = 0; k < 3; ++k) {
        const int at = column - 1 + k;
        starts[k] = static_cast<std::size_t>(at % zoom_phases) * zoom_quads + at / zoom_phases;
    }
    return starts;
}

// What one fine row gives samples, or (`seen` of a row) what three give them.
inline void weighed(const Seen& seen, const Eight& before, const Eight& middle, const Eight& after, Eight& out) {
    out = seen.before * before + seen.middle * middle + seen.after * after;
}

// What the samples should be, if the fine picture is so.
inline void expected_samples(const float* fine, const ZoomSamples& samples, const Seen& down, const Seen& across,
                             Eight& out) {
    const auto columns = columns_of(samples.column);
    Eight lines[3];
    for (int k = 0; k < 3; ++k) {
        const float* row = fine + fine_at(samples.row - 1 + k, 0, 0);
        Eight before, middle, after;
        load(before, row + columns[0]);
        load(middle, row + columns[1]);
        load(after, row + columns[2]);
        weighed(across, before, middle, after, lines[k]);
    }
    weighed(down, lines[0], lines[1], lines[2], out);
}

// Gives back to the fine pixels what their samples miss, each as it sees them.
inline void give_back(float* fine, const ZoomSamples& samples, const Seen& down, const Seen& across,
                      const Eight& missed) {
    const auto columns = columns_of(samples.column);
    const Eight shares[3] = {down.before * missed, down.middle * missed, down.after * missed};
    for (int k = 0; k < 3; ++k) {
        float* row = fine + fine_at(samples.row - 1 + k, 0, 0);
        const auto add = [&](std::size_t column, const Eight& seen) {
            Eight sum;
            load(sum, row + column);
            sum += seen * shares[k];
            store(row + column, sum);
        };
        add(columns[0], across.before);
        add(columns[1], across.middle);
        add(columns[2], across.after);
    }
}

}  // namespace nightjar
