// The tone curve of the preview: light to display codes.
//
// The curve is straight lines: 32 over the whole range, and 32 more over its darkest sixteenth, where it bends. A
// processor that looks up 32 lanes in registers draws the lines; three look-ups in memory for each pixel would take
// longer than all other steps together. Others look up a table that was made from the same lines.
#pragma once

#include <array>
#include <vector>

#include "preview_rows.hpp"

namespace nightjar {

constexpr int tone_lines = 64;

class DisplayCurve {
public:
    // start, rise   code where a line begins and how far it rises to its end; the bright 32 first
    // unit_bits     the logarithm of what saturation is
    DisplayCurve(const std::array<Lane, tone_lines>& start, const std::array<Lane, tone_lines>& rise, Lane pedestal,
                 int unit_bits)
        : start_(start), rise_(rise), black_(pedestal), unit_bits_(unit_bits), codes_(std::size_t{1} << unit_bits) {
        for (std::size_t place = 0; place < codes_.size(); ++place) codes_[place] = code_at(static_cast<int>(place));
    }

    // The code of light 0 .. 2^unit_bits - 1 above black.
    Lane code_at(int place) const {
        const bool dark = place < (1 << (unit_bits_ - 4));
        const int magnified = dark ? place << 4 : place;
        const int per_line = 1 << (unit_bits_ - 5);
        const int line = magnified / per_line + (dark ? tone_lines / 2 : 0);
        return static_cast<Lane>(start_[line] + magnified % per_line * rise_[line] / per_line);
    }

private:
    friend class CurveInRegisters;
    std::array<Lane, tone_lines> start_, rise_;
    Lane black_;
    int unit_bits_;
    std::vector<Lane> codes_;
};

// The curve as one loop uses it.
class CurveInRegisters {
public:
    explicit CurveInRegisters(const DisplayCurve& curve)
        : black_(every_lane(curve.black_)),
          white_(every_lane(static_cast<Lane>(curve.black_ + (1 << curve.unit_bits_) - 1))), codes_(curve.codes_.data()) {
#if defined(__AVX512BW__)
        start_bright_ = _mm512_loadu_si512(&curve.start_[0]);
        start_dark_ = _mm512_loadu_si512(&curve.start_[tone_lines / 2]);
        rise_bright_ = _mm512_loadu_si512(&curve.rise_[0]);
        rise_dark_ = _mm512_loadu_si512(&curve.rise_[tone_lines / 2]);
        line_bits_ = _mm_cvtsi32_si128(curve.unit_bits_ - 5);
        share_bits_ = _mm_cvtsi32_si128(16 - (curve.unit_bits_ - 5));
        dark_end_ = _mm512_set1_epi16(static_cast<Lane>(1 << (curve.unit_bits_ - 4)));
#endif
    }

    // Whether `draw` is all there is to do.
#if defined(__AVX512BW__)
    static constexpr bool complete = true;
#else
    static constexpr bool complete = false;
#endif

    // The first of two steps, for a register of light: all of the work, or only the place in the table.
    Lanes draw(Lanes light) const {
        const Lanes places = between(light, black_, white_) - black_;
#if defined(__AVX512BW__)
        const __m512i place = reinterpret_cast<__m512i>(places);
        const __mmask32 dark = _mm512_cmplt_epi16_mask(place, dark_end_);
        const __m512i magnified = _mm512_mask_slli_epi16(place, dark, place, 4);
        const __m512i along = _mm512_srl_epi16(magnified, line_bits_);
        const __m512i line = _mm512_mask_add_epi16(along, dark, along, _mm512_set1_epi16(tone_lines / 2));
        const __m512i start = _mm512_permutex2var_epi16(start_bright_, line, start_dark_);
        const __m512i rise = _mm512_permutex2var_epi16(rise_bright_, line, rise_dark_);
        const __m512i share = _mm512_sll_epi16(magnified, share_bits_);
        return reinterpret_cast<Lanes>(_mm512_add_epi16(start, _mm512_mulhi_epu16(share, rise)));
#else
        return places;
#endif
    }

    // The second, for a row of what the first gave.
    void look_up([[maybe_unused]] Lane* row, [[maybe_unused]] int lanes) const {
#if !defined(__AVX512BW__)
        // Four lanes are read and written at once: memory is what look-ups wait for.
        const auto code_of = [codes = codes_](std::uint64_t places, int lane) {
            const std::uint64_t code = static_cast<std::uint16_t>(codes[(places >> (16 * lane)) & 0xffff]);
            return code << (16 * lane);
        };
        for (int i = 0; i < lanes; i += 4) {
            std::uint64_t places;
            std::memcpy(&places, row + i, sizeof places);
            const std::uint64_t codes =
                code_of(places, 0) | code_of(places, 1) | code_of(places, 2) | code_of(places, 3);
            std::memcpy(row + i, &codes, sizeof codes);
        }
#endif
    }

private:
    Lanes black_, white_;
    const Lane* codes_;
#if defined(__AVX512BW__)
    __m512i start_bright_, start_dark_, rise_bright_, rise_dark_, dark_end_;
    __m128i line_bits_, share_bits_;
#endif
};

}  // namespace nightjar
