#include "preview_finish.hpp"

#include <algorithm>

namespace nightjar {

namespace {

// Rows that are alive at once: sharpening looks two rows up while the colour of the next pair, filtered two pairs
// further down, is being made.
constexpr int luma_rows = 12;
constexpr int filter_pairs = 5;

}  // namespace

FinishedRows::FinishedRows(const PreviewFacts& facts, const std::uint16_t* counts, const Tile& tile)
    : finish_(facts.finish), chroma_limit_(facts.finish.chroma), tile_(tile), half_((tile.width + 1) / 2),
      lanes_(whole_registers(half_)), pairs_((tile.height + 1) / 2), codes_(facts, counts, tile), means_(2, 3, lanes_),
      luma_(luma_rows, 2, lanes_), raw_(1, 3, lanes_), across_(filter_pairs, 3, lanes_), chroma_(4, 3, lanes_),
      blended_(1, 3, lanes_), view_(1, 6, lanes_), sharp_(1, 2, lanes_) {}

void FinishedRows::repeat_sides(Lane* plane) const {
    for (int step = 1; step <= 2; ++step) {
        plane[-step] = plane[0];
        plane[half_ - 1 + step] = plane[half_ - 1];
    }
}

void FinishedRows::make_row(int y, const PairMeans& means) {
    codes_.go_to(y);
    const LumaSplit split(luma_.halves(y), means);
    for (int first = 0; first < lanes_; first += block_lanes) {
        codes_.prefetch(y + 5, 2 * first, std::min(2 * block_lanes, tile_.width - 2 * first));
        codes_.each(first, std::min(block_lanes, lanes_ - first), split);
    }
}

void FinishedRows::make_pair(int pair) {
    if (pair <= made_) return;
    made_ = pair;
    const PairMeans upper{means_.plane(0, 0), means_.plane(0, 1), means_.plane(0, 2)};
    const PairMeans lower{means_.plane(1, 0), means_.plane(1, 1), means_.plane(1, 2)};
    make_row(2 * pair, upper);
    // Below an odd height lies a mirrored row.
    make_row(2 * pair + 1, lower);
    const Chroma raw = in(raw_, 0);
    make_chroma(upper, lower, chroma_limit_, lanes_, raw);
    repeat_sides(raw.blue);
    repeat_sides(raw.red);
    smooth_across(raw, lanes_, in(across_, pair));
}

Chroma FinishedRows::across(int pair) {
    const int inside = std::clamp(pair, 0, pairs_ - 1);
    make_pair(inside);
    return in(across_, inside);
}

Chroma FinishedRows::chroma(int pair) {
    const int inside = std::clamp(pair, 0, pairs_ - 1);
    const Chroma out = in(chroma_, inside);
    if (chroma_.lacks(inside)) {
        std::array<Chroma, 5> rows;
        for (int step = -2; step <= 2; ++step) rows[step + 2] = across(inside + step);
        smooth_down(rows, lanes_, out);
    }
    return out;
}

Chroma FinishedRows::chroma_of_row(int y) {
    const int pair = y / 2;
    chroma(pair - 1);
    const Chroma near = chroma(pair), far = chroma((y & 1) ? pair + 1 : pair - 1), out = in(blended_, 0);
    blend_rows(near, far, lanes_, out);
    repeat_sides(out.blue);
    repeat_sides(out.red);
    return out;
}

Halves FinishedRows::plain_luma(int y) {
    const int inside = mirrored(y, tile_.height);
    make_pair(inside / 2);
    return luma_.halves(inside);
}

ConstHalves FinishedRows::luma(int y) {
    std::array<ConstHalves, 5> rows;
    for (int step = -2; step <= 2; ++step) {
        const Halves row = plain_luma(y + step);
        rows[step + 2] = {row[0], row[1]};
    }
    const ColumnView view{view_.halves(0, 0), view_.halves(0, 2), view_.halves(0, 4)};
    const Halves sharp = sharp_.halves(0);
    look_down(rows, lanes_, view);
    for (const Halves& plane : {view.blurred, view.lowest, view.highest}) mirror_sides(plane, tile_.width);
    sharpen_luma(rows[2], view, finish_.sharpen, lanes_, sharp);
    return {sharp[0], sharp[1]};
}

}  // namespace nightjar
