// Raw counts to display codes, row by row: balance, highlights, demosaic, colour matrix, local tone, tone.
#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>

#include "preview_balance.hpp"
#include "preview_colour.hpp"
#include "preview_film.hpp"
#include "preview_highlights.hpp"
#include "preview_lift.hpp"
#include "preview_sharpen.hpp"
#include "preview_tone.hpp"

namespace nightjar {

struct FinishFacts {
    LimitLines chroma;  // 0 everywhere leaves colour as it is
    SharpenFacts sharpen;
};

struct PreviewFacts {
    BalanceFacts balance;
    std::optional<HighlightShares> highlights;
    MatrixFacts matrix;
    std::optional<LiftGrid> lift;
    FilmFacts film;
    std::shared_ptr<const DisplayCurve> curve;
    int unit_bits;
    Lane brightest;  // what interpolation may overshoot to
    int red_row, red_column;
    FinishFacts finish;
};

class CodeRows {
public:
    static constexpr int reach = 4;  // columns looked at to each side, even

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
    static constexpr int rows_around = 2;  // that the demosaic looks at

    Halves measured(int y);
    Halves light(int y);
    bool rebuild(int y, const Halves& out);

    // red_row      whether the row measures red, or blue
    // own_parity   the columns where it does
    template <bool red_row, int own_parity, typename Take>
    void each_of(int first, int lanes, const Take& take);

    void keep(int i, const PairCodes& pair) {
        for (int plane = 0; plane < 6; ++plane) store(places_.plane(0, plane) + i, pair.plane(plane));
    }
    PairCodes kept(int i) {
        PairCodes pair;
        for (int plane = 0; plane < 6; ++plane) pair.plane(plane) = load(places_.plane(0, plane) + i);
        return pair;
    }

    const PreviewFacts& facts_;
    const std::uint16_t* counts_;
    Tile tile_;
    Balance balance_;
    int chunks_;
    LaneRing measured_, rebuilt_, places_;
    std::array<bool, 2 * rows_around + 1> is_rebuilt_{};  // or as measured
    std::vector<std::uint8_t> bright_;                    // of each measured row and chunk
    std::vector<float> to_share_;                         // of each position
    std::optional<PreviewLift> lift_;
    std::array<ConstHalves, 5> rows_;  // of light, around the row that is ready
    bool red_row_ = false;
    int y_ = 0;
};

template <bool red_row, int own_parity, typename Take>
void CodeRows::each_of(int first, int lanes, const Take& take) {
    std::array<ConstHalves, 5> rows = rows_;
    for (ConstHalves& row : rows) row = {row[0] + first, row[1] + first};
    const Demosaicking light(rows, own_parity, facts_.brightest);
    const ColourMatch match(facts_.matrix, red_row, facts_.balance.pedestal);
    const FilmInRegisters film(facts_.film, facts_.balance.pedestal, facts_.unit_bits);
    const CurveInRegisters curve(*facts_.curve);
    const auto put = [&](const RowColours& matched, int parity, PairCodes& pair) {
        (red_row ? pair.red : pair.blue)[parity] = matched.own;
        pair.green[parity] = matched.green;
        (red_row ? pair.blue : pair.red)[parity] = matched.other;
    };
    const auto light_at = [&](int i) {
        PairCodes pair;
        put(match(light.at_own(i)), own_parity, pair);
        put(match(light.at_green(i)), 1 - own_parity, pair);
        return pair;
    };
    const auto drawn = [&](const PairCodes& pair) {
        PairCodes codes;
        for (int parity = 0; parity < 2; ++parity) {
            PixelLight pixels{pair.red[parity], pair.green[parity], pair.blue[parity]};
            film.bend(pixels);
            codes.red[parity] = curve.draw(pixels.red);
            codes.green[parity] = curve.draw(pixels.green);
            codes.blue[parity] = curve.draw(pixels.blue);
        }
        return codes;
    };
    if (CurveInRegisters::complete && !lift_) {
        for (int i = 0; i < lanes; i += register_lanes) take(first + i, drawn(light_at(i)));
        return;
    }
    // Lift and look-ups go through memory, in blocks that stay in the nearest cache.
    if (lift_) {
        for (int i = 0; i < lanes; i += register_lanes) keep(i, light_at(i));
        lift_->apply(y_, first, lanes, places_);
        for (int i = 0; i < lanes; i += register_lanes) keep(i, drawn(kept(i)));
    } else {
        for (int i = 0; i < lanes; i += register_lanes) keep(i, drawn(light_at(i)));
    }
    for (int plane = 0; plane < 6; ++plane) curve.look_up(places_.plane(0, plane), lanes);
    for (int i = 0; i < lanes; i += register_lanes) take(first + i, kept(i));
}

}  // namespace nightjar
