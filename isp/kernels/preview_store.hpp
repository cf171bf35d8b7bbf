// Where the preview ends: display codes become bytes of the caller's picture.
#pragma once

#include <array>
#include <cstdint>
#include <cstring>

#include "preview_rows.hpp"

namespace nightjar {

// Codes 0..white_display as bytes, rounded; even and odd columns side by side. Two bytes share a lane: no pixel has to
// change its place.
inline void store_bytes(const Lanes (&codes)[2], std::uint8_t* bytes) {
    constexpr Lane half_step = 1 << (code_bits - 1);
    const Lanes even = (codes[0] + half_step) >> code_bits, odd = (codes[1] + half_step) >> code_bits;
    const Lanes both = even | (odd << 8);
    std::memcpy(bytes, &both, sizeof both);
}

// A block of columns on its way to pixels of three bytes.
class RgbBlock {
public:
    // Lane i of the block on.
    void take(int i, const PairCodes& codes) {
        store_bytes(codes.red, &red_[2 * i]);
        store_bytes(codes.green, &green_[2 * i]);
        store_bytes(codes.blue, &blue_[2 * i]);
    }
    void store(int width, std::uint8_t* out) const;

private:
    std::array<std::uint8_t, block_columns> red_, green_, blue_;
};

// JFIF: blue and red difference span 8 bits. 32768 = 1.
constexpr Lane blue_share = 18492, red_share = 23364;

// Colour differences in display codes to bytes around 128.
void store_difference(const Lane* difference, Lane share, int count, std::uint8_t* out);

// A row of codes to bytes.
void store_row(const ConstHalves& codes, int lanes, std::uint8_t* bytes);

}  // namespace nightjar
