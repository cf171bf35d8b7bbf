// Hue-keeping tone of the preview: the gamut's floor and the film's gain of tone.py, before the display curve.
//
// Both go by N, the largest of a pixel's three colours. Most registers hold neither a light above the film's straight
// part nor a colour below the floor, and are left alone; the others give the same for each pixel, whoever is beside it.
#pragma once

#include <array>
#include <cstdint>

#include "preview_lanes.hpp"

namespace nightjar {

constexpr int film_lines = 64;

// The gain of N from `straight` on, in straight lines; 32768 is 2 to the `shift`.
struct FilmFacts {
    std::array<Lane, film_lines> start, rise;
    Lane straight;  // up to here, above black, the gain is 1
    int line_bits;  // the logarithm of a line's length
    int shift;
};

// Light of a register of pixels.
struct PixelLight {
    Lanes red, green, blue;
};

class FilmInRegisters {
public:
    FilmInRegisters(const FilmFacts& facts, Lane black, int unit_bits)
        : facts_(facts), black_(every_lane(black)), straight_(every_lane(facts.straight)),
          last_(every_lane(static_cast<Lane>(facts.line_bits >= 9 ? 32767 : (film_lines << facts.line_bits) - 1))),
          white_(every_lane(static_cast<Lane>((1 << unit_bits >> facts.shift) + 1))) {
#if defined(__AVX512BW__)
        start_[0] = _mm512_loadu_si512(&facts.start[0]);
        start_[1] = _mm512_loadu_si512(&facts.start[film_lines / 2]);
        rise_[0] = _mm512_loadu_si512(&facts.rise[0]);
        rise_[1] = _mm512_loadu_si512(&facts.rise[film_lines / 2]);
#endif
    }

    void bend(PixelLight& light) const {
        const Lanes strongest = larger_of(larger_of(light.red, light.green), larger_of(light.blue, black_)) - black_;
        const Lanes least = smaller_of(light.red, smaller_of(light.green, light.blue));
        const Lanes floor = scaled(strongest, every_lane(floor_share));
        const Lanes below = floor + black_ - larger_of(least, every_lane(darkest));
        if (any_above_zero(larger_of(strongest - straight_, below))) bend_some(light, strongest, floor);
    }

private:
    static Lanes larger_of(Lanes a, Lanes b) { return a > b ? a : b; }
    static Lanes smaller_of(Lanes a, Lanes b) { return a < b ? a : b; }
    // Apart, so that it takes no registers from those pixels that need nothing.
    __attribute__((noinline)) void bend_some(PixelLight& light, Lanes strongest, Lanes floor) const {
        light = {above_floor(light.red, floor), above_floor(light.green, floor), above_floor(light.blue, floor)};
        const Lanes bent = strongest > straight_;
        const Lanes gain = gain_of(strongest);
        const auto shown = [&](Lanes colour) {
            const Lanes filmed = smaller_of(scaled(colour - black_, gain), white_) << facts_.shift;
            return bent ? black_ + filmed : colour;
        };
        light = {shown(light.red), shown(light.green), shown(light.blue)};
    }

    // A fiftieth, as in tone.cpp.
    static constexpr Lane floor_share = 655;
    // So far below black a colour counts as this far: differences must fit 16 bits.
    static constexpr Lane darkest = -8192;

    // The hyperbola q * q / (2 q - c) of tone.py as the upper edge of four straight lines.
    Lanes above_floor(Lanes colour, Lanes floor) const {
        const Lanes value = larger_of(colour, black_ + darkest) - black_;
        const Lanes below = floor - value;
        const Lanes near = floor - scaled(below, every_lane(near_slope));
        const Lanes middle = scaled(floor, every_lane(middle_start)) - scaled(below, every_lane(middle_slope));
        const Lanes far = scaled(floor, every_lane(far_start)) - scaled(below, every_lane(far_slope));
        const Lanes bent = larger_of(larger_of(near, middle), larger_of(far, floor >> least_bits));
        return value < floor ? black_ + bent : colour;
    }
    // With t = (q - c) / q the hyperbola is q / (1 + t). These lie within a fortieth of q of it up to t = 6.
    static constexpr Lane near_slope = 23813;                          // 1 - 0.7267 t
    static constexpr Lane middle_start = 25107, middle_slope = 7924;   // 0.7662 - 0.2418 t
    static constexpr Lane far_start = 13933, far_slope = 1671;         // 0.4252 - 0.0510 t
    static constexpr int least_bits = 4;

    Lanes gain_of(Lanes strongest) const {
        const Lanes beyond = strongest - straight_;
        const Lanes place = between(beyond, Lanes{}, last_);
        const Lanes line = place >> facts_.line_bits;
        const Lanes along = (place - (line << facts_.line_bits)) << (15 - facts_.line_bits);
#if defined(__AVX512BW__)
        const __m512i index = reinterpret_cast<__m512i>(line);
        const Lanes start = reinterpret_cast<Lanes>(_mm512_permutex2var_epi16(start_[0], index, start_[1]));
        const Lanes rise = reinterpret_cast<Lanes>(_mm512_permutex2var_epi16(rise_[0], index, rise_[1]));
#else
        Lane at[register_lanes], starts[register_lanes], rises[register_lanes];
        store(at, line);
        for (int lane = 0; lane < register_lanes; ++lane) {
            starts[lane] = facts_.start[at[lane]];
            rises[lane] = facts_.rise[at[lane]];
        }
        const Lanes start = load(starts), rise = load(rises);
#endif
        return start + scaled(along, rise);
    }

    const FilmFacts& facts_;
    Lanes black_, straight_, last_, white_;
#if defined(__AVX512BW__)
    __m512i start_[2], rise_[2];
#endif
};

}  // namespace nightjar
