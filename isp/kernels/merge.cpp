#include "merge.hpp"

#include <algorithm>

#include "merge_tile.hpp"
#include "pieces.hpp"

namespace nightjar {

namespace {

// Rows of places that one thread works on: few enough for small pictures to keep all threads busy, enough for the rows
// of pixels between them to stay in the cache.
constexpr int piece_rows = 4;

void add_tile(const MergeFacts& facts, const float* difference, int top, int left, int height, int width, float* sum) {
    const int first = std::max(0, -left), last = std::min(tile_px, width - left);
    for (int y = std::max(0, -top); y < std::min(tile_px, height - top); ++y) {
        const float* from = difference + y * tile_px;
        float* to = sum + static_cast<std::int64_t>(top + y) * width + left;
        const float share = facts.window[y];
        const float* window = facts.window.data();
        ROWS_DO_NOT_OVERLAP
        for (int x = first; x < last; ++x) to[x] += share * window[x] * from[x];
    }
}

}  // namespace

std::array<float, sub_steps> mean_noise_left(const std::array<std::array<float, frequencies>, sub_steps>& noise_left) {
    std::array<float, sub_steps> means{};
    for (int step = 0; step < sub_steps; ++step) {
        for (const float left : noise_left[step]) means[step] += left * (1.0f / frequencies);
    }
    return means;
}

BadPixelList bad_pixel_list(const std::int32_t* places, int count, int height, int width) {
    BadPixelList list;
    list.cell_rows = (height + pitch - 1) / pitch;
    list.cell_columns = (width + pitch - 1) / pitch;
    list.starts.assign(static_cast<std::size_t>(list.cell_rows) * list.cell_columns + 1, 0);
    const auto cell_of = [&](int i) { return places[2 * i] / pitch * list.cell_columns + places[2 * i + 1] / pitch; };
    for (int i = 0; i < count; ++i) ++list.starts[cell_of(i) + 1];
    for (std::size_t cell = 1; cell < list.starts.size(); ++cell) list.starts[cell] += list.starts[cell - 1];
    list.rows.resize(count);
    list.columns.resize(count);
    std::vector<std::int32_t> next(list.starts.begin(), list.starts.end() - 1);
    for (int i = 0; i < count; ++i) {
        const int slot = next[cell_of(i)]++;
        list.rows[slot] = places[2 * i];
        list.columns[slot] = places[2 * i + 1];
    }
    return list;
}

void merge_frame(const MergeFacts& facts, const Counts16& reference, const Counts16& frame, const float* shifts,
                 const Gathered& gathered, float* share, int threads) {
    const int pieces = (gathered.rows + piece_rows - 1) / piece_rows, columns = gathered.columns;
    const int used = std::min(threads_for(threads), pieces);
    std::vector<MergeTile> tiles(used);
    const auto merge_row = [&](MergeTile& tile, int row) {
        for (int column = 0; column < columns; ++column) {
            const int place = row * columns + column;
            const int top = (row - 1) * pitch, left = (column - 1) * pitch;
            const Step down = Step::of(shifts[2 * place]), across = Step::of(shifts[2 * place + 1]);
            const TileTrust trust = compare(facts, reference, frame, top, left, down, across, tile);
            share[place] = 0.0f;
            if (trust.weight == 0.0f) continue;
            add_tile(facts, tile.difference, top, left, reference.height, reference.width, gathered.difference);
            gathered.weight[place] += trust.weight;
            gathered.squares[place] += trust.squares;
            for (int band = 0; band < bands * bands; ++band) {
                gathered.kept[place * bands * bands + band] += trust.kept[band];
                share[place] += trust.kept[band] * (1.0f / (bands * bands));
            }
        }
    };
    // Every second piece shares no pixel with another: first the even ones, then the odd ones, on any number of threads.
    for (int first = 0; first < 2; ++first) {
        run_pieces(used, (pieces - first + 1) / 2, [&](int thread, int number) {
            const int start = (first + 2 * number) * piece_rows;
            const int end = std::min(start + piece_rows, gathered.rows);
            for (int row = start; row < end; ++row) merge_row(tiles[thread], row);
        });
    }
}

void merged_counts(const MergeFacts& facts, const Counts16& reference, const Gathered& gathered, int factor,
                   std::uint16_t* out, int threads) {
    const int height = reference.height, width = reference.width, columns = gathered.columns;
    const float scale = static_cast<float>(factor), white = facts.white, highest = white * scale;
    const int used = std::min(threads_for(threads), height);
    std::vector<std::vector<float>> knots(used, std::vector<float>(columns));
    run_pieces(used, height, [&](int thread, int y) {
        const int row = y / pitch, inside = y % pitch;
        const float* above = gathered.weight + row * columns;
        const float falling = facts.window[pitch + inside], rising = facts.window[inside];
        float* weight = knots[thread].data();
        for (int k = 0; k < columns; ++k) weight[k] = 1.0f + falling * above[k] + rising * above[k + columns];
        const std::int64_t start = static_cast<std::int64_t>(y) * width;
        for (int k = 0; k + 1 < columns; ++k) {
            const std::uint16_t* from = reference.pixels + start + k * pitch;
            const float* difference = gathered.difference + start + k * pitch;
            std::uint16_t* to = out + start + k * pitch;
            const float left = weight[k], right = weight[k + 1];
            const float* window = facts.window.data();
            const int until = std::min(pitch, width - k * pitch);
            ROWS_DO_NOT_OVERLAP
            for (int x = 0; x < until; ++x) {
                const float r = static_cast<float>(from[x]);
                const float behind = window[pitch + x] * left + window[x] * right;
                const float merged = (r - difference[x] / behind) * scale;
                const float safe = merged > 0.0f ? merged : 0.0f;
                const float value = (r >= white) | (safe > highest) ? highest : safe;
                to[x] = static_cast<std::uint16_t>(static_cast<int>(value + 0.5f));
            }
        }
    });
}

}  // namespace nightjar
