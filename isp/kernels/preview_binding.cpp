// The Python shell around the preview. `isp/preview.py` works out the whole numbers; here only what would read or write
// out of bounds is checked.
#include "preview_binding.hpp"

#include <nanobind/stl/array.h>

#include <algorithm>
#include <stdexcept>

#include "arrays.hpp"
#include "preview.hpp"

namespace nb = nanobind;
using namespace nb::literals;

namespace nightjar {

namespace {

using Lines = std::array<Lane, tone_lines>;
using FilmGains = std::array<Lane, film_lines>;

void set_balance(PreviewFacts& facts, std::array<std::uint16_t, 2> held, std::array<int, 2> shifts,
                 std::array<std::uint16_t, 4> black, Array<const float, 3> gains, std::array<float, 4> window,
                 int gain_shift, std::array<Lane, 2> light) {
    if (gains.shape(0) != 4 || gains.shape(1) < 2 || gains.shape(2) < 2) {
        throw std::invalid_argument("gains have shape (4, 2 or more, 2 or more)");
    }
    BalanceFacts& balance = facts.balance;
    balance.lowest = held[0];
    balance.white = held[1];
    balance.up = shifts[0];
    balance.down = shifts[1];
    balance.black = black;
    balance.gains.assign(gains.data(), gains.data() + gains.size());
    balance.rows = static_cast<int>(gains.shape(1));
    balance.columns = static_cast<int>(gains.shape(2));
    balance.window = window;
    balance.gain_shift = gain_shift;
    balance.pedestal = light[0];
    balance.brightest = light[1];
}

void set_highlights(PreviewFacts& facts, std::array<float, 3> shares) {
    facts.highlights = HighlightShares{shares[0], shares[1], shares[2]};
}

void set_colour(PreviewFacts& facts, std::array<Lane, 6> shares, int shift, int unit_bits, Lane brightest) {
    facts.matrix = {shares, shift};
    facts.unit_bits = unit_bits;
    facts.brightest = brightest;
}

void set_local_tone(PreviewFacts& facts, Array<const float, 3> bends, float from_ev) {
    if (bends.shape(0) != lift_levels || bends.shape(1) < 2 || bends.shape(2) < 2) {
        throw std::invalid_argument("bends have shape (LIFT_LEVELS, 2 or more, 2 or more)");
    }
    facts.lift = LiftGrid{{bends.data(), bends.data() + bends.size()},
                          static_cast<int>(bends.shape(1)), static_cast<int>(bends.shape(2)), from_ev};
}

void set_tone(PreviewFacts& facts, FilmGains start, FilmGains rise, Lane straight, int line_bits, int shift,
              Lines code_start, Lines code_rise) {
    if (line_bits < 0 || line_bits > 9 || shift < 0 || shift > 8) throw std::invalid_argument("no such film");
    facts.film = {start, rise, straight, line_bits, shift};
    facts.curve = std::make_shared<const DisplayCurve>(code_start, code_rise, facts.balance.pedestal, facts.unit_bits);
}

void set_finish(PreviewFacts& facts, Lane chroma_start, std::array<Lane, 3> chroma_slope, Lane amount, Lane detail_start,
                std::array<Lane, 3> detail_slope) {
    facts.finish = {{chroma_start, chroma_slope}, {amount, {detail_start, detail_slope}}};
}

Counts checked(const PreviewFacts& facts, const Array<const std::uint16_t, 2>& counts) {
    if (!facts.curve) throw std::invalid_argument("the preview has no colours yet");
    if (counts.shape(0) < 2 || counts.shape(1) < 2) throw std::invalid_argument("the smallest picture is 2 x 2");
    return {counts.data(), static_cast<int>(counts.shape(0)), static_cast<int>(counts.shape(1))};
}

template <void (*preview)(const PreviewFacts&, const Counts&, std::uint8_t*, int)>
void run_rgb(const PreviewFacts& facts, Array<const std::uint16_t, 2> pixels, Array<std::uint8_t, 3> out, int threads) {
    const Counts counts = checked(facts, pixels);
    if (out.shape(0) != pixels.shape(0) || out.shape(1) != pixels.shape(1) || out.shape(2) != 3) {
        throw std::invalid_argument("the output has another size than the picture");
    }
    std::uint8_t* to = out.data();
    const nb::gil_scoped_release released;
    preview(facts, counts, to, threads);
}

void run_yuv420(const PreviewFacts& facts, Array<const std::uint16_t, 2> pixels, Array<std::uint8_t, 1> out, int threads) {
    const Counts counts = checked(facts, pixels);
    const std::size_t quarter = (pixels.shape(0) + 1) / 2 * ((pixels.shape(1) + 1) / 2);
    if (out.shape(0) != pixels.shape(0) * pixels.shape(1) + 2 * quarter) {
        throw std::invalid_argument("the output has another size than the picture");
    }
    std::uint8_t* to = out.data();
    const nb::gil_scoped_release released;
    preview_yuv420(facts, counts, to, threads);
}

}  // namespace

void bind_preview(nb::module_& module) {
    nb::class_<PreviewFacts>(module, "PreviewFacts")
        .def("__init__",
             [](PreviewFacts* facts, int red_row, int red_column) {
                 new (facts) PreviewFacts{};
                 facts->red_row = red_row & 1;
                 facts->red_column = red_column & 1;
             },
             "red_row"_a, "red_column"_a)
        .def("balance", &set_balance, "held"_a, "shifts"_a, "black"_a, "gains"_a, "window"_a, "gain_shift"_a, "light"_a)
        .def("highlights", &set_highlights, "shares"_a)
        .def("colour", &set_colour, "shares"_a, "shift"_a, "unit_bits"_a, "brightest"_a)
        .def("local_tone", &set_local_tone, "bends"_a, "from_ev"_a)
        .def("tone", &set_tone, "start"_a, "rise"_a, "straight"_a, "line_bits"_a, "shift"_a, "code_start"_a,
             "code_rise"_a)
        .def("finish", &set_finish, "chroma_start"_a, "chroma_slope"_a, "amount"_a, "detail_start"_a, "detail_slope"_a)
        .def("run_bare", &run_rgb<&preview_bare>, "counts"_a, "out"_a, "threads"_a)
        .def("run_rgb", &run_rgb<&preview_rgb>, "counts"_a, "out"_a, "threads"_a)
        .def("run_yuv420", &run_yuv420, "counts"_a, "out"_a, "threads"_a);
    std::array<int, limit_knots.size()> knots;
    std::transform(limit_knots.begin(), limit_knots.end(), knots.begin(), [](Lane code) { return code >> code_bits; });
    module.attr("PREVIEW_LIMIT_KNOTS") = nb::make_tuple(knots[0], knots[1], knots[2], knots[3]);
    module.attr("PREVIEW_TONE_LINES") = tone_lines;
    module.attr("PREVIEW_FILM_LINES") = film_lines;
}

}  // namespace nightjar
