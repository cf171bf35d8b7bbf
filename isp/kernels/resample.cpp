#include "resample.hpp"

#include <algorithm>
#include <vector>

#include "pieces.hpp"
#include "rows.hpp"

namespace nightjar {

namespace {

// New rows that are worked on together: sums along a row then run over neighbours in memory, whatever the tables say.
constexpr int lanes = 16;
// Values of a row that are worked on together, so that `lanes` rows of them stay in a small processor's cache.
constexpr int block_values = 1536;

// What one thread has on its table.
struct Desk {
    std::vector<float> line;    // part of one new row, of the old columns
    std::vector<float> turned;  // the same of `lanes` rows, value by value
    std::vector<float> made;    // the new columns, value by value
};

struct Span {
    int begin, end;
};

// The old pixels that a span of new ones sums.
Span behind(const Taps& taps, Span made) {
    const auto ends = std::minmax_element(taps.starts + made.begin, taps.starts + made.end);
    return {*ends.first, *ends.second + taps.each};
}

// As many new columns as come from few enough old ones, and one at least.
Span next_columns(const Taps& columns, int begin, int channels) {
    Span span{begin, begin + 1};
    const auto fits = [&](Span wider) {
        const Span old = behind(columns, wider);
        return std::max(old.end - old.begin, wider.end - wider.begin) * channels <= block_values;
    };
    while (span.end < columns.count) {
        const Span wider{begin, std::min(span.end + lanes, columns.count)};
        if (!fits(wider)) break;
        span = wider;
    }
    return span;
}

// One new row of the old columns that begin at `from`.
template <typename Value>
void sum_rows(const Value* from, std::int64_t stride, const float* weights, int each, int count, float* line) {
    const float first = weights[0];
    ROWS_DO_NOT_OVERLAP
    for (int i = 0; i < count; ++i) line[i] = first * static_cast<float>(from[i]);
    for (int tap = 1; tap < each; ++tap) {
        const Value* row = from + tap * stride;
        const float weight = weights[tap];
        ROWS_DO_NOT_OVERLAP
        for (int i = 0; i < count; ++i) line[i] += weight * static_cast<float>(row[i]);
    }
}

// One new value of all `lanes` rows; `step` is from one old pixel to the next.
void sum_columns(const float* from, int step, const float* weights, int each, float* made) {
    float sums[lanes];
    for (int lane = 0; lane < lanes; ++lane) sums[lane] = weights[0] * from[lane];
    for (int tap = 1; tap < each; ++tap) {
        const float weight = weights[tap];
        const float* values = from + static_cast<std::int64_t>(tap) * step;
        for (int lane = 0; lane < lanes; ++lane) sums[lane] += weight * values[lane];
    }
    for (int lane = 0; lane < lanes; ++lane) made[lane] = sums[lane];
}

// Row by row to value by value.
void turn(const float* line, int count, float* turned) {
    ROWS_DO_NOT_OVERLAP
    for (int i = 0; i < count; ++i) turned[static_cast<std::int64_t>(i) * lanes] = line[i];
}

float stored(float value, const float*) { return value; }

std::uint8_t stored(float value, const std::uint8_t*) {
    // What is no number becomes 0.
    const float low = value > 0.0f ? value : 0.0f;
    return static_cast<std::uint8_t>((low < 255.0f ? low : 255.0f) + 0.5f);
}

template <typename Made>
void store(const float* made, int count, Made* out) {
    ROWS_DO_NOT_OVERLAP
    for (int i = 0; i < count; ++i) out[i] = stored(made[static_cast<std::int64_t>(i) * lanes], out);
}

template <typename Value, typename Made>
void make_rows(const Plane<Value>& from, const Taps& rows, const Taps& columns, Span made, Desk& desk, Made* out) {
    const std::int64_t stride = from.width * from.channels;
    const std::int64_t out_stride = static_cast<std::int64_t>(columns.count) * from.channels;
    for (Span now{0, 0}; now.end < columns.count;) {
        now = next_columns(columns, now.end, from.channels);
        const Span old = behind(columns, now);
        const int count = (old.end - old.begin) * from.channels;
        desk.line.resize(count);
        desk.turned.resize(static_cast<std::size_t>(count) * lanes);
        for (int y = made.begin; y < made.end; ++y) {
            const Value* start = from.values + rows.starts[y] * stride + static_cast<std::int64_t>(old.begin) * from.channels;
            sum_rows(start, stride, rows.weights + static_cast<std::int64_t>(y) * rows.each, rows.each, count, desk.line.data());
            turn(desk.line.data(), count, desk.turned.data() + (y - made.begin));
        }
        const int values = (now.end - now.begin) * from.channels;
        desk.made.resize(static_cast<std::size_t>(values) * lanes);
        float* put = desk.made.data();
        for (int x = now.begin; x < now.end; ++x) {
            const float* weights = columns.weights + static_cast<std::int64_t>(x) * columns.each;
            const float* pixel = desk.turned.data() + static_cast<std::int64_t>(columns.starts[x] - old.begin) * from.channels * lanes;
            for (int channel = 0; channel < from.channels; ++channel, put += lanes) {
                sum_columns(pixel + channel * lanes, from.channels * lanes, weights, columns.each, put);
            }
        }
        for (int y = made.begin; y < made.end; ++y) {
            store(desk.made.data() + (y - made.begin), values, out + y * out_stride + static_cast<std::int64_t>(now.begin) * from.channels);
        }
    }
}

}  // namespace

template <typename Value, typename Made>
void resample(const Plane<Value>& from, const Taps& rows, const Taps& columns, Made* out, int threads) {
    const int pieces = (rows.count + lanes - 1) / lanes, used = std::min(threads_for(threads), pieces);
    std::vector<Desk> desks(used);
    run_pieces(used, pieces, [&](int thread, int piece) {
        const Span made{piece * lanes, std::min((piece + 1) * lanes, rows.count)};
        make_rows(from, rows, columns, made, desks[thread], out);
    });
}

template void resample(const Plane<std::uint8_t>&, const Taps&, const Taps&, std::uint8_t*, int);
template void resample(const Plane<std::uint8_t>&, const Taps&, const Taps&, float*, int);
template void resample(const Plane<float>&, const Taps&, const Taps&, std::uint8_t*, int);
template void resample(const Plane<float>&, const Taps&, const Taps&, float*, int);

}  // namespace nightjar
