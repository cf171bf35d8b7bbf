// The Python shell around the measured zoom. `isp/zoom/measured.py` works out the numbers; here only what would read or
// write out of bounds is checked.
#include "zoom_binding.hpp"

#include <nanobind/stl/array.h>
#include <nanobind/stl/vector.h>

#include <stdexcept>

#include "arrays.hpp"
#include "zoom.hpp"
#include "zoom_tile.hpp"

namespace nb = nanobind;
using namespace nb::literals;

namespace nightjar {

namespace {

using Counts = Array<const std::uint16_t, 2>;
using Places = Array<const float, 3>;
using Bytes = Array<const std::uint8_t, 2>;

ZoomTaps taps_of(const Array<const std::int32_t, 1>& starts, const Array<const float, 2>& weights, int fine) {
    const int count = static_cast<int>(starts.shape(0)), taps = static_cast<int>(weights.shape(1));
    // A pixel may see fine pixels of the next tile, as far as this one's halo goes.
    bool fits = count >= 1 && weights.shape(0) == starts.shape(0) && taps >= 1 && taps <= zoom_halo;
    for (int i = 0; fits && i < count; ++i) {
        fits = starts(i) >= 0 && starts(i) < fine && (i == 0 || starts(i) >= starts(i - 1));
    }
    if (!fits) throw std::invalid_argument("the weights of the result do not fit the fine picture");
    return {starts.data(), weights.data(), count, taps};
}

void solve(const ZoomFacts& facts, Array<const float, 3> plain, Bytes bad, std::vector<Counts> frames,
           std::vector<Places> places, std::vector<Bytes> trusts, std::vector<Bytes> steady, Array<const std::int32_t, 1> rows,
           Array<const float, 2> row_weights, Array<const std::int32_t, 1> columns, Array<const float, 2> column_weights,
           std::array<float, 4> levels, Array<std::uint16_t, 3> out, Array<float, 2> behind, int threads) {
    const std::size_t height = bad.shape(0), width = bad.shape(1);
    const auto places_of = [](std::size_t length) { return (length + zoom_pitch - 1) / zoom_pitch + 1; };
    bool fits = height % 2 == 0 && width % 2 == 0 && plain.shape(0) == 3 && plain.shape(1) == height &&
                plain.shape(2) == width && places.size() == frames.size() && trusts.size() == frames.size() && steady.size() == frames.size() &&
                behind.shape(0) == height / 2 && behind.shape(1) == width / 2 && out.shape(0) == rows.shape(0) &&
                out.shape(1) == columns.shape(0) && out.shape(2) == 3;
    ZoomInput input{static_cast<int>(height), static_cast<int>(width), plain.data(), bad.data(), {}};
    for (std::size_t i = 0; fits && i < frames.size(); ++i) {
        fits = frames[i].shape(0) == height && frames[i].shape(1) == width && places[i].shape(0) == places_of(height) &&
               places[i].shape(1) == places_of(width) && places[i].shape(2) == 2 && trusts[i].shape(0) == height / 2 &&
               trusts[i].shape(1) == width / 2 && steady[i].shape(0) == places[i].shape(0) &&
               steady[i].shape(1) == places[i].shape(1);
        input.frames.push_back({frames[i].data(), places[i].data(), trusts[i].data(), steady[i].data()});
    }
    if (!fits) throw std::invalid_argument("the frames, their places and trusts, or the results have different sizes");
    if (!(levels[2] >= 0.0f && levels[2] <= levels[3] && levels[3] <= 65535.0f)) {
        throw std::invalid_argument("the counts need more than 16 bits");
    }
    const ZoomOutput output{taps_of(rows, row_weights, zoom_finer * static_cast<int>(height)),
                            taps_of(columns, column_weights, zoom_finer * static_cast<int>(width)),
                            levels[0], levels[1], levels[2], levels[3], out.data(), behind.data()};
    const nb::gil_scoped_release released;
    zoom_burst(facts, input, output, threads);
}

void make_facts(ZoomFacts* facts, std::array<int, 2> red, std::array<float, 4> black, float span, float clipped,
                std::array<float, 3> gains, std::array<float, 2> noise, std::array<float, 2> plain_noise, float doubt,
                float blown, std::array<float, 4> unexplained, std::array<float, 3> contradicted, std::array<float, 5> prior, std::vector<std::array<float, 2>> rounds,
                std::vector<std::array<float, 2>> patient_rounds) {
    new (facts) ZoomFacts{red[0],  red[1],         black,          span,  clipped, gains, noise[0],
                          noise[1], plain_noise[0], plain_noise[1], doubt, blown,   unexplained, contradicted, {},    std::move(rounds), std::move(patient_rounds)};
    facts->prior = {prior[0], prior[1], prior[2], prior[3], prior[4]};
}

}  // namespace

void bind_zoom(nb::module_& module) {
    nb::class_<ZoomFacts>(module, "ZoomFacts")
        .def("__init__", &make_facts, "red"_a, "black"_a, "span"_a, "clipped"_a, "gains"_a, "noise"_a, "plain_noise"_a,
             "doubt"_a, "blown"_a, "unexplained"_a, "contradicted"_a, "prior"_a, "rounds"_a,
             "patient_rounds"_a)
        .def("solve", &solve, "plain"_a, "bad"_a, "frames"_a, "places"_a, "trusts"_a, "steady"_a, "rows"_a, "row_weights"_a,
             "columns"_a, "column_weights"_a, "levels"_a, "out"_a, "behind"_a, "threads"_a);
    module.attr("ZOOM_FINER") = zoom_finer;
}

}  // namespace nightjar
