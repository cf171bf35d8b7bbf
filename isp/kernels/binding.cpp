// The thin Python shell around the kernels: arrays and lists in, plain C++ out. Shapes and ranges are checked by the
// Python stages; here only what would read or write out of bounds. The GIL is released while pixels are worked on.
#include <nanobind/nanobind.h>
#include <nanobind/stl/array.h>
#include <nanobind/stl/vector.h>

#include <array>
#include <stdexcept>
#include <utility>

#include "align_binding.hpp"
#include "arrays.hpp"
#include "assemble.hpp"
#include "binning.hpp"
#include "bokeh_binding.hpp"
#include "merge_binding.hpp"
#include "preview_binding.hpp"
#include "refine_binding.hpp"
#include "resample_binding.hpp"
#include "statistics.hpp"
#include "tone.hpp"
#include "zoom_binding.hpp"
#include "zoom_trust_binding.hpp"

namespace nb = nanobind;
using namespace nb::literals;

namespace nightjar {

namespace {

template <typename Value, Chain (*begin)(const Value*, std::size_t, std::size_t)>
Chain mosaic_chain(Array<const Value, 2> pixels) {
    return begin(pixels.data(), pixels.shape(0), pixels.shape(1));
}

template <typename Value, Chain (*begin)(const Value*, std::size_t, std::size_t)>
Chain colour_chain(Array<const Value, 3> pixels) {
    if (pixels.shape(2) != 3) throw std::invalid_argument("a colour picture has three channels");
    return begin(pixels.data(), pixels.shape(0), pixels.shape(1));
}

using Window = std::array<float, 4>;

ShadingGrid grid_of(Array<const float, 3> gains, Window window) {
    if (gains.shape(0) != 3) throw std::invalid_argument("shading gains have shape (3, 2 or more, 2 or more)");
    const int rows = static_cast<int>(gains.shape(1)), columns = static_cast<int>(gains.shape(2));
    return {{gains.data(), gains.data() + gains.size()}, rows, columns, window};
}

void shading(Chain& chain, Array<const float, 3> gains, Window window, float blown) {
    add_shading(chain, grid_of(gains, window), blown);
}

void highlights(Chain& chain, std::array<float, 3> clip, std::array<float, 3> shares, int red_row, int red_column,
                Array<const float, 3> gains, Window window) {
    add_highlights(chain, clip, shares, red_row, red_column, grid_of(gains, window));
}

void colour_highlights(Chain& chain, std::array<float, 3> clip, std::array<float, 3> shares, Array<const float, 3> gains,
                       Window window) {
    add_colour_highlights(chain, clip, shares, grid_of(gains, window));
}

void local_tone(Chain& chain, Array<const float, 3> bends, float from_ev) {
    const int rows = static_cast<int>(bends.shape(1)), columns = static_cast<int>(bends.shape(2));
    add_local_tone(chain, {{bends.data(), bends.data() + bends.size()}, rows, columns, from_ev});
}

void tone(Chain& chain, Array<const float, 1> film, Array<const std::uint16_t, 1> codes) {
    add_tone(chain, {film.data(), film.data() + film.size()}, {codes.data(), codes.data() + codes.size()});
}

void uneven_noise(Chain& chain, Array<const float, 2> times) {
    const int rows = static_cast<int>(times.shape(0)), columns = static_cast<int>(times.shape(1));
    add_uneven_noise(chain, {{times.data(), times.data() + times.size()}, rows, columns});
}

void sharpen(Chain& chain, std::vector<float> taps, float amount, std::vector<float> sensitivity, float closed,
             float beyond, Array<const float, 2> calm, std::array<float, 4> window) {
    const int rows = static_cast<int>(calm.shape(0)), columns = static_cast<int>(calm.shape(1));
    add_sharpen(chain, {std::move(taps), amount, std::move(sensitivity), closed, beyond,
                        {{calm.data(), calm.data() + calm.size()}, rows, columns, window}});
}

template <std::size_t dimensions, typename Value, void (*run)(const Chain&, Value*, int)>
void run_into(const Chain& chain, Array<Value, dimensions> out, int threads) {
    if (out.shape(0) != static_cast<std::size_t>(chain.height()) ||
        out.shape(1) != static_cast<std::size_t>(chain.width()) || (dimensions == 3 && out.shape(2) != 3)) {
        throw std::invalid_argument("the output has another size than the picture");
    }
    Value* pixels = out.data();
    const nb::gil_scoped_release released;
    run(chain, pixels, threads);
}

void measure_zones(Array<const std::uint16_t, 2> pixels, int clip, Array<std::uint64_t, 3> sums,
                   Array<std::uint64_t, 3> counts) {
    const int height = static_cast<int>(pixels.shape(0)), width = static_cast<int>(pixels.shape(1));
    const int rows = static_cast<int>(sums.shape(0)), columns = static_cast<int>(sums.shape(1));
    if (sums.shape(2) != 4 || counts.shape(0) != sums.shape(0) || counts.shape(1) != sums.shape(1) ||
        counts.shape(2) != 4 || rows < 1 || columns < 1 || clip < 0 || clip > 65536) {
        throw std::invalid_argument("zones are (rows, columns, 4) and the clip level is 65536 at most");
    }
    const nb::gil_scoped_release released;
    zone_sums(pixels.data(), height, width, rows, columns, static_cast<std::uint32_t>(clip), sums.data(), counts.data());
}

void block_sums_into(Array<const std::uint16_t, 2> pixels, int step, Array<std::uint32_t, 4> sums) {
    const std::size_t rows = sums.shape(2), columns = sums.shape(3);
    const auto reach = [step](std::size_t places) { return 2 * ((places - 1) * static_cast<std::size_t>(step) + 4); };
    if (step < 1 || sums.shape(0) != 2 || sums.shape(1) != 4 || rows < 1 || columns < 1 ||
        reach(rows) > pixels.shape(0) || reach(columns) > pixels.shape(1)) {
        throw std::invalid_argument("the places (2, 4, rows, columns) do not fit into the frame");
    }
    const nb::gil_scoped_release released;
    block_sums(pixels.data(), static_cast<std::int64_t>(pixels.shape(1)), step, static_cast<int>(rows),
               static_cast<int>(columns), sums.data());
}

void bin_quads_into(Array<const std::uint16_t, 2> pixels, Array<std::uint16_t, 2> out) {
    const std::size_t height = out.shape(0), width = out.shape(1);
    if (height < 2 || width < 2 || height % 2 || width % 2 || pixels.shape(0) / 4 * 2 != height ||
        pixels.shape(1) / 4 * 2 != width) {
        throw std::invalid_argument("the output has half the frame's size, in whole 2 x 2");
    }
    const nb::gil_scoped_release released;
    bin_quads(pixels.data(), static_cast<std::int64_t>(pixels.shape(1)), static_cast<int>(height), static_cast<int>(width),
              out.data());
}

}  // namespace

NB_MODULE(_kernels, module) {
    nb::class_<Chain>(module, "Chain")
        .def_static("over_raw", &mosaic_chain<std::uint16_t, &chain_over_raw>, "pixels"_a, nb::keep_alive<0, 1>())
        .def_static("over_mosaic", &mosaic_chain<float, &chain_over_mosaic>, "pixels"_a, nb::keep_alive<0, 1>())
        .def_static("over_linear", &colour_chain<float, &chain_over_linear>, "pixels"_a, nb::keep_alive<0, 1>())
        .def_static("over_photo", &colour_chain<std::uint16_t, &chain_over_photo>, "pixels"_a, nb::keep_alive<0, 1>())
        .def_static("over_colour_counts", &colour_chain<std::uint16_t, &chain_over_colour_counts>, "pixels"_a,
                    nb::keep_alive<0, 1>())
        .def("uneven_noise", &uneven_noise, "times"_a)
        .def("levels", &add_levels, "black"_a, "scale"_a)
        .def("bad_pixels", &add_bad_pixels, "hot"_a, "contrast"_a, "dead"_a, "detail"_a, "noise_shot"_a, "noise_read"_a)
        .def("shading", &shading, "gains"_a, "window"_a, "blown"_a)
        .def("white_balance", &add_white_balance, "gains"_a)
        .def("highlights", &highlights, "clip"_a, "shares"_a, "red_row"_a, "red_column"_a, "gains"_a, "window"_a)
        .def("common_white", &add_common_white, "white"_a)
        .def("colour_levels", &add_colour_levels, "black"_a, "scale"_a)
        .def("colour_balance", &add_colour_balance, "gains"_a)
        .def("colour_highlights", &colour_highlights, "clip"_a, "shares"_a, "gains"_a, "window"_a)
        .def("colour_common_white", &add_colour_common_white, "white"_a)
        .def("three_colour_fringes", &add_three_colour_fringes, "excess"_a, "axis"_a)
        .def("colour_fringes", &add_colour_fringes, "excess"_a, "axis"_a)
        .def("demosaic", &add_demosaic, "red_row"_a, "red_column"_a)
        .def("fine_demosaic", &add_fine_demosaic, "red_row"_a, "red_column"_a, "noise_shot"_a, "noise_read"_a)
        .def("colour", &add_colour, "matrix"_a)
        .def("local_tone", &local_tone, "bends"_a, "from_ev"_a)
        .def("tone", &tone, "film"_a, "codes"_a)
        .def("chroma_noise", &add_chroma_noise, "differences"_a, "colours"_a, "noise"_a, "alike"_a,
             "joining"_a, "steps"_a)
        .def("luma_noise", &add_luma_noise, "weights"_a, "noise"_a, "pull"_a, "grain"_a, "detail"_a)
        .def("sharpen", &sharpen, "taps"_a, "amount"_a, "sensitivity"_a, "closed"_a, "beyond"_a, "calm"_a, "window"_a)
        .def("run_mosaic", &run_into<2, float, &run_mosaic>, "out"_a, "threads"_a)
        .def("run_linear", &run_into<3, float, &run_linear>, "out"_a, "threads"_a)
        .def("run_sixteen_bit", &run_into<3, std::uint16_t, &run_sixteen_bit>, "out"_a, "threads"_a)
        .def("run_eight_bit", &run_into<3, std::uint8_t, &run_eight_bit>, "out"_a, "threads"_a);
    module.def("measure_zones", &measure_zones, "pixels"_a, "clip"_a, "sums"_a, "counts"_a);
    module.def("block_sums", &block_sums_into, "pixels"_a, "step"_a, "sums"_a);
    module.def("bin_quads", &bin_quads_into, "pixels"_a, "out"_a);
    bind_align(module);
    bind_bokeh(module);
    bind_merge(module);
    bind_preview(module);
    bind_refine(module);
    bind_resample(module);
    bind_zoom(module);
    bind_resample(module);
    bind_zoom_trust(module);
    module.attr("FILM_ENTRIES") = film_entries;
    module.attr("TONE_ENTRIES") = tone_entries;
    module.attr("LIFT_LEVELS") = lift_levels;
    module.attr("GRAIN_STEPS") = grain_steps;
    module.attr("LONGEST_BLUR_PX") = margin - 1;
}

}  // namespace nightjar
