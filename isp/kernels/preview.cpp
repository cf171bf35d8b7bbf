#include "preview.hpp"

#include <algorithm>

#include "pieces.hpp"
#include "preview_store.hpp"

namespace nightjar {

namespace {

// Rows are whole where they can be: memory is then read and written in order (20 % faster than tiles of 2048 columns).
// Wider pictures are cut, so that their rows stay in the second cache.
constexpr int tile_columns = 8192;
constexpr int lowest_piece = 64;
constexpr int pieces_per_thread = 4;

// Part of the picture that one thread makes from top to bottom.
struct Piece {
    int left, right, top, bottom;
    Tile tile;  // its columns and some to each side
};

template <typename Work>
void for_pieces(const Counts& counts, int reach, int threads, const Work& work) {
    const int wanted = threads_for(threads);
    // Any number of threads may be asked for.
    const std::int64_t pieces = static_cast<std::int64_t>(wanted) * pieces_per_thread;
    const int shared = static_cast<int>(counts.height / pieces + 2) / 2 * 2;
    const int rows = wanted == 1 ? counts.height + 1 : std::max(lowest_piece, shared);
    const int across = (counts.width + tile_columns - 1) / tile_columns;
    const int down = (counts.height + rows - 1) / rows;
    run_pieces(wanted, across * down, [&](int, int index) {
        const int left = index % across * tile_columns, right = std::min(left + tile_columns, counts.width);
        const int top = index / across * rows, bottom = std::min(top + rows, counts.height);
        const int tile_left = std::max(left - reach, 0), tile_right = std::min(right + reach, counts.width);
        work(Piece{left, right, top, bottom, {counts.height, tile_right - tile_left, tile_left, counts.width}});
    });
}

// Fetches what will be written a block later, as much as one register of pixels becomes.
inline void fetch_soon(const std::uint8_t* bytes) {
    constexpr int cache_line = 64;
    for (int byte = 0; byte < 6 * register_lanes; byte += cache_line) __builtin_prefetch(bytes + byte, 1);
}

// Hands blocks of a piece's columns out: width of the block, its first lane in the tile, where its pixels go.
template <typename Work>
void for_blocks(const Counts& counts, const Piece& piece, int y, std::uint8_t* out, const Work& work) {
    std::uint8_t* row = out + static_cast<std::ptrdiff_t>(y) * counts.width * 3;
    for (int x = piece.left; x < piece.right; x += block_columns) {
        const int width = std::min(piece.right - x, block_columns);
        std::uint8_t* to = row + 3 * x;
        work(width, (x - piece.tile.left) / 2, to);
    }
}

void bare_piece(const PreviewFacts& facts, const Counts& counts, const Piece& piece, std::uint8_t* out) {
    CodeRows codes(facts, counts.pixels, piece.tile);
    RgbBlock block;
    for (int y = piece.top; y < piece.bottom; ++y) {
        codes.go_to(y);
        for_blocks(counts, piece, y, out, [&](int width, int first, std::uint8_t* to) {
            codes.each(first, whole_registers((width + 1) / 2), [&](int i, const PairCodes& pair) {
                codes.prefetch(y + 5, 2 * i, 2 * register_lanes);
                fetch_soon(to + 3 * block_columns + 6 * (i - first));
                block.take(i - first, pair);
            });
            block.store(width, to);
        });
    }
}

void rgb_piece(const PreviewFacts& facts, const Counts& counts, const Piece& piece, std::uint8_t* out) {
    FinishedRows rows(facts, counts.pixels, piece.tile);
    RgbBlock block;
    for (int y = piece.top; y < piece.bottom; ++y) {
        const Chroma chroma = rows.chroma_of_row(y);
        const ColourJoin join(rows.luma(y), chroma);
        for_blocks(counts, piece, y, out, [&](int width, int first, std::uint8_t* to) {
            for (int i = 0; 2 * i < width; i += register_lanes) {
                fetch_soon(to + 3 * block_columns + 6 * i);
                block.take(i, join.at(first + i));
            }
            block.store(width, to);
        });
    }
}

void yuv_piece(const PreviewFacts& facts, const Counts& counts, const Piece& piece,
               std::uint8_t* out) {
    FinishedRows rows(facts, counts.pixels, piece.tile);
    std::vector<std::uint8_t> bytes(2 * rows.lanes());
    const int half_width = (counts.width + 1) / 2, half_height = (counts.height + 1) / 2;
    const int skipped = piece.left - piece.tile.left;
    std::uint8_t* blue_plane = out + static_cast<std::ptrdiff_t>(counts.height) * counts.width;
    std::uint8_t* red_plane = blue_plane + static_cast<std::ptrdiff_t>(half_height) * half_width;
    for (int y = piece.top; y < piece.bottom; ++y) {
        if (y % 2 == 0) {
            const Chroma chroma = rows.chroma(y / 2);
            const std::ptrdiff_t at = static_cast<std::ptrdiff_t>(y / 2) * half_width + piece.left / 2;
            const int values = (piece.right - piece.left + 1) / 2;
            store_difference(chroma.blue + skipped / 2, blue_share, values, blue_plane + at);
            store_difference(chroma.red + skipped / 2, red_share, values, red_plane + at);
        }
        store_row(rows.luma(y), rows.lanes(), bytes.data());
        std::copy_n(bytes.data() + skipped, piece.right - piece.left,
                    out + static_cast<std::ptrdiff_t>(y) * counts.width + piece.left);
    }
}

}  // namespace

void preview_bare(const PreviewFacts& facts, const Counts& counts, std::uint8_t* out, int threads) {
    for_pieces(counts, CodeRows::reach, threads, [&](const Piece& piece) { bare_piece(facts, counts, piece, out); });
}

void preview_rgb(const PreviewFacts& facts, const Counts& counts, std::uint8_t* out, int threads) {
    for_pieces(counts, FinishedRows::reach, threads,
               [&](const Piece& piece) { rgb_piece(facts, counts, piece, out); });
}

void preview_yuv420(const PreviewFacts& facts, const Counts& counts, std::uint8_t* out, int threads) {
    for_pieces(counts, FinishedRows::reach, threads,
               [&](const Piece& piece) { yuv_piece(facts, counts, piece, out); });
}

}  // namespace nightjar
