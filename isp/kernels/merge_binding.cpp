// The Python shell around the merge. `isp/burst/merging.py` works out the numbers; here only what would read or write
// out of bounds is checked.
#include "merge_binding.hpp"

#include <nanobind/stl/array.h>

#include <stdexcept>

#include "arrays.hpp"
#include "merge.hpp"

namespace nb = nanobind;
using namespace nb::literals;

namespace nightjar {

namespace {

using Picture = Array<const std::uint16_t, 2>;
using Floats = Array<float, 2>;

Counts16 counts_of(const Picture& picture) {
    return {picture.data(), static_cast<int>(picture.shape(0)), static_cast<int>(picture.shape(1))};
}

bool same_shape(const Floats& one, std::size_t rows, std::size_t columns) {
    return one.shape(0) == rows && one.shape(1) == columns;
}

Gathered gathered_of(const Picture& reference, Floats difference, Floats weight, Array<float, 4> kept, Floats squares) {
    const std::size_t rows = weight.shape(0), columns = weight.shape(1);
    const auto places = [](std::size_t length) { return (length + pitch - 1) / pitch + 1; };
    if (!same_shape(difference, reference.shape(0), reference.shape(1)) || !same_shape(squares, rows, columns) ||
        rows != places(reference.shape(0)) || columns != places(reference.shape(1)) || kept.shape(0) != rows ||
        kept.shape(1) != columns || kept.shape(2) != bands || kept.shape(3) != bands) {
        throw std::invalid_argument("what is gathered does not fit the reference");
    }
    return {difference.data(), weight.data(),         kept.data(), squares.data(), static_cast<int>(rows),
            static_cast<int>(columns)};
}

void add_frame(const MergeFacts& facts, Picture reference, Picture frame, Array<const float, 3> shifts, Floats difference,
               Floats weight, Array<float, 4> kept, Floats squares, Floats share, int threads) {
    const Gathered gathered = gathered_of(reference, difference, weight, kept, squares);
    if (frame.shape(0) != reference.shape(0) || frame.shape(1) != reference.shape(1) ||
        shifts.shape(0) != weight.shape(0) || shifts.shape(1) != weight.shape(1) || shifts.shape(2) != 2 ||
        !same_shape(share, weight.shape(0), weight.shape(1))) {
        throw std::invalid_argument("the frame or its shifts do not fit the reference");
    }
    const Counts16 still = counts_of(reference), moved = counts_of(frame);
    const nb::gil_scoped_release released;
    merge_frame(facts, still, moved, shifts.data(), gathered, share.data(), threads);
}

void write_merged(const MergeFacts& facts, Picture reference, Floats difference, Floats weight, Array<float, 4> kept,
                  Floats squares, int factor, Array<std::uint16_t, 2> out, int threads) {
    const Gathered gathered = gathered_of(reference, difference, weight, kept, squares);
    if (out.shape(0) != reference.shape(0) || out.shape(1) != reference.shape(1)) {
        throw std::invalid_argument("the output has another size than the reference");
    }
    if (factor < 1 || static_cast<float>(factor) * facts.white > 65535.0f) {
        throw std::invalid_argument("the scaled counts need more than 16 bits");
    }
    const Counts16 still = counts_of(reference);
    const nb::gil_scoped_release released;
    merged_counts(facts, still, gathered, factor, out.data(), threads);
}

void make_facts(MergeFacts* facts, std::array<float, 4> black, float white, std::array<float, 2> noise, bool by_frequency,
                std::array<float, 11> limits, Array<const float, 2> between, Array<const float, 2> noise_left,
                std::array<float, tile_px> window) {
    if (between.shape(0) != sub_steps || between.shape(1) != taps || noise_left.shape(0) != sub_steps ||
        noise_left.shape(1) != frequencies) {
        throw std::invalid_argument("the tables between pixels have shapes (16, 6) and (16, 16)");
    }
    new (facts) MergeFacts{black, white, noise[0], noise[1], by_frequency ? Rung::frequencies : Rung::places,
                            {}, {}, {}, {}, window, {}};
    facts->limits = {limits[0], limits[1], limits[2], limits[3], limits[4], limits[5], limits[6], limits[7], limits[8], limits[9],
                     limits[10]};
    for (int step = 0; step < sub_steps; ++step) {
        for (int k = 0; k < taps; ++k) facts->between[step][k] = between(step, k);
        for (int k = 0; k < frequencies; ++k) facts->noise_left[step][k] = noise_left(step, k);
    }
    facts->noise_mean = mean_noise_left(facts->noise_left);
}

// Which pixels of the sensor are bad: (count, 2) rows and columns, in any order.
void set_bad_pixels(MergeFacts& facts, Array<const std::int32_t, 2> places, int height, int width) {
    if (places.shape(1) != 2 || height < 1 || width < 1) throw std::invalid_argument("places are (count, 2)");
    for (std::size_t i = 0; i < places.shape(0); ++i) {
        if (places(i, 0) < 0 || places(i, 0) >= height || places(i, 1) < 0 || places(i, 1) >= width) {
            throw std::invalid_argument("a bad pixel lies outside the picture");
        }
    }
    facts.bad = bad_pixel_list(places.data(), static_cast<int>(places.shape(0)), height, width);
}

}  // namespace

void bind_merge(nb::module_& module) {
    nb::class_<MergeFacts>(module, "MergeFacts")
        .def("__init__", &make_facts, "black"_a, "white"_a, "noise"_a, "by_frequency"_a, "limits"_a, "between"_a, "noise_left"_a,
             "window"_a)
        .def("bad_pixels", &set_bad_pixels, "places"_a, "height"_a, "width"_a)
        .def("add_frame", &add_frame, "reference"_a, "frame"_a, "shifts"_a, "difference"_a, "weight"_a, "kept"_a,
             "squares"_a, "share"_a, "threads"_a)
        .def("write_merged", &write_merged, "reference"_a, "difference"_a, "weight"_a, "kept"_a, "squares"_a, "factor"_a,
             "out"_a, "threads"_a);
    module.attr("MERGE_BANDS") = bands;
    module.attr("MERGE_STEPS") = sub_steps;
    module.attr("MERGE_TAPS") = taps;
    module.attr("MERGE_FREQUENCIES") = frequencies;
}

}  // namespace nightjar
