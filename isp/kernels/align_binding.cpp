// The Python shell around alignment. `isp/burst/` decides what is compared; here only what would read or write out of
// bounds is checked.
#include "align_binding.hpp"

#include <nanobind/ndarray.h>

#include <algorithm>
#include <stdexcept>

#include "align_grey.hpp"
#include "align_tiles.hpp"

namespace nb = nanobind;
using namespace nb::literals;

namespace nightjar {

namespace {

template <typename Value, std::size_t dimensions>
using Array = nb::ndarray<Value, nb::ndim<dimensions>, nb::c_contig, nb::device::cpu>;
using GreyArray = Array<const std::uint8_t, 2>;
using Vectors = Array<std::int16_t, 3>;

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

void shrink_into(GreyArray grey, int factor, Array<std::uint8_t, 2> out, int threads) {
    require(factor == 2 || factor == 4, "grey is shrunk by 2 or 4");
    require(out.shape(0) == grey.shape(0) / factor && out.shape(1) == grey.shape(1) / factor, "the output has another size");
    const nb::gil_scoped_release released;
    shrink_grey(grey_of(grey), factor, out.data(), threads);
}

std::int64_t slope_energy_of(GreyArray grey, int threads) {
    const nb::gil_scoped_release released;
    return slope_energy(grey_of(grey), threads);
}

TwoGreys checked(const GreyArray& reference, const GreyArray& frame, int tile) {
    require(tile == 8 || tile == 16, "tiles are 8 or 16 pixels");
    require(reference.shape(0) == frame.shape(0) && reference.shape(1) == frame.shape(1), "the greys differ in size");
    require(std::min(frame.shape(0), frame.shape(1)) >= static_cast<std::size_t>(tile) + 2, "the grey is too small");
    return {grey_of(reference), grey_of(frame)};
}

TileGrid grid_of(const Vectors& vectors, int tile) {
    require(vectors.shape(2) == 2, "vectors have y and x");
    return {static_cast<int>(vectors.shape(0)), static_cast<int>(vectors.shape(1)), tile};
}

bool same_places(const Vectors& one, const Vectors& other) {
    return one.shape(0) == other.shape(0) && one.shape(1) == other.shape(1) && one.shape(2) == 2 && other.shape(2) == 2;
}

// A field that Python hands back: no window may reach out of either picture.
void check_field(const TwoGreys& greys, const TileGrid& grid, const TileField& field) {
    const auto inside = [&](int y, int x) {
        return y >= 1 && x >= 1 && y + grid.tile < greys.frame.height && x + grid.tile < greys.frame.width;
    };
    for (std::ptrdiff_t pair = 0; pair < 2 * grid.places(); pair += 2) {
        const int y = field.windows[pair], x = field.windows[pair + 1];
        require(y < 0 || (inside(y, x) && inside(y + field.vectors[pair], x + field.vectors[pair + 1])),
                "a window reaches beyond the picture");
    }
}

void match_into(GreyArray reference, GreyArray frame, int tile, int power, Array<const std::int16_t, 4> candidates,
                int radius, int margin, Vectors vectors, Vectors windows, int threads) {
    const TwoGreys greys = checked(reference, frame, tile);
    const TileGrid grid = grid_of(vectors, tile);
    require(same_places(vectors, windows) && candidates.shape(0) == vectors.shape(0) &&
                candidates.shape(1) == vectors.shape(1) && candidates.shape(2) > 0 && candidates.shape(3) == 2,
            "candidates are (rows, columns, 1 or more, 2), vectors and windows (rows, columns, 2)");
    require((power == 1 || power == 2) && radius >= 0 && radius < 1000, "power is 1 or 2, radius 0 or more");
    const nb::gil_scoped_release released;
    match_tiles(greys, grid, power, candidates.data(), static_cast<int>(candidates.shape(2)), radius, margin,
                {vectors.data(), windows.data()}, threads);
}

void agree_into(GreyArray reference, GreyArray frame, int tile, int apart, int most, Vectors vectors, Vectors windows,
                Vectors out, int threads) {
    const TwoGreys greys = checked(reference, frame, tile);
    const TileGrid grid = grid_of(vectors, tile);
    require(same_places(vectors, windows) && same_places(vectors, out), "vectors, windows and output differ in size");
    const TileField field{vectors.data(), windows.data()};
    check_field(greys, grid, field);
    const nb::gil_scoped_release released;
    agree_with_neighbours(greys, grid, apart, most, field, out.data(), threads);
}

void sums_into(GreyArray reference, GreyArray frame, int tile, Vectors vectors, Vectors windows,
               Array<std::int32_t, 3> sums, int threads) {
    const TwoGreys greys = checked(reference, frame, tile);
    const TileGrid grid = grid_of(vectors, tile);
    require(same_places(vectors, windows) && sums.shape(0) == tile_sum_kinds && sums.shape(1) == vectors.shape(0) &&
                sums.shape(2) == vectors.shape(1),
            "sums are (TILE_SUM_KINDS, rows, columns)");
    const TileField field{vectors.data(), windows.data()};
    check_field(greys, grid, field);
    const nb::gil_scoped_release released;
    tile_sums(greys, grid, field, sums.data(), threads);
}

}  // namespace

void bind_align(nb::module_& module) {
    module.def("grey_of_quads", &grey_into, "counts"_a, "codes"_a, "shift"_a, "out"_a, "threads"_a);
    module.def("shrink_grey", &shrink_into, "grey"_a, "factor"_a, "out"_a, "threads"_a);
    module.def("slope_energy", &slope_energy_of, "grey"_a, "threads"_a);
    module.def("match_tiles", &match_into, "reference"_a, "frame"_a, "tile"_a, "power"_a, "candidates"_a, "radius"_a,
               "margin"_a, "vectors"_a, "windows"_a, "threads"_a);
    module.def("agree_with_neighbours", &agree_into, "reference"_a, "frame"_a, "tile"_a, "apart"_a, "most"_a,
               "vectors"_a, "windows"_a, "out"_a, "threads"_a);
    module.def("tile_sums", &sums_into, "reference"_a, "frame"_a, "tile"_a, "vectors"_a, "windows"_a, "sums"_a,
               "threads"_a);
    module.attr("TILE_SUM_KINDS") = tile_sum_kinds;
}

}  // namespace nightjar
