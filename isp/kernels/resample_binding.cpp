// The Python shell around resampling. `isp/zoom/taps.py` makes the tables; here only what would read or write out of
// bounds is checked.
#include "resample_binding.hpp"


#include <limits>
#include <stdexcept>

#include "arrays.hpp"
#include "resample.hpp"

namespace nb = nanobind;
using namespace nb::literals;

namespace nightjar {

namespace {

using Starts = Array<const std::int32_t, 1>;
using Weights = Array<const float, 2>;

Taps taps_of(const Starts& starts, const Weights& weights, std::size_t length) {
    const std::size_t each = weights.shape(1);
    if (starts.shape(0) != weights.shape(0) || each < 1 || each > length) {
        throw std::invalid_argument("each new pixel has one start and at most as many weights as there are old pixels");
    }
    for (std::size_t i = 0; i < starts.shape(0); ++i) {
        if (starts(i) < 0 || static_cast<std::size_t>(starts(i)) + each > length) {
            throw std::invalid_argument("a tap lies outside the picture");
        }
    }
    return {starts.data(), weights.data(), static_cast<int>(starts.shape(0)), static_cast<int>(each)};
}

template <typename Value, typename Made>
void resample_into(Array<const Value, 3> from, Starts row_starts, Weights row_weights, Starts column_starts,
                   Weights column_weights, Array<Made, 3> out, int threads) {
    constexpr std::size_t most = std::numeric_limits<std::int32_t>::max() / 64;
    if (from.size() == 0 || out.size() == 0 || from.shape(2) != out.shape(2) || from.shape(1) * from.shape(2) > most ||
        out.shape(1) * out.shape(2) > most || out.shape(0) != row_starts.shape(0) ||
        out.shape(1) != column_starts.shape(0)) {
        throw std::invalid_argument("the pictures do not fit the tables");
    }
    const Taps rows = taps_of(row_starts, row_weights, from.shape(0));
    const Taps columns = taps_of(column_starts, column_weights, from.shape(1));
    const Plane<Value> plane{from.data(), static_cast<std::int64_t>(from.shape(1)), static_cast<int>(from.shape(2))};
    Made* pixels = out.data();
    const nb::gil_scoped_release released;
    resample(plane, rows, columns, pixels, threads);
}

template <typename Value, typename Made>
void define(nb::module_& module) {
    module.def("resample", &resample_into<Value, Made>, "pixels"_a.noconvert(), "row_starts"_a, "row_weights"_a,
               "column_starts"_a, "column_weights"_a, "out"_a.noconvert(), "threads"_a);
}

}  // namespace

void bind_resample(nb::module_& module) {
    define<std::uint8_t, std::uint8_t>(module);
    define<std::uint8_t, float>(module);
    define<float, std::uint8_t>(module);
    define<float, float>(module);
}

}  // namespace nightjar
