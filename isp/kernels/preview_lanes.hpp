// Registers full of 16-bit whole numbers, by name.
//
// The other kernels are plain loops that the compiler turns into vector code. Here that fails in two places that decide
// the speed: nested means are widened to 32 bits (three times slower on x86), and the rounding product is six
// instructions instead of one on ARM. So the preview's inner loops work on gcc's vector types, which have operators
// like numbers and compile on every machine; only `mean`, `scaled` and the two `any_` name instructions, and say in plain words what
// they compute.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <utility>

#if defined(__SSE2__)
#include <immintrin.h>
#elif defined(__ARM_NEON)
#include <arm_neon.h>
#endif

namespace nightjar {

using Lane = std::int16_t;

// Lanes of the widest register there is; rows are padded to it, so that loops have no rest.
#if defined(__AVX512BW__)
constexpr int register_lanes = 32;
#elif defined(__AVX2__)
constexpr int register_lanes = 16;
#else
constexpr int register_lanes = 8;
#endif

typedef Lane Lanes __attribute__((vector_size(register_lanes * sizeof(Lane))));

inline Lanes load(const Lane* from) {
    Lanes lanes;
    std::memcpy(&lanes, from, sizeof lanes);
    return lanes;
}

inline void store(Lane* to, Lanes lanes) { std::memcpy(to, &lanes, sizeof lanes); }

inline Lanes every_lane(Lane value) { return Lanes{} + value; }

inline Lanes between(Lanes value, Lanes low, Lanes high) {
    const Lanes above = value > low ? value : low;
    return above < high ? above : high;
}

// Whether a lane is not 0.
inline bool any_lane(Lanes lanes) {
#if defined(__AVX512BW__)
    return _mm512_test_epi16_mask((__m512i)lanes, (__m512i)lanes) != 0;
#elif defined(__AVX2__)
    return _mm256_testz_si256((__m256i)lanes, (__m256i)lanes) == 0;
#elif defined(__aarch64__)
    return vmaxvq_u16((uint16x8_t)lanes) != 0;
#else
    std::uint64_t parts[sizeof lanes / sizeof(std::uint64_t)], all = 0;
    std::memcpy(parts, &lanes, sizeof lanes);
    for (const std::uint64_t part : parts) all |= part;
    return all != 0;
#endif
}

inline bool any_above_zero(Lanes lanes) {
#if defined(__AVX512BW__)
    return _mm512_cmpgt_epi16_mask((__m512i)lanes, __m512i{}) != 0;
#elif defined(__aarch64__)
    return vmaxvq_s16((int16x8_t)lanes) > 0;
#else
    return any_lane(lanes > Lanes{});
#endif
}

// Every second lane of two registers that follow each other, from `parity` on.
template <int parity, std::size_t... index>
inline Lanes every_second(Lanes first, Lanes second, std::index_sequence<index...>) {
    return __builtin_shufflevector(first, second, (2 * static_cast<int>(index) + parity)...);
}
template <int parity>
inline Lanes every_second(Lanes first, Lanes second) {
    return every_second<parity>(first, second, std::make_index_sequence<register_lanes>());
}

// (a + b + 1) / 2 of values that are not negative.
inline Lanes mean(Lanes a, Lanes b) {
#if defined(__AVX512BW__)
    return (Lanes)_mm512_avg_epu16((__m512i)a, (__m512i)b);
#elif defined(__AVX2__)
    return (Lanes)_mm256_avg_epu16((__m256i)a, (__m256i)b);
#elif defined(__SSE2__)
    return (Lanes)_mm_avg_epu16((__m128i)a, (__m128i)b);
#elif defined(__ARM_NEON)
    return (Lanes)vrhaddq_s16((int16x8_t)a, (int16x8_t)b);
#else
    return (a | b) - ((a ^ b) >> 1);
#endif
}

inline Lanes mean_of_four(Lanes a, Lanes b, Lanes c, Lanes d) { return mean(mean(a, b), mean(c, d)); }

// value * share / 32768, rounded to nearest, halves up. Not for -32768 times itself.
inline Lanes scaled(Lanes value, Lanes share) {
#if defined(__AVX512BW__)
    return (Lanes)_mm512_mulhrs_epi16((__m512i)value, (__m512i)share);
#elif defined(__AVX2__)
    return (Lanes)_mm256_mulhrs_epi16((__m256i)value, (__m256i)share);
#elif defined(__SSSE3__)
    return (Lanes)_mm_mulhrs_epi16((__m128i)value, (__m128i)share);
#elif defined(__ARM_NEON) && !defined(__SSE2__)
    return (Lanes)vqrdmulhq_s16((int16x8_t)value, (int16x8_t)share);
#else
    typedef std::int32_t Wide __attribute__((vector_size(register_lanes * sizeof(std::int32_t))));
    const Wide product = __builtin_convertvector(value, Wide) * __builtin_convertvector(share, Wide);
    return __builtin_convertvector((product + 0x4000) >> 15, Lanes);
#endif
}

// The same for one value.
inline Lane scaled(Lane value, Lane share) {
    return static_cast<Lane>((((static_cast<std::int32_t>(value) * share) >> 14) + 1) >> 1);
}

}  // namespace nightjar
