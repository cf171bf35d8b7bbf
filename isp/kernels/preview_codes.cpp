#include "preview_codes.hpp"

namespace nightjar {

namespace {

// Above 1: no light is told of as bright.
constexpr float never = 2.0f;

}  // namespace

CodeRows::CodeRows(const PreviewFacts& facts, const std::uint16_t* counts, const Tile& tile)
    : facts_(facts), counts_(counts + tile.left), tile_(tile),
      balance_(facts.balance, facts.highlights ? facts.highlights->nearly : never, tile),
      chunks_(((tile.width + 1) / 2 + chunk_lanes - 1) / chunk_lanes),
      // Of the outermost rows the next ones are looked at too.
      measured_(2 * rows_around + 3, 2, (tile.width + 1) / 2), rebuilt_(2 * rows_around + 1, 2, (tile.width + 1) / 2),
      places_(1, 6, block_lanes), bright_((2 * rows_around + 3) * chunks_),
      to_share_(facts.highlights ? 4 * chunks_ * chunk_lanes : 0) {
    if (facts.lift) lift_.emplace(*facts.lift, tile, facts.balance.pedestal, facts.unit_bits);
}

Halves CodeRows::measured(int y) {
    const int inside = mirrored(y, tile_.height);
    const Halves row = measured_.halves(inside);
    if (measured_.lacks(inside)) {
        const std::ptrdiff_t start = static_cast<std::ptrdiff_t>(inside) * tile_.picture_width;
        balance_.make(inside, counts_ + start, row, &bright_[inside % measured_.slots() * chunks_]);
    }
    return row;
}

Halves CodeRows::light(int y) {
    if (!facts_.highlights) return measured(y);
    const int inside = mirrored(y, tile_.height);
    const Halves row = rebuilt_.halves(inside);
    if (rebuilt_.lacks(inside)) is_rebuilt_[inside % rebuilt_.slots()] = rebuild(inside, row);
    return is_rebuilt_[inside % rebuilt_.slots()] ? row : measured(inside);
}

bool CodeRows::rebuild(int y, const Halves& out) {
    BlownRow row;
    std::array<const std::uint8_t*, 3> bright;
    for (int step = -1; step <= 1; ++step) {
        const Halves near = measured(y + step);
        row.light[step + 1] = {near[0], near[1]};
        bright[step + 1] = &bright_[mirrored(y + step, tile_.height) % measured_.slots() * chunks_];
    }
    const auto is_bright = [&](int chunk) {
        const int from = std::max(chunk - 1, 0), to = std::min(chunk + 1, chunks_ - 1);
        for (const std::uint8_t* told : bright) {
            if (std::any_of(told + from, told + to + 1, [](std::uint8_t is) { return is != 0; })) return true;
        }
        return false;
    };
    int chunk = 0;
    while (chunk < chunks_ && !is_bright(chunk)) ++chunk;
    if (chunk == chunks_) return false;

    const int half = (tile_.width + 1) / 2, stride = chunks_ * chunk_lanes;
    for (int parity = 0; parity < 2; ++parity) std::copy_n(row.light[1][parity], half, out[parity]);
    row.y = y;
    const bool red_row = (y & 1) == facts_.red_row;
    row.own_parity = red_row ? facts_.red_column : 1 - facts_.red_column;
    row.pedestal = facts_.balance.pedestal;
    for (; chunk < chunks_; ++chunk) {
        if (!is_bright(chunk)) continue;
        const int first = chunk * chunk_lanes, last = std::min(first + chunk_lanes, half);
        for (int position = 0; position < 4; ++position) {
            float* to_share = to_share_.data() + position * stride;
            balance_.find_shares(y, position, first, last, to_share);
            row.to_share[position] = to_share;
        }
        rebuild_blown(row, *facts_.highlights, first, last, out);
    }
    mirror_sides(out, tile_.width);
    return true;
}

void CodeRows::go_to(int y) {
    y_ = y;
    red_row_ = (y & 1) == facts_.red_row;
    for (int step = -rows_around; step <= rows_around; ++step) {
        const Halves row = light(y + step);
        rows_[step + rows_around] = {row[0], row[1]};
    }
}

}  // namespace nightjar
