#include "preview_codes.hpp"

namespace nightjar {

CodeRows::CodeRows(const PreviewFacts& facts, const std::uint16_t* counts, const Tile& tile)
    : facts_(facts), counts_(counts + tile.left), tile_(tile), balance_(facts.balance, tile),
      light_(2 * reach + 1, 2, (tile.width + 1) / 2), places_(1, 6, block_lanes) {}

Halves CodeRows::light(int y) {
    const int inside = mirrored(y, tile_.height);
    const Halves row = light_.halves(inside);
    if (light_.lacks(inside)) {
        balance_.make(inside, counts_ + static_cast<std::ptrdiff_t>(inside) * tile_.picture_width, row);
    }
    return row;
}

void CodeRows::go_to(int y) {
    red_row_ = (y & 1) == facts_.red_row;
    for (int step = -reach; step <= reach; ++step) {
        const Halves row = light(y + step);
        rows_[step + reach] = {row[0], row[1]};
    }
}

}  // namespace nightjar
