// The Python shell around alignment. `isp/burst/` decides what is compared; here only what would read or write out of
// bounds is checked.
#include "align_binding.hpp"

#include <nanobind/stl/array.h>

#include <algorithm>
#include <array>
#include <stdexcept>

#include "align_field.hpp"
#include "align_grey.hpp"
#include "align_observe.hpp"
#include "align_tiles.hpp"
#include "arrays.hpp"

namespace nb = nanobind;
using namespace nb::literals;

namespace nightjar {

namespace {

using GreyArray = Array<const std::uint8_t, 2>;
using Vectors = Array<std::int16_t, 3>;
using Coarser = Array<const double, 3>;
template <std::size_t count>
using Numbers = std::array<double, count>;

void require(bool holds, const char* what) {
    if (!holds) throw std::invalid_argument(what);
}

Grey grey_of(const GreyArray& pixels) {
    return {pixels.data(), static_cast<int>(pixels.shape(0)), static_cast<int>(pixels.shape(1))};
}

void grey_into(Array<const std::uint16_t, 2> counts, Array<const std::uint8_t, 1> codes, int shift,
               Array<std::uint8_t, 2> out, int threads) {
    require(counts.shape(0) / 2 == out.shape(0) && counts.shape(1) / 2 == out.shape(1) && out.size() > 0,
            "grey has half the size of the mosaic");
    require(codes.shape(0) > 0 && shift >= 0 && shift < 19, "the curve is empty");
    const GreyCurve curve{{codes.data(), codes.data() + codes.shape(0)}, shift};
    const nb::gil_scoped_release released;
    grey_of_quads(counts.data(), static_cast<std::ptrdiff_t>(counts.shape(1)), curve, static_cast<int>(out.shape(0)),
                  static_cast<int>(out.shape(1)), out.data(), threads);
}

void soften_into(GreyArray grey, Array<std::uint8_t, 2> out, int threads) {
    require(out.shape(0) == grey.shape(0) && out.shape(1) == grey.shape(1) && out.size() > 0,
            "the output has another size");
    const nb::gil_scoped_release released;
    soften_grey(grey_of(grey), out.data(), threads);
}

void shrink_into(GreyArray grey, int factor, Array<std::uint8_t, 2> out, int threads) {
    require(factor == 2 || factor == 4, "grey is shrunk by 2 or 4");
    require(out.shape(0) == grey.shape(0) / factor && out.shape(1) == grey.shape(1) / factor,
            "the output has another size");
    const nb::gil_scoped_release released;
    shrink_grey(grey_of(grey), factor, out.data(), threads);
}

std::int64_t slope_energy_of(GreyArray grey, int threads) {
    const nb::gil_scoped_release released;
    return slope_energy(grey_of(grey), threads);
}

TwoGreys checked(const GreyArray& reference, const GreyArray& frame) {
    require(reference.shape(0) == frame.shape(0) && reference.shape(1) == frame.shape(1), "the greys differ in size");
    require(std::min(frame.shape(0), frame.shape(1)) >= static_cast<std::size_t>(tile) + 2, "the grey is too small");
    return {grey_of(reference), grey_of(frame)};
}

TileGrid grid_of(const Vectors& vectors) {
    require(vectors.shape(2) == 2, "vectors have y and x");
    return {static_cast<int>(vectors.shape(0)), static_cast<int>(vectors.shape(1))};
}

bool same_places(const Vectors& one, const Vectors& other) {
    return one.shape(0) == other.shape(0) && one.shape(1) == other.shape(1) && one.shape(2) == 2 && other.shape(2) == 2;
}

// A field that Python hands back: no window may reach out of either picture.
void check_field(const TwoGreys& greys, const TileGrid& grid, const TileField& field) {
    const auto inside = [&](int y, int x) {
        return y >= 1 && x >= 1 && y + tile < greys.frame.height && x + tile < greys.frame.width;
    };
    for (std::ptrdiff_t pair = 0; pair < 2 * grid.places(); pair += 2) {
        const int y = field.windows[pair], x = field.windows[pair + 1];
        require(y < 0 || (inside(y, x) && inside(y + field.vectors[pair], x + field.vectors[pair + 1])),
                "a window reaches beyond the picture");
    }
}

Hand hand_of(const Numbers<5>& hand) { return {hand[0], hand[1], hand[2], hand[3], hand[4]}; }

Expected expected_of(const Coarser& strays, int factor, const Numbers<5>& hand) {
    require(strays.shape(0) == 2 && strays.shape(1) > 0 && strays.shape(2) > 0 && factor > 0,
            "strays are (2, rows, columns)");
    return {strays.data(), static_cast<int>(strays.shape(1)), static_cast<int>(strays.shape(2)), factor, hand_of(hand)};
}

void match_into(GreyArray reference, GreyArray frame, Coarser strays, int factor, Numbers<5> hand,
                std::array<int, 5> search, Vectors vectors, Vectors windows, int threads) {
    const TwoGreys greys = checked(reference, frame);
    const TileGrid grid = grid_of(vectors);
    require(same_places(vectors, windows), "vectors and windows are (rows, columns, 2)");
    const auto [power, radius, margin, far, fits] = search;
    require((power == 1 || power == 2) && radius >= 0 && far >= 0, "power is 1 or 2, radius 0 or more");
    const Expected expected = expected_of(strays, factor, hand);
    const TileField field{vectors.data(), windows.data()};
    const Search as{power, radius, margin, far, fits};
    const nb::gil_scoped_release released;
    match_tiles(greys, grid, expected, as, field, threads);
}

void agree_into(GreyArray reference, GreyArray frame, int apart, int most, Vectors vectors, Vectors windows,
                Vectors out, int threads) {
    const TwoGreys greys = checked(reference, frame);
    const TileGrid grid = grid_of(vectors);
    require(same_places(vectors, windows) && same_places(vectors, out), "vectors, windows and output differ in size");
    const TileField field{vectors.data(), windows.data()};
    check_field(greys, grid, field);
    const nb::gil_scoped_release released;
    agree_with_neighbours(greys, grid, apart, most, field, out.data(), threads);
}

void observe_into(GreyArray reference, GreyArray frame, Vectors vectors, Vectors windows,
                  Numbers<5> hand, Numbers<8> noise, Array<double, 3> seen, Array<double, 3> trust,
                  Array<std::uint8_t, 2> textured, Array<std::uint8_t, 2> explained, int threads) {
    const TwoGreys greys = checked(reference, frame);
    const TileGrid grid = grid_of(vectors);
    const std::size_t places = vectors.shape(0) * vectors.shape(1);
    require(same_places(vectors, windows) && seen.shape(0) == 2 && seen.size() == 2 * places && trust.shape(0) == 3 &&
                trust.size() == 3 * places && textured.size() == places && explained.size() == places,
            "what is observed has one value for each place");
    const TileField field{vectors.data(), windows.data()};
    check_field(greys, grid, field);
    const Observed out{seen.data(), trust.data(), textured.data(), explained.data()};
    const TileNoise of{noise[0], noise[1], noise[2], noise[3], noise[4], noise[5], noise[6], noise[7]};
    const nb::gil_scoped_release released;
    observe_tiles(greys, grid, field, hand_of(hand), of, out, threads);
}

void settle_into(Array<const double, 3> vectors, Array<const double, 3> trust, Vectors windows, Coarser strays,
                 int factor, Numbers<5> expected_hand, Numbers<5> hand, Numbers<3> smoothness, int rounds,
                 Array<double, 3> out, int threads) {
    const TileGrid grid = grid_of(windows);
    const std::size_t places = windows.shape(0) * windows.shape(1);
    require(vectors.size() == 2 * places && trust.size() == 3 * places && out.size() == 2 * places,
            "the field has one value for each place");
    const Expected expected = expected_of(strays, factor, expected_hand);
    const nb::gil_scoped_release released;
    settle_tiles(grid, vectors.data(), trust.data(), windows.data(), expected, hand_of(hand),
                 {smoothness[0], smoothness[1], smoothness[2], rounds}, out.data(), threads);
}

}  // namespace

void bind_align(nb::module_& module) {
    module.def("grey_of_quads", &grey_into, "counts"_a, "codes"_a, "shift"_a, "out"_a, "threads"_a);
    module.def("soften_grey", &soften_into, "grey"_a, "out"_a, "threads"_a);
    module.def("shrink_grey", &shrink_into, "grey"_a, "factor"_a, "out"_a, "threads"_a);
    module.def("slope_energy", &slope_energy_of, "grey"_a, "threads"_a);
    module.def("match_tiles", &match_into, "reference"_a, "frame"_a, "strays"_a, "factor"_a, "hand"_a,
               "search"_a, "vectors"_a, "windows"_a, "threads"_a);
    module.def("agree_with_neighbours", &agree_into, "reference"_a, "frame"_a, "apart"_a, "most"_a,
               "vectors"_a, "windows"_a, "out"_a, "threads"_a);
    module.def("observe_tiles", &observe_into, "reference"_a, "frame"_a, "vectors"_a, "windows"_a, "hand"_a, "noise"_a,
               "seen"_a, "trust"_a, "textured"_a, "explained"_a, "threads"_a);
    module.def("settle_tiles", &settle_into, "vectors"_a, "trust"_a, "windows"_a, "strays"_a, "factor"_a,
               "expected_hand"_a, "hand"_a, "smoothness"_a, "rounds"_a, "out"_a, "threads"_a);
    module.attr("ALIGN_TILE_PX") = tile;
}

}  // namespace nightjar
