// The Python shell around alignment to small fractions of a pixel. `isp/zoom/refine.py` decides what the sums mean; here
// only what would read or write out of bounds is checked.
#include "refine_binding.hpp"

#include <nanobind/stl/array.h>

#include <array>
#include <cmath>
#include <stdexcept>

#include "arrays.hpp"
#include "refine_grey.hpp"
#include "refine_tiles.hpp"

namespace nb = nanobind;
using namespace nb::literals;

namespace nightjar {

namespace {

using Counts = Array<const std::uint16_t, 2>;
using Field = Array<const double, 3>;

void require(bool holds, const char* what) {
    if (!holds) throw std::invalid_argument(what);
}

template <typename One, typename Other>
bool same_size(const One& one, const Other& other) {
    return one.shape(0) == other.shape(0) && one.shape(1) == other.shape(1);
}

void grey_into(Counts counts, std::array<float, 4> gains, std::array<float, 5> curve,
               Array<std::uint16_t, 2> out, int threads) {
    require(same_size(counts, out) && out.size() > 0, "the grey has the mosaic's size");
    const FineCurve bend{gains, curve[0], curve[1], curve[2], curve[3], curve[4]};
    const nb::gil_scoped_release released;
    fine_grey(counts.data(), static_cast<int>(counts.shape(0)), static_cast<int>(counts.shape(1)), bend,
              out.data(), threads);
}

void tiles_into(Counts reference, Counts frame, Field vectors, Field model, double apart, Array<double, 3> sums,
                int threads) {
    require(same_size(reference, frame) && frame.size() > 0, "the greys differ in size");
    const FinePair pair{reference.data(), frame.data(), static_cast<int>(frame.shape(0)),
                        static_cast<int>(frame.shape(1))};
    const auto places = [](std::size_t length) { return (length + fine_pitch - 1) / fine_pitch + 1; };
    require(vectors.shape(0) == places(frame.shape(0)) && vectors.shape(1) == places(frame.shape(1)) &&
                same_size(vectors, model) && same_size(vectors, sums) && vectors.shape(2) == 2 &&
                model.shape(2) == 2 && sums.shape(2) == fine_sums,
            "vectors, model and sums have one entry for each place");
    for (const Field& field : {vectors, model}) {
        for (std::size_t k = 0; k < field.size(); ++k) require(std::isfinite(field.data()[k]), "vectors are finite");
    }
    const FineField field{vectors.data(), model.data(), static_cast<int>(vectors.shape(0)),
                          static_cast<int>(vectors.shape(1))};
    const nb::gil_scoped_release released;
    fine_tiles(pair, field, apart, sums.data(), threads);
}

}  // namespace

void bind_refine(nb::module_& module) {
    module.def("fine_grey", &grey_into, "counts"_a, "gains"_a, "curve"_a, "out"_a, "threads"_a);
    module.def("fine_tiles", &tiles_into, "reference"_a, "frame"_a, "vectors"_a, "model"_a, "apart"_a, "sums"_a,
               "threads"_a);
    module.attr("FINE_SUMS") = fine_sums;
}

}  // namespace nightjar
