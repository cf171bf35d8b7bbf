#include "zoom.hpp"

#include <algorithm>
#include <memory>

#include "pieces.hpp"
#include "zoom_tile.hpp"

namespace nightjar {

namespace {

// The pixels of a line whose weights begin between two fine pixels.
std::array<int, 2> pixels_between(const ZoomTaps& taps, int first, int end) {
    const auto* last = taps.starts + taps.count;
    return {static_cast<int>(std::lower_bound(taps.starts, last, first) - taps.starts),
            static_cast<int>(std::lower_bound(taps.starts, last, end) - taps.starts)};
}

void write_pixels(const ZoomFacts& facts, const ZoomTile& tile, const ZoomOutput& output, int top, int left) {
    const int fine_top = zoom_finer * top, fine_left = zoom_finer * left, fine_core = zoom_finer * zoom_core;
    const auto rows = pixels_between(output.down, fine_top, fine_top + fine_core);
    const auto columns = pixels_between(output.across, fine_left, fine_left + fine_core);
    const int row_taps = output.down.taps, column_taps = output.across.taps, inside = zoom_finer * zoom_halo;
    std::array<float, 3> scales{};
    for (int colour = 0; colour < 3; ++colour) scales[colour] = output.span / facts.gains[colour];
    for (int y = rows[0]; y < rows[1]; ++y) {
        const int from_y = output.down.starts[y] - fine_top + inside;
        std::uint16_t* to = output.pixels + 3 * (static_cast<std::size_t>(y) * output.across.count + columns[0]);
        for (int x = columns[0]; x < columns[1]; ++x) {
            const int from_x = output.across.starts[x] - fine_left + inside;
            for (int colour = 0; colour < 3; ++colour) {
                float sum = 0.0f;
                for (int a = 0; a < row_taps; ++a) {
                    for (int b = 0; b < column_taps; ++b) {
                        sum += output.down.weights[y * row_taps + a] * output.across.weights[x * column_taps + b] *
                               tile.at(colour, from_y + a, from_x + b);
                    }
                }
                const float count = output.black + sum * scales[colour];
                *to++ = static_cast<std::uint16_t>(static_cast<int>(std::clamp(count, output.lowest, output.highest) + 0.5f));
            }
        }
    }
}

}  // namespace

namespace {

// Raw pixels from the first that a line of the result sees to behind the last, both even.
std::array<int, 2> seen_of(const ZoomTaps& taps, int length) {
    const int first = taps.starts[0] / zoom_finer, last = taps.starts[taps.count - 1] + taps.taps;
    return {first - first % 2, std::min((last / zoom_finer + 2) / 2 * 2, length)};
}

}  // namespace

void zoom_burst(const ZoomFacts& facts, const ZoomInput& input, const ZoomOutput& output, int threads) {
    const auto rows = seen_of(output.down, input.height), columns = seen_of(output.across, input.width);
    const int down = (rows[1] - rows[0] + zoom_core - 1) / zoom_core;
    const int across = (columns[1] - columns[0] + zoom_core - 1) / zoom_core;
    const int used = std::min(threads_for(threads), across * down);
    std::vector<std::unique_ptr<ZoomTile>> tiles(used);
    run_pieces(used, across * down, [&](int thread, int number) {
        if (!tiles[thread]) tiles[thread] = std::make_unique<ZoomTile>();
        ZoomTile& tile = *tiles[thread];
        const int top = rows[0] + number / across * zoom_core, left = columns[0] + number % across * zoom_core;
        tile.solve(facts, input, top, left);
        write_pixels(facts, tile, output, top, left);
        for (int y = top / 2; y < std::min(top + zoom_core, input.height) / 2; ++y) {
            for (int x = left / 2; x < std::min(left + zoom_core, input.width) / 2; ++x) {
                output.behind[static_cast<std::size_t>(y) * (input.width / 2) + x] =
                    tile.behind(y - top / 2 + zoom_halo / 2, x - left / 2 + zoom_halo / 2);
            }
        }
    });
}

}  // namespace nightjar
