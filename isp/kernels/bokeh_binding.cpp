// The Python shell around the drawing of what is out of focus. `isp/bokeh.py` and `isp/bokeh_layers.py` work out the
// numbers; here only what would read or write out of bounds is checked.
#include "bokeh_binding.hpp"

#include <nanobind/stl/array.h>
#include <nanobind/stl/vector.h>

#include <cmath>
#include <cstdint>
#include <stdexcept>

#include "arrays.hpp"
#include "bokeh.hpp"

namespace nb = nanobind;
using namespace nb::literals;

namespace nightjar {

namespace {

// A larger opening would not fit into memory.
constexpr float largest_opening = 20000.0f;

void check_radius(float radius) {
    if (!(radius > 0.0f && radius <= largest_opening)) throw std::invalid_argument("an opening has a radius above 0");
}

void make_facts(BokehFacts* facts, std::array<float, 3> lights, std::array<int, 2> cells,
                std::vector<std::array<float, 3>> sides, float cat_eye, std::array<float, 4> in_focus,
                std::array<float, 3> grain, std::array<std::array<float, 2>, 3> noise,
                std::array<float, 4> spread, std::uint32_t seed) {
    if (cells[0] < 1 || cells[1] < 0) throw std::invalid_argument("a light's cell has a pixel or more");
    new (facts) BokehFacts{};
    facts->lights = {lights[0], lights[1], lights[2], cells[0], cells[1]};
    for (const auto& side : sides) facts->sides.push_back({side[0], side[1], side[2]});
    facts->cat_eye = cat_eye;
    facts->in_focus = {in_focus[0], in_focus[1], in_focus[2], in_focus[3]};
    facts->grain = {grain[0], grain[1], grain[2], noise, spread, seed};
}

void layer(BokehFacts& facts, float radius, int reduction, float reduced, std::array<float, 4> share) {
    check_radius(reduced);
    if (reduction < 1 || reduction > 1024) throw std::invalid_argument("a reduction is 1 to 1024");
    facts.add_layer(radius, reduction, reduced, {share[0], share[1], share[2], share[3]});
}

void draw(const BokehFacts& facts, Array<const float, 3> picture, Array<const std::uint8_t, 2> subject,
          Array<const float, 2> radius, Array<const float, 2> grain, Array<float, 3> out, int threads) {
    const std::size_t height = picture.shape(0), width = picture.shape(1);
    const bool has_subject = subject.size() > 0;
    if (height < 1 || width < 1 || picture.shape(2) != 3 || out.shape(0) != height || out.shape(1) != width ||
        out.shape(2) != 3 || radius.size() == 0 || grain.size() == 0 ||
        (has_subject && (subject.shape(0) != height || subject.shape(1) != width))) {
        throw std::invalid_argument("picture, subject, radius and output do not fit one another");
    }
    const std::uintptr_t from_at = reinterpret_cast<std::uintptr_t>(picture.data());
    const std::uintptr_t to_at = reinterpret_cast<std::uintptr_t>(out.data());
    const std::uintptr_t bytes = sizeof(float) * picture.size();
    if (from_at != to_at && from_at < to_at + bytes && to_at < from_at + bytes) {
        throw std::invalid_argument("the output shares a part of the picture's memory; it may be all of it, or none");
    }
    const int rows = static_cast<int>(height), columns = static_cast<int>(width);
    const FocusPicture from{picture.data(), has_subject ? subject.data() : nullptr, rows, columns};
    float* pixels = out.data();
    const nb::gil_scoped_release released;
    const auto map = [&](const Array<const float, 2>& cells) {
        return PictureMap(cells.data(), static_cast<int>(cells.shape(0)), static_cast<int>(cells.shape(1)), rows, columns);
    };
    draw_bokeh(facts, from, {map(radius), map(grain)}, pixels, threads);
}

// Where the taps of an opening lie, (count, 2) rows and columns, and what each adds.
nb::tuple opening(float radius, std::vector<std::array<float, 3>> sides, std::array<float, 2> eye, bool upside_down) {
    check_radius(radius);
    std::vector<Side> borders;
    for (const auto& side : sides) borders.push_back({side[0], side[1], side[2]});
    const Aperture aperture = aperture_of(radius, borders, eye[0], eye[1], upside_down);
    nb::list taps;
    for (const Tap& tap : aperture.taps) taps.append(nb::make_tuple(tap.row, tap.column, tap.weight));
    return nb::make_tuple(aperture.reach, taps);
}

}  // namespace

void bind_bokeh(nb::module_& module) {
    nb::class_<BokehFacts>(module, "BokehFacts")
        .def("__init__", &make_facts, "lights"_a, "cells"_a, "sides"_a, "cat_eye"_a, "in_focus"_a, "grain"_a, "noise"_a,
             "spread"_a, "seed"_a)
        .def("layer", &layer, "radius"_a, "reduction"_a, "reduced"_a, "share"_a)
        .def("draw", &draw, "picture"_a, "subject"_a, "radius"_a, "grain"_a, "out"_a, "threads"_a);
    module.def("bokeh_opening", &opening, "radius"_a, "sides"_a, "eye"_a, "upside_down"_a);
}

}  // namespace nightjar
