#include "chain.hpp"

#include <algorithm>
#include <cstdint>

#include "pieces.hpp"

namespace nightjar {

namespace {

// A tile's rows stay in the near caches: 12 % faster than whole rows of 4056 columns, measured on one core.
constexpr int widest_tile = 1536;
// What a thread takes over begins with rows above it that are made a second time, about 40 with every stage on; a thread
// that goes on downward makes each row once.
constexpr int piece_rows = 64;

}  // namespace

// The columns of one tile and the stages that make them, ready to go on from the row where they are.
struct Chain::Column {
    int index = -1;
    int left = 0, right = 0, skipped = 0;
    Stages stages;
};

void Chain::begin_column(Column& column, int index, int across) const {
    const auto edge = [&](int i) { return static_cast<int>(static_cast<std::int64_t>(width_) * i / across) / 2 * 2; };
    const int border = (reach_ + 1) / 2 * 2;
    column.index = index;
    column.left = edge(index);
    column.right = index + 1 < across ? edge(index + 1) : width_;
    const int tile_left = std::max(column.left - border, 0);
    const int tile_right = std::min(column.right + border, width_);
    column.skipped = column.left - tile_left;
    column.stages.clear();
    column.stages.push_back(make_source_({height_, tile_right - tile_left, tile_left, width_}));
    for (const AddStage& stage : stages_) stage(column.stages);
}

void Chain::run_rows(const Column& column, int top, int bottom, const TakeRow& take) const {
    Rows& last = *column.stages.back();
    const int skipped = last.kind == Kind::bayer ? column.skipped / 2 : column.skipped;
    for (int y = top; y < bottom; ++y) {
        Row row = last.row(y);
        for (int plane = 0; plane < planes_of(last.kind); ++plane) row.plane[plane] += skipped;
        take(y, column.left, column.right - column.left, row);
    }
}

void Chain::run(int threads, const TakeRow& take) const {
    const int across = (width_ + widest_tile - 1) / widest_tile;
    const int down = (height_ + piece_rows - 1) / piece_rows;
    // Pieces follow each other down the first column of tiles, then down the next.
    const int used = std::min(threads_for(threads), across * down);
    std::vector<Column> columns(used);
    run_pieces(used, across * down, [&](int thread, int piece) {
        Column& column = columns[thread];
        if (column.index != piece / down) begin_column(column, piece / down, across);
        const int top = piece % down * piece_rows;
        run_rows(column, top, std::min(top + piece_rows, height_), take);
    });
}

}  // namespace nightjar
