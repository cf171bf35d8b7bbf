// The Python shell around the trust in a frame's samples. `isp/zoom/robustness.py` works out the numbers; here only what
// would read or write out of bounds is checked.
#include "zoom_trust_binding.hpp"

#include <nanobind/stl/array.h>

#include <stdexcept>

#include "arrays.hpp"
#include "zoom_trust.hpp"

namespace nb = nanobind;
using namespace nb::literals;

namespace nightjar {

namespace {

using Colours = Array<const float, 3>;

void require(bool holds, const char* what) {
    if (!holds) throw std::invalid_argument(what);
}

void require_even(const Colours& colours) {
    require(colours.shape(0) == 3 && colours.size() > 0 && colours.shape(1) % 2 == 0 && colours.shape(2) % 2 == 0,
            "the plain picture has three colours and even sides");
}

void slopes_into(Colours colours, Array<float, 3> slopes, int threads) {
    require_even(colours);
    require(slopes.shape(0) == 3 && slopes.shape(1) == colours.shape(1) / 2 && slopes.shape(2) == colours.shape(2) / 2,
            "slopes have half the picture's size");
    const nb::gil_scoped_release released;
    slopes_of_quads(colours.data(), static_cast<int>(colours.shape(1)), static_cast<int>(colours.shape(2)),
                    slopes.data(), threads);
}

void trust_into(const TrustFacts& facts, Colours colours, Colours slopes, Array<const std::uint16_t, 2> counts,
                Colours places, Array<const float, 2> slack, Array<std::uint8_t, 2> trust, int threads) {
    require_even(colours);
    const std::size_t height = colours.shape(1), width = colours.shape(2);
    const auto places_of = [](std::size_t length) { return (length + trust_pitch - 1) / trust_pitch + 1; };
    require(slopes.shape(0) == 3 && slopes.shape(1) == height / 2 && slopes.shape(2) == width / 2 &&
                counts.shape(0) == height && counts.shape(1) == width && places.shape(0) == places_of(height) &&
                places.shape(1) == places_of(width) && places.shape(2) == 2 && slack.shape(0) == places.shape(0) &&
                slack.shape(1) == places.shape(1) && trust.shape(0) == height / 2 &&
                trust.shape(1) == width / 2,
            "the frame, its places or its trust do not fit the plain picture");
    const PlainPicture plain{colours.data(), slopes.data(), static_cast<int>(height), static_cast<int>(width)};
    const nb::gil_scoped_release released;
    trust_in_frame(facts, plain, counts.data(), places.data(), slack.data(), trust.data(), threads);
}

void make_facts(TrustFacts* facts, std::array<int, 2> red, std::array<float, 4> black, float span,
                std::array<float, 3> gains, std::array<float, 2> noise, std::array<float, 2> near,
                std::array<float, 2> wide, std::array<float, 2> lean, float flicker, float certain, float foreign,
                float false_light) {
    new (facts) TrustFacts{red[0], red[1], black, span, gains, noise[0], noise[1], near, wide, lean, flicker, certain, foreign, false_light};
}

}  // namespace

void bind_zoom_trust(nb::module_& module) {
    nb::class_<TrustFacts>(module, "TrustFacts")
        .def("__init__", &make_facts, "red"_a, "black"_a, "span"_a, "gains"_a, "noise"_a, "near"_a, "wide"_a,
             "lean"_a, "flicker"_a, "certain"_a, "foreign"_a, "false_light"_a)
        .def("trust_in_frame", &trust_into, "colours"_a, "slopes"_a, "counts"_a, "places"_a, "slack"_a, "trust"_a, "threads"_a);
    module.def("slopes_of_quads", &slopes_into, "colours"_a, "slopes"_a, "threads"_a);
}

}  // namespace nightjar
