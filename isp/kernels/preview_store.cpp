#include "preview_store.hpp"

#include <algorithm>

namespace nightjar {

void RgbBlock::store(int width, std::uint8_t* out) const {
    const std::uint8_t *red = red_.data(), *green = green_.data(), *blue = blue_.data();
    ROWS_DO_NOT_OVERLAP
    for (int x = 0; x < width; ++x) {
        out[3 * x] = red[x];
        out[3 * x + 1] = green[x];
        out[3 * x + 2] = blue[x];
    }
}

void store_difference(const Lane* difference, Lane share, int count, std::uint8_t* out) {
    constexpr int middle = 128 << code_bits, half_step = 1 << (code_bits - 1);
    ROWS_DO_NOT_OVERLAP
    for (int i = 0; i < count; ++i) {
        const int code = (scaled(difference[i], share) + middle + half_step) >> code_bits;
        out[i] = static_cast<std::uint8_t>(std::min(std::max(code, 0), 255));
    }
}

void store_row(const ConstHalves& codes, int lanes, std::uint8_t* bytes) {
    for (int i = 0; i < lanes; i += register_lanes) {
        store_bytes({load(codes[0] + i), load(codes[1] + i)}, bytes + 2 * i);
    }
}

}  // namespace nightjar
