#include "align_grey.hpp"

#include <algorithm>

#include "pieces.hpp"
#include "rows.hpp"

namespace nightjar {

namespace {

constexpr int band_rows = 64;
// So many products of slopes fit into 32 bits.
constexpr int chunk = 8192;

int bands_of(int rows) { return (rows + band_rows - 1) / band_rows; }

// One row of codes with a column more at each end, mirrored.
void code_row(const std::uint16_t* above, std::ptrdiff_t stride, const GreyCurve& curve, int width, std::uint8_t* out) {
    const std::uint16_t* below = above + stride;
    const std::uint8_t* codes = curve.codes.data();
    const std::uint32_t last = static_cast<std::uint32_t>(curve.codes.size() - 1);
    for (int x = 0; x < width; ++x) {
        const std::uint32_t sum = std::uint32_t{above[2 * x]} + above[2 * x + 1] + below[2 * x] + below[2 * x + 1];
        out[x] = codes[std::min(sum >> curve.shift, last)];
    }
    out[-1] = out[mirrored(-1, width)];
    out[width] = out[mirrored(width, width)];
}

void hold_within_neighbours(const std::uint8_t* a, const std::uint8_t* b, const std::uint8_t* c, int width,
                            std::uint8_t* out) {
    const auto least = [](std::uint8_t p, std::uint8_t q) { return p < q ? p : q; };
    const auto most = [](std::uint8_t p, std::uint8_t q) { return p > q ? p : q; };
    ROWS_DO_NOT_OVERLAP
    for (int x = 0; x < width; ++x) {
        const std::uint8_t low = least(least(least(a[x - 1], a[x]), least(a[x + 1], b[x - 1])),
                                       least(least(b[x + 1], c[x - 1]), least(c[x], c[x + 1])));
        const std::uint8_t high = most(most(most(a[x - 1], a[x]), most(a[x + 1], b[x - 1])),
                                       most(most(b[x + 1], c[x - 1]), most(c[x], c[x + 1])));
        out[x] = most(low, least(high, b[x]));
    }
}

}  // namespace

void grey_of_quads(const std::uint16_t* counts, std::ptrdiff_t stride, const GreyCurve& curve, int height, int width,
                   std::uint8_t* out, int threads) {
    const std::ptrdiff_t padded = width + 2;
    run_pieces(threads_for(threads), bands_of(height), [&](int, int band) {
        const int first = band * band_rows, end = std::min(first + band_rows, height);
        std::vector<std::uint8_t> ring(3 * padded);
        const auto place = [&](int y) { return ring.data() + (y + 3) % 3 * padded + 1; };
        const auto make = [&](int y) {
            code_row(counts + 2 * stride * mirrored(y, height), stride, curve, width, place(y));
        };
        make(first - 1);
        make(first);
        for (int y = first; y < end; ++y) {
            make(y + 1);
            hold_within_neighbours(place(y - 1), place(y), place(y + 1), width,
                                   out + static_cast<std::ptrdiff_t>(y) * width);
        }
    });
}

void soften_grey(const Grey& grey, std::uint8_t* out, int threads) {
    const int width = grey.width;
    run_pieces(threads_for(threads), bands_of(grey.height), [&](int, int band) {
        std::vector<std::uint16_t> sums(static_cast<std::size_t>(std::max(width, 1)) + 2);
        std::uint16_t* down = sums.data() + 1;
        const int first = band * band_rows, end = std::min(first + band_rows, grey.height);
        for (int y = first; y < end; ++y) {
            const std::uint8_t *a = grey.row(mirrored(y - 1, grey.height)), *b = grey.row(y);
            const std::uint8_t* c = grey.row(mirrored(y + 1, grey.height));
            ROWS_DO_NOT_OVERLAP
            for (int x = 0; x < width; ++x) down[x] = static_cast<std::uint16_t>(a[x] + 2 * b[x] + c[x]);
            down[-1] = down[mirrored(-1, width)];
            down[width] = down[mirrored(width, width)];
            std::uint8_t* to = out + static_cast<std::ptrdiff_t>(y) * width;
            ROWS_DO_NOT_OVERLAP
            for (int x = 0; x < width; ++x) {
                const auto sum = static_cast<std::uint16_t>(down[x - 1] + 2 * down[x] + down[x + 1] + 8);
                to[x] = static_cast<std::uint8_t>(sum >> 4);
            }
        }
    });
}

void shrink_grey(const Grey& grey, int factor, std::uint8_t* out, int threads) {
    const int height = grey.height / factor, width = grey.width / factor;
    const std::uint32_t half = factor * factor / 2, bits = factor == 2 ? 2 : 4;
    run_pieces(threads_for(threads), bands_of(height), [&](int, int band) {
        std::vector<std::uint16_t> sums(static_cast<std::size_t>(width) * factor);
        const int first = band * band_rows, end = std::min(first + band_rows, height);
        for (int y = first; y < end; ++y) {
            std::uint16_t* __restrict down = sums.data();
            std::fill(sums.begin(), sums.end(), std::uint16_t{0});
            for (int k = 0; k < factor; ++k) {
                const std::uint8_t* row = grey.row(factor * y + k);
                ROWS_DO_NOT_OVERLAP
                for (int x = 0; x < width * factor; ++x) down[x] = static_cast<std::uint16_t>(down[x] + row[x]);
            }
            std::uint8_t* to = out + static_cast<std::ptrdiff_t>(y) * width;
            for (int x = 0; x < width; ++x) {
                std::uint32_t sum = half;
                for (int k = 0; k < factor; ++k) sum += down[factor * x + k];
                to[x] = static_cast<std::uint8_t>(sum >> bits);
            }
        }
    });
}

std::int64_t slope_energy(const Grey& grey, int threads) {
    const int bands = bands_of(grey.height - 1);
    std::vector<std::int64_t> sums(bands);
    run_pieces(threads_for(threads), bands, [&](int, int band) {
        const int first = band * band_rows, end = std::min(first + band_rows, grey.height - 1);
        for (int y = first; y < end; ++y) {
            const std::uint8_t *upper = grey.row(y), *lower = grey.row(y + 1);
            for (int from = 0; from + 1 < grey.width; from += chunk) {
                const int to = std::min(from + chunk, grey.width - 1);
                std::int32_t sum = 0;
                ROWS_DO_NOT_OVERLAP
                for (int x = from; x < to; ++x) {
                    const int across = (upper[x + 1] - upper[x]) * (lower[x + 1] - lower[x]);
                    const int down = (lower[x] - upper[x]) * (lower[x + 1] - upper[x + 1]);
                    sum += across + down;
                }
                sums[band] += sum;
            }
        }
    });
    std::int64_t all = 0;
    for (const std::int64_t sum : sums) all += sum;
    return all;
}

}  // namespace nightjar
