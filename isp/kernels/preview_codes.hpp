// Raw counts to display codes, row by row: balance, demosaic, colour matrix, tone curve.
#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>

#include "preview_balance.hpp"
#include "preview_colour.hpp"
#include "preview_sharpen.hpp"
#include "preview_tone.hpp"

namespace nightjar {

struct FinishFacts {
    LimitLines chroma;  // 0 everywhere leaves colour as it is
    SharpenFacts sharpen;
};

struct PreviewFacts {
    BalanceFacts balance;
    MatrixFacts matrix;
    std::shared_ptr<const DisplayCurve> curve;
    Lane brightest;  // what interpolation may overshoot to
    int red_row, red_column;
    FinishFacts finish;
};

class CodeRows {
public:
    static constexpr int reach = 2;  // columns looked at to each side

    // counts   the whole picture
    CodeRows(const PreviewFacts& facts, const std::uint16_t* counts, const Tile& tile);

    // Makes ready row y, which lies in the picture or, mirrored, just below it. Ask for rows in rising order.
    void go_to(int y);

    // Calls take(i, codes) for all lanes i of the half rows of that row from `first` on, a register at a time.
    template <typename Take>
    void each(int first, int lanes, const Take& take) {
        const int red_parity = red_row_ ? facts_.red_column : 1 - facts_.red_column;
        if (red_row_ && red_parity == 0) each_of<true, 0>(first, lanes, take);
        if (red_row_ && red_parity == 1) each_of<true, 1>(first, lanes, take);
        if (!red_row_ && red_parity == 0) each_of<false, 0>(first, lanes, take);
        if (!red_row_ && red_parity == 1) each_of<false, 1>(first, lanes, take);
    }

    // Asks memory for part of a row of counts that will be wanted soon.
    void prefetch(int y, int x, int width) const {
        if (y >= tile_.height) return;
        const std::uint16_t* row = counts_ + static_cast<std::ptrdiff_t>(y) * tile_.picture_width + x;
        constexpr int cache_line = 64 / sizeof(std::uint16_t);
        for (int i = 0; i < width; i += cache_line) __builtin_prefetch(row + i);
    }

private:
    Halves light(int y);

    // red_row      whether the row measures red, or blue
    // own_parity   the columns where it does
    template <bool red_row, int own_parity, typename Take>
    void each_of(int first, int lanes, const Take& take);

    const PreviewFacts& facts_;
    const std::uint16_t* counts_;
    Tile tile_;
    Balance balance_;
    LaneRing light_, places_;
    std::array<ConstHalves, 5> rows_;  // of light, around the row that is ready
    bool red_row_ = false;
};

template <bool red_row, int own_parity, typename Take>
void CodeRows::each_of(int first, int lanes, const Take& take) {
    std::array<ConstHalves, 5> rows = rows_;
    for (ConstHalves& row : rows) row = {row[0] + first, row[1] + first};
    const Demosaicking light(rows, own_parity, facts_.brightest);
    const ColourMatch match(facts_.matrix, red_row, facts_.balance.pedestal);
    const CurveInRegisters curve(*facts_.curve);
    const auto drawn = [&](const RowColours& raw, int parity, PairCodes& codes) {
        const RowColours matched = match(raw);
        (red_row ? codes.red : codes.blue)[parity] = curve.draw(matched.own);
        codes.green[parity] = curve.draw(matched.green);
        (red_row ? codes.blue : codes.red)[parity] = curve.draw(matched.other);
    };
    const auto pair_at = [&](int i) {
        PairCodes codes;
        drawn(light.at_own(i), own_parity, codes);
        drawn(light.at_green(i), 1 - own_parity, codes);
        return codes;
    };
    if constexpr (CurveInRegisters::complete) {
        for (int i = 0; i < lanes; i += register_lanes) take(first + i, pair_at(i));
        return;
    }
    // Look-ups go through memory, in blocks that stay in the nearest cache.
    for (int i = 0; i < lanes; i += register_lanes) {
        const PairCodes places = pair_at(i);
        for (int parity = 0; parity < 2; ++parity) {
            store(places_.plane(0, parity) + i, places.red[parity]);
            store(places_.plane(0, 2 + parity) + i, places.green[parity]);
            store(places_.plane(0, 4 + parity) + i, places.blue[parity]);
        }
    }
    for (int plane = 0; plane < 6; ++plane) curve.look_up(places_.plane(0, plane), lanes);
    for (int i = 0; i < lanes; i += register_lanes) {
        const auto codes = [&](int plane) { return load(places_.plane(0, plane) + i); };
        take(first + i, {{codes(0), codes(1)}, {codes(2), codes(3)}, {codes(4), codes(5)}});
    }
}

}  // namespace nightjar
