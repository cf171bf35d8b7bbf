#include "tone.hpp"

#include <cstdint>
#include <cstring>

namespace nightjar {

ToneTable pack_tone_table(const std::vector<std::uint16_t>& codes) {
    ToneTable table(codes.size());
    for (std::size_t i = 0; i < codes.size(); ++i) {
        const std::uint32_t here = codes[i], next = i + 1 < codes.size() ? codes[i + 1] : here;
        table[i] = here << 16 | (next > here ? next - here : 0u);
    }
    return table;
}

Tone::Tone(Rows& input, const ToneTable& table)
    : Rows(Kind::rgb, input.tile), input_(input), table_(table) {}

void Tone::make(int y, const MutableRow& out) {
    const Row in = input_.row(y);
    constexpr float darkest = 1.0f / 65536.0f;
    constexpr std::uint32_t darkest_bits = (127u - 16u) << 23;
    const std::uint32_t* table = table_.data();
    for (int channel = 0; channel < 3; ++channel) {
        const float* __restrict from = in.plane[channel];
        float* __restrict to = out.plane[channel];
        ROWS_DO_NOT_OVERLAP
        for (int x = 0; x < width; ++x) {
            const float above = from[x] > darkest ? from[x] : darkest;
            const float inside = above < 1.0f ? above : 1.0f;
            std::uint32_t bits;
            std::memcpy(&bits, &inside, sizeof bits);
            // The bits of a float are a piecewise-linear logarithm: 8 bits below the exponent give 256 steps an octave.
            bits -= darkest_bits;
            const std::int32_t entry = static_cast<std::int32_t>(bits >> 15);
            const float share = static_cast<float>(static_cast<std::int32_t>(bits & 0x7fffu)) * (1.0f / 32768.0f);
            const std::uint32_t packed = table[entry];
            const float code_here = static_cast<float>(static_cast<std::int32_t>(packed >> 16));
            const float step = static_cast<float>(static_cast<std::int32_t>(packed & 0xffffu));
            to[x] = static_cast<float>(static_cast<std::int32_t>(code_here + share * step + 0.5f));
        }
    }
}

}  // namespace nightjar
