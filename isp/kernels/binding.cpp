// The thin Python shell around the kernels. Shapes and ranges are checked by the Python stages; here only what would
// read or write out of bounds. The GIL is released while pixels are worked on.
#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>
#include <nanobind/stl/array.h>
#include <nanobind/stl/vector.h>

#include <array>
#include <memory>
#include <stdexcept>

#include "chain.hpp"
#include "preview_binding.hpp"
#include "sinks.hpp"
#include "statistics.hpp"

namespace nb = nanobind;
using namespace nb::literals;

namespace nightjar {

namespace {

template <typename Value, std::size_t dimensions>
using Array = nb::ndarray<Value, nb::ndim<dimensions>, nb::c_contig, nb::device::cpu>;

template <typename Source, typename Value>
Chain chain_over(const Value* pixels, Kind kind, std::size_t height, std::size_t width) {
    if (height < 2 || width < 2) throw std::invalid_argument("the smallest picture is 2 x 2");
    const int rows = static_cast<int>(height), columns = static_cast<int>(width);
    return Chain([=](const Tile& tile) { return std::make_unique<Source>(pixels, tile); }, kind, rows, columns);
}

template <typename Value>
Chain mosaic_chain(Array<const Value, 2> pixels) {
    return chain_over<MosaicSource<Value>>(pixels.data(), Kind::bayer, pixels.shape(0), pixels.shape(1));
}

template <typename Value>
Chain colour_chain(Array<const Value, 3> pixels) {
    if (pixels.shape(2) != 3) throw std::invalid_argument("a colour picture has three channels");
    return chain_over<ColourSource<Value>>(pixels.data(), Kind::rgb, pixels.shape(0), pixels.shape(1));
}

void expect(const Chain& chain, Kind kind, const char* stage) {
    if (chain.kind() != kind) throw std::invalid_argument(std::string(stage) + " does not fit here in the chain");
}

template <typename Stage, typename... Arguments>
void add(Chain& chain, Kind takes, Kind makes, int reach, const char* name, Arguments... arguments) {
    expect(chain, takes, name);
    chain.add([=](Stages& stages) { stages.push_back(std::make_unique<Stage>(*stages.back(), arguments...)); }, makes,
              reach);
}

void add_shading(Chain& chain, Array<const float, 3> gains, std::array<float, 4> window, std::array<int, 4> colours) {
    expect(chain, Kind::bayer, "shading");
    if (gains.shape(0) != 3 || gains.shape(1) < 2 || gains.shape(2) < 2) {
        throw std::invalid_argument("shading gains have shape (3, 2 or more, 2 or more)");
    }
    for (const int colour : colours) {
        if (colour < 0 || colour > 2) throw std::invalid_argument("a colour is 0, 1 or 2");
    }
    const auto grid = std::make_shared<ShadingGrid>();
    grid->gains.assign(gains.data(), gains.data() + gains.size());
    grid->rows = static_cast<int>(gains.shape(1));
    grid->columns = static_cast<int>(gains.shape(2));
    grid->window = window;
    chain.add([=](Stages& stages) { stages.push_back(std::make_unique<Shading>(*stages.back(), *grid, colours)); },
              Kind::bayer, 0);
}

void add_tone(Chain& chain, Array<const std::uint16_t, 1> codes) {
    expect(chain, Kind::rgb, "tone");
    if (codes.size() != tone_entries) throw std::invalid_argument("the tone table has the wrong size");
    const std::vector<std::uint16_t> copied(codes.data(), codes.data() + codes.size());
    const auto shared = std::make_shared<const ToneTable>(pack_tone_table(copied));
    chain.add([=](Stages& stages) { stages.push_back(std::make_unique<Tone>(*stages.back(), *shared)); }, Kind::rgb, 0);
}

void add_chroma_noise(Chain& chain, std::vector<float> thresholds) {
    expect(chain, Kind::rgb, "chroma_noise");
    if (thresholds.size() != chroma_steps) throw std::invalid_argument("there is one chroma threshold for each step");
    const auto shared = std::make_shared<const std::vector<float>>(std::move(thresholds));
    chain.add(
        [=](Stages& stages) {
            stages.push_back(std::make_unique<ChromaAcross>(*stages.back(), *shared));
            stages.push_back(std::make_unique<ChromaDown>(*stages.back(), *shared));
        },
        Kind::rgb, ChromaAcross::reach);
}

void add_sharpen(Chain& chain, std::vector<float> taps, float amount) {
    expect(chain, Kind::rgb, "sharpen");
    if (taps.empty() || taps.size() > margin) throw std::invalid_argument("the blur reaches too far");
    const auto shared = std::make_shared<const std::vector<float>>(std::move(taps));
    chain.add(
        [=](Stages& stages) {
            Rows& picture = *stages.back();
            stages.push_back(std::make_unique<LumaBlur>(picture, *shared));
            stages.push_back(std::make_unique<Sharpen>(picture, *stages.back(), *shared, amount));
        },
        Kind::rgb, static_cast<int>(shared->size()));
}

void run_mosaic(const Chain& chain, Array<float, 2> out, int threads) {
    expect(chain, Kind::bayer, "a mosaic");
    if (out.shape(0) != static_cast<std::size_t>(chain.height()) || out.shape(1) != static_cast<std::size_t>(chain.width())) {
        throw std::invalid_argument("the output has another size than the picture");
    }
    float* pixels = out.data();
    const nb::gil_scoped_release released;
    chain.run(threads, [&](int y, int left, int columns, const Row& row) {
        store_mosaic(row, columns, pixels + static_cast<std::ptrdiff_t>(y) * chain.width() + left);
    });
}

template <typename Value, void (*store)(const Row&, int, Value*)>
void run_colour(const Chain& chain, Array<Value, 3> out, int threads) {
    expect(chain, Kind::rgb, "a colour picture");
    if (out.shape(0) != static_cast<std::size_t>(chain.height()) ||
        out.shape(1) != static_cast<std::size_t>(chain.width()) || out.shape(2) != 3) {
        throw std::invalid_argument("the output has another size than the picture");
    }
    Value* pixels = out.data();
    const nb::gil_scoped_release released;
    chain.run(threads, [&](int y, int left, int columns, const Row& row) {
        store(row, columns, pixels + (static_cast<std::ptrdiff_t>(y) * chain.width() + left) * 3);
    });
}

void measure_zones(Array<const std::uint16_t, 2> pixels, int clip, Array<std::uint64_t, 3> sums,
                   Array<std::uint64_t, 3> counts) {
    const int height = static_cast<int>(pixels.shape(0)), width = static_cast<int>(pixels.shape(1));
    const int rows = static_cast<int>(sums.shape(0)), columns = static_cast<int>(sums.shape(1));
    if (sums.shape(2) != 4 || counts.shape(0) != sums.shape(0) || counts.shape(1) != sums.shape(1) ||
        counts.shape(2) != 4 || rows < 1 || columns < 1 || clip < 0 || clip > 65535) {
        throw std::invalid_argument("zones are (rows, columns, 4) and the clip level is a 16-bit count");
    }
    const nb::gil_scoped_release released;
    zone_sums(pixels.data(), height, width, rows, columns, static_cast<std::uint16_t>(clip), sums.data(), counts.data());
}

}  // namespace

NB_MODULE(_kernels, module) {
    using Quad = std::array<float, 4>;
    nb::class_<Chain>(module, "Chain")
        .def_static("over_raw", &mosaic_chain<std::uint16_t>, "pixels"_a, nb::keep_alive<0, 1>())
        .def_static("over_mosaic", &mosaic_chain<float>, "pixels"_a, nb::keep_alive<0, 1>())
        .def_static("over_linear", &colour_chain<float>, "pixels"_a, nb::keep_alive<0, 1>())
        .def_static("over_photo", &colour_chain<std::uint16_t>, "pixels"_a, nb::keep_alive<0, 1>())
        .def("levels", [](Chain& c, Quad black, Quad scale) { add<Levels>(c, Kind::bayer, Kind::bayer, 0, "levels", black, scale); },
             "black"_a, "scale"_a)
        .def("bad_pixels",
             [](Chain& c, float hot, float contrast, float dead, float detail, float shot, float read) {
                 const BadPixelLimits limits{hot, contrast, dead, detail, shot, read};
                 add<BadPixels>(c, Kind::bayer, Kind::bayer, BadPixels::reach, "bad_pixels", limits);
             },
             "hot"_a, "contrast"_a, "dead"_a, "detail"_a, "noise_shot"_a, "noise_read"_a)
        .def("shading", &add_shading, "gains"_a, "window"_a, "colours"_a)
        .def("white_balance",
             [](Chain& c, Quad gains) { add<WhiteBalance>(c, Kind::bayer, Kind::bayer, 0, "white_balance", gains); }, "gains"_a)
        .def("demosaic",
             [](Chain& c, int red_row, int red_column) {
                 add<Demosaic>(c, Kind::bayer, Kind::rgb, Demosaic::reach, "demosaic", red_row & 1, red_column & 1);
             },
             "red_row"_a, "red_column"_a)
        .def("colour", [](Chain& c, std::array<float, 9> matrix) { add<Colour>(c, Kind::rgb, Kind::rgb, 0, "colour", matrix); },
             "matrix"_a)
        .def("tone", &add_tone, "codes"_a)
        .def("chroma_noise", &add_chroma_noise, "thresholds"_a)
        .def("sharpen", &add_sharpen, "taps"_a, "amount"_a)
        .def("run_mosaic", &run_mosaic, "out"_a, "threads"_a)
        .def("run_linear", &run_colour<float, &store_colour<float>>, "out"_a, "threads"_a)
        .def("run_sixteen_bit", &run_colour<std::uint16_t, &store_colour<std::uint16_t>>, "out"_a, "threads"_a)
        .def("run_eight_bit", &run_colour<std::uint8_t, &store_eight_bit>, "out"_a, "threads"_a);
    module.def("measure_zones", &measure_zones, "pixels"_a, "clip"_a, "sums"_a, "counts"_a);
    bind_preview(module);
    module.attr("TONE_ENTRIES") = tone_entries;
    module.attr("CHROMA_STEPS") = chroma_steps;
    module.attr("LONGEST_BLUR_PX") = margin - 1;
}

}  // namespace nightjar
