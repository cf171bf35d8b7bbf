// A picture at another size: each row, then each column of the new one is a weighted sum of some of the old one's. The
// weights come as tables, see isp/zoom/taps.py.
#pragma once

#include <cstdint>

namespace nightjar {

// Along one axis, for each of `count` new pixels: which `each` old ones it sums, the first by `starts`, and how much of
// each. All of them exist in the old picture.
struct Taps {
    const std::int32_t* starts;
    const float* weights;  // (count, each)
    int count, each;
};

// `width` pixels a row, of `channels` values each, one after the other.
template <typename Value>
struct Plane {
    const Value* values;
    std::int64_t width;
    int channels;
};

// from           uint8 or float, in any range
// out            (rows.count, columns.count, channels); whole numbers are rounded, halves up, and kept to 0 ... 255
// The same bytes for any number of threads.
template <typename Value, typename Made>
void resample(const Plane<Value>& from, const Taps& rows, const Taps& columns, Made* out, int threads);

}  // namespace nightjar
