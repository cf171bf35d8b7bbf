// Colour of the preview at half the resolution, as JPEG and the eye have it: split from luma, cleaned of noise, joined.
//
// The noise filter is that of chroma_noise.py: a sigma filter (Lee 1983) across and then down, in which a neighbour
// takes part when both colour differences lie within what noise explains. Differences are blue minus luma and red minus
// luma, in display codes.
#pragma once

#include <array>

#include "preview_rows.hpp"

namespace nightjar {

// A limit that depends on luma: straight lines between four knots.
constexpr std::array<Lane, 4> limit_knots = {0, 24 << code_bits, 80 << code_bits, 255 << code_bits};
struct LimitLines {
    Lane start;                 // at the first knot
    std::array<Lane, 3> slope;  // after each of the first three; 32768 = 1
};

class LimitAt {
public:
    explicit LimitAt(const LimitLines& lines) : start_(every_lane(lines.start)) {
        for (int k = 0; k < 3; ++k) slope_[k] = every_lane(lines.slope[k]);
    }

    Lanes operator()(Lanes luma) const {
        Lanes limit = start_;
        for (int k = 0; k < 3; ++k) {
            const Lanes beyond = luma - limit_knots[k];
            limit += scaled(between(beyond, Lanes{}, every_lane(limit_knots[k + 1] - limit_knots[k])), slope_[k]);
        }
        return limit;
    }

private:
    Lanes start_, slope_[3];
};

// Means of each two columns of a row.
struct PairMeans {
    Lane *red, *blue, *luma;
};

// Colour differences of 2 x 2 pixels and the limit of the noise filter there.
struct Chroma {
    Lane *blue, *red, *limit;
};
void make_chroma(const PairMeans& upper, const PairMeans& lower, const LimitAt& limit_at, int lanes, const Chroma& out);

// The two halves of the noise filter. `in` has two good values on each side; rows are two above to two below.
void smooth_across(const Chroma& in, int lanes, const Chroma& out);
void smooth_down(const std::array<Chroma, 5>& rows, int lanes, const Chroma& out);

// Colour differences of one row of pixels between two rows of chroma, of which `near` counts three times.
void blend_rows(const Chroma& near, const Chroma& far, int lanes, const Chroma& out);

// Luma and half as many colour differences to colours. `chroma` has one good value on each side.
class ColourJoin {
public:
    ColourJoin(const ConstHalves& luma, const Chroma& chroma) : luma_(luma), chroma_(chroma) {}

    PairCodes at(int i) const {
        PairCodes codes;
        const Lanes blue_here = load(chroma_.blue + i), red_here = load(chroma_.red + i);
        const Lanes black{}, white = every_lane(white_display);
        for (int parity = 0; parity < 2; ++parity) {
            const int beside = parity == 0 ? i - 1 : i + 1;
            const Lanes blue = blue_here + ((load(chroma_.blue + beside) - blue_here) >> 2);
            const Lanes red = red_here + ((load(chroma_.red + beside) - red_here) >> 2);
            const Lanes luma = load(luma_[parity] + i);
            const Lanes green = luma - scaled(red, every_lane(green_per_red)) - scaled(blue, every_lane(green_per_blue));
            codes.red[parity] = between(luma + red, black, white);
            codes.green[parity] = between(green, black, white);
            codes.blue[parity] = between(luma + blue, black, white);
        }
        return codes;
    }

private:
    // How much green falls when red minus luma and blue minus luma rise: 0.299 / 0.587 and 0.114 / 0.587.
    static constexpr Lane green_per_red = 16691, green_per_blue = 6364;
    ConstHalves luma_;
    Chroma chroma_;
};

}  // namespace nightjar
