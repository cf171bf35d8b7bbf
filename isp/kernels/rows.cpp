#include "rows.hpp"

#include <algorithm>

namespace nightjar {

Rows::Rows(Kind kind_, const Tile& tile_)
    : kind(kind_), tile(tile_), height(tile_.height), width(tile_.width),
      count(kind_ == Kind::bayer ? (tile_.width + 1) / 2 : tile_.width) {
    constexpr std::ptrdiff_t line = 16;  // floats in a 64-byte cache line
    stride_ = (count + 2 * margin + line - 1) / line * line;
    keep(0, false);
}

void Rows::keep(int rows_around, bool sideways) {
    const std::size_t slots = std::max<std::size_t>(held_.size(), 2 * rows_around + 1);
    sideways_ = sideways_ || sideways;
    held_.assign(slots, -1);
    memory_.assign(slots * planes_of(kind) * stride_, 0.0f);
}

Row Rows::row(int y) {
    const int inside = mirrored(y, height);
    const int index = inside % static_cast<int>(held_.size());
    const MutableRow own = slot(index);
    if (held_[index] != inside) {
        make(inside, own);
        if (sideways_) fill_margins(own);
        held_[index] = inside;
    }
    return {{own.plane[0], own.plane[1], own.plane[2]}};
}

MutableRow Rows::slot(int index) {
    float* first = memory_.data() + index * planes_of(kind) * stride_ + margin;
    return {{first, first + stride_, kind == Kind::bayer ? nullptr : first + 2 * stride_}};
}

void Rows::fill_margins(const MutableRow& row) const {
    if (kind != Kind::bayer) {
        for (float* plane : row.plane) {
            for (int step = 1; step <= margin; ++step) {
                plane[-step] = plane[mirrored(-step, width)];
                plane[width - 1 + step] = plane[mirrored(width - 1 + step, width)];
            }
        }
        return;
    }
    // Mirroring keeps the parity of a column, so each half row is filled from itself.
    constexpr int columns = 14;  // as far as the fine demosaic looks
    const bool wide = width > columns;
    for (int step = 1; step <= columns; ++step) {
        for (const int column : {-step, width - 1 + step}) {
            // Mirrors without its division, for all but the narrowest pictures.
            const int source = !wide ? mirrored(column, width) : column < 0 ? -column : 2 * (width - 1) - column;
            row.plane[column & 1][column >> 1] = row.plane[source & 1][source >> 1];
        }
    }
}

}  // namespace nightjar
