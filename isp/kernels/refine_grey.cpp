#include "refine_grey.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

#include "pieces.hpp"
#include "rows.hpp"

namespace nightjar {

namespace {

constexpr int band_rows = 64;
// The neighbours of a pixel's own colour stand two columns beside it, those that are averaged one.
constexpr int beside = 2;
constexpr float largest = 65535.0f;

// A row of counts, mirrored by so many columns at each end.
void padded_row(const std::uint16_t* row, int width, std::uint16_t* out) {
    std::copy(row, row + width, out);
    for (int k = 1; k <= beside; ++k) {
        out[-k] = row[mirrored(-k, width)];
        out[width - 1 + k] = row[mirrored(width - 1 + k, width)];
    }
}

std::uint16_t least(std::uint16_t a, std::uint16_t b) { return a < b ? a : b; }
std::uint16_t most(std::uint16_t a, std::uint16_t b) { return a > b ? a : b; }

// a, b, c: the rows two above, the row itself and two below.
void hold_within_colour(const std::uint16_t* a, const std::uint16_t* b, const std::uint16_t* c, int width,
                        const float* gains, float* out) {
    ROWS_DO_NOT_OVERLAP
    for (int x = 0; x < width; ++x) {
        const std::uint16_t low = least(least(least(a[x - 2], a[x]), least(a[x + 2], b[x - 2])),
                                        least(least(b[x + 2], c[x - 2]), least(c[x], c[x + 2])));
        const std::uint16_t high = most(most(most(a[x - 2], a[x]), most(a[x + 2], b[x - 2])),
                                        most(most(b[x + 2], c[x - 2]), most(c[x], c[x + 2])));
        const std::int32_t beyond = high - low;
        const std::int32_t floor = low - beyond, ceiling = high + beyond, value = b[x];
        const std::int32_t lifted = value < floor ? floor : value;
        out[x] = gains[x] * static_cast<float>(lifted > ceiling ? ceiling : lifted);
    }
    out[-1] = out[mirrored(-1, width)];
    out[width] = out[mirrored(width, width)];
}

void grey_row(const float* above, const float* row, const float* below, int width, const FineCurve& curve, float* down,
              std::uint16_t* out) {
    ROWS_DO_NOT_OVERLAP
    for (int x = -1; x <= width; ++x) down[x] = above[x] + 2.0f * row[x] + below[x];
    const float black = curve.black, slope = curve.slope, offset = curve.offset, scale = curve.scale,
                start = curve.start;
    ROWS_DO_NOT_OVERLAP
    for (int x = 0; x < width; ++x) {
        const float light = (down[x - 1] + 2.0f * down[x] + down[x + 1]) * 0.0625f - black;
        const float bent = light * slope + offset;
        const float code = std::sqrt(bent > 0.0f ? bent : 0.0f) * scale - start;
        const float held = code > 0.0f ? (code < largest ? code : largest) : 0.0f;
        out[x] = static_cast<std::uint16_t>(static_cast<std::int32_t>(held + 0.5f));
    }
}

// Rows kept in turn, each with room for the columns beside it.
template <typename Value>
class Ring {
public:
    Ring(int rows, int width) : rows_(rows), stride_(width + 2 * beside), values_(rows * stride_) {}

    Value* row(int y) { return values_.data() + (y + 2 * rows_) % rows_ * stride_ + beside; }

private:
    int rows_;
    std::ptrdiff_t stride_;
    std::vector<Value> values_;
};

}  // namespace

void fine_grey(const std::uint16_t* counts, int height, int width, const FineCurve& curve, std::uint16_t* out,
               int threads) {
    std::vector<float> gains(2 * static_cast<std::size_t>(width));
    for (int x = 0; x < width; ++x) {
        gains[x] = curve.gains[x % 2];
        gains[width + x] = curve.gains[2 + x % 2];
    }
    run_pieces(threads_for(threads), (height + band_rows - 1) / band_rows, [&](int, int band) {
        const int first = band * band_rows, end = std::min(first + band_rows, height);
        Ring<std::uint16_t> seen(5, width);
        Ring<float> held(3, width), down(1, width);
        const auto see = [&](int y) {
            padded_row(counts + static_cast<std::ptrdiff_t>(mirrored(y, height)) * width, width, seen.row(y));
        };
        const auto hold = [&](int y) {
            see(y + 2);
            const float* of_row = gains.data() + (mirrored(y, height) % 2 ? width : 0);
            hold_within_colour(seen.row(y - 2), seen.row(y), seen.row(y + 2), width, of_row, held.row(y));
        };
        for (int y = first - 3; y < first + 1; ++y) see(y);
        hold(first - 1);
        hold(first);
        for (int y = first; y < end; ++y) {
            hold(y + 1);
            grey_row(held.row(y - 1), held.row(y), held.row(y + 1), width, curve, down.row(0),
                     out + static_cast<std::ptrdiff_t>(y) * width);
        }
    });
}

}  // namespace nightjar
