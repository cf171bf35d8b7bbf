#include "tone.hpp"

#include <cstring>

namespace nightjar {

namespace {

// Pixels worked on at once: their colours stay in the nearest cache, and most such runs need no curve at all.
constexpr int chunk = 64;
// As the bits of a float: the darkest light of the tables, 2^-16, and the brightest one of each, 1 and just below 16.
constexpr std::int32_t darkest_bits = (127 - 16) << 23, white_bits = 127 << 23, brightest_bits = ((127 + 4) << 23) - 1;
// From this share of the brightest colour downward a colour is bent so that it never falls below black. Light of one
// sRGB primary alone then keeps 1 % of the two others.
constexpr float floor_share = 0.02f;

inline float smaller(float a, float b) { return a < b ? a : b; }
inline float larger(float a, float b) { return a > b ? a : b; }

// Where a light lies in a table: the bits of a float are a piecewise-linear logarithm, 8 bits below the exponent give
// 256 steps an octave. They are in the order of the floats (below black is negative) and held to the table as whole
// numbers: held as floats, the compiler would make branches of its ends. What is not a number is darkest.
struct Place {
    std::int32_t entry;
    float share;
};

template <std::int32_t last_bits>
inline Place place_of(float light) {
    std::int32_t bits;
    std::memcpy(&bits, &light, sizeof bits);
    bits &= -static_cast<std::int32_t>(light == light);
    bits = bits > darkest_bits ? bits : darkest_bits;
    bits = (bits < last_bits ? bits : last_bits) - darkest_bits;
    return {bits >> 15, static_cast<float>(bits & 0x7fff) * (1.0f / 32768.0f)};
}

// A colour below `floor` follows the hyperbola that leaves the straight line there and reaches 0 at minus infinity.
void into_gamut(const float* from, const float* brightest, float* to, int pixels) {
    ROWS_DO_NOT_OVERLAP
    for (int x = 0; x < pixels; ++x) {
        const float floor = floor_share * brightest[x];
        to[x] = from[x] < floor ? floor * (floor / (2.0f * floor - from[x])) : from[x];
    }
}

}  // namespace

ToneTables pack_tone_tables(const std::vector<float>& gains, const std::vector<std::uint16_t>& codes) {
    ToneTables tables{gains, std::vector<std::uint32_t>(codes.size()), 0.0f};
    for (std::size_t i = 0; i < codes.size(); ++i) {
        const std::uint32_t here = codes[i], next = i + 1 < codes.size() ? codes[i + 1] : here;
        tables.codes[i] = here << 16 | (next > here ? next - here : 0u);
    }
    for (std::uint32_t i = 0; i < gains.size() && gains[i] == 1.0f; ++i) {
        const std::uint32_t bits = static_cast<std::uint32_t>(darkest_bits) + (i << 15);
        std::memcpy(&tables.straight, &bits, sizeof bits);
    }
    return tables;
}

Tone::Tone(Rows& input, const ToneTables& tables) : Rows(Kind::rgb, input.tile), input_(input), tables_(tables) {}

void Tone::make(int y, const MutableRow& out) {
    const Row in = input_.row(y);
    const float straight = tables_.straight;
    for (int first = 0; first < width; first += chunk) {
        const int pixels = first + chunk < width ? chunk : width - first;
        const float* red = in.plane[0] + first;
        const float* green = in.plane[1] + first;
        const float* blue = in.plane[2] + first;
        alignas(64) float brightest[chunk];
        std::int32_t outside = 0, bent = 0;
        ROWS_DO_NOT_OVERLAP
        for (int x = 0; x < pixels; ++x) {
            brightest[x] = larger(larger(red[x], larger(green[x], blue[x])), 0.0f);
            const float least = smaller(red[x], smaller(green[x], blue[x]));
            outside |= least < floor_share * brightest[x];
            bent |= brightest[x] > straight;
        }
        alignas(64) float gains[chunk];
        if (bent != 0) film_gains(brightest, gains, pixels);
        for (int channel = 0; channel < 3; ++channel) {
            const float* from = in.plane[channel] + first;
            alignas(64) float shown[chunk];
            if (outside != 0) into_gamut(from, brightest, shown, pixels);
            const float* inside = outside != 0 ? shown : from;
            if (bent != 0) {
                ROWS_DO_NOT_OVERLAP
                for (int x = 0; x < pixels; ++x) shown[x] = inside[x] * gains[x];
                inside = shown;
            }
            encode(inside, out.plane[channel] + first, pixels);
        }
    }
}

void Tone::film_gains(const float* brightest, float* gains, int pixels) const {
    const float* table = tables_.gains.data();
    ROWS_DO_NOT_OVERLAP
    for (int x = 0; x < pixels; ++x) {
        const Place place = place_of<brightest_bits>(brightest[x]);
        const float here = table[place.entry];
        gains[x] = here + place.share * (table[place.entry + 1] - here);
    }
}

void Tone::encode(const float* from, float* to, int pixels) const {
    const std::uint32_t* table = tables_.codes.data();
    ROWS_DO_NOT_OVERLAP
    for (int x = 0; x < pixels; ++x) {
        const Place place = place_of<white_bits>(from[x]);
        const std::uint32_t packed = table[place.entry];
        const float code_here = static_cast<float>(static_cast<std::int32_t>(packed >> 16));
        const float step = static_cast<float>(static_cast<std::int32_t>(packed & 0xffffu));
        to[x] = static_cast<float>(static_cast<std::int32_t>(code_here + place.share * step + 0.5f));
    }
}

}  // namespace nightjar
