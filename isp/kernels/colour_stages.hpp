// Stages on RGB rows: colour matrix, tone curve, chroma noise, sharpening.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "rows.hpp"

namespace nightjar {

class Colour final : public Rows {
public:
    Colour(Rows& input, std::array<float, 9> matrix);

protected:
    void make(int y, const MutableRow& out) override;

private:
    Rows& input_;
    std::array<float, 9> matrix_;
};

// The tone curve at 256 points in each of the 16 octaves below 1, and at 1 itself, in whole codes.
constexpr int tone_entries = 16 * 256 + 1;

// Code at a point in the upper 16 bits, the step to the next point in the lower: one look-up for each value, not two.
using ToneTable = std::vector<std::uint32_t>;
ToneTable pack_tone_table(const std::vector<std::uint16_t>& codes);

class Tone final : public Rows {
public:
    Tone(Rows& input, const ToneTable& table);

protected:
    void make(int y, const MutableRow& out) override;

private:
    Rows& input_;
    const ToneTable& table_;
};

// Chroma threshold for each of 64 steps of luma, in display codes 0..65535.
constexpr int chroma_steps = 64;

// First half of the separable sigma filter: along the row. Gives luma, blue minus luma, red minus luma.
class ChromaAcross final : public Rows {
public:
    static constexpr int reach = 4;  // taps at -4, -2, 0, +2, +4: chroma noise after demosaicking is coarse

    ChromaAcross(Rows& input, const std::vector<float>& thresholds);

protected:
    void make(int y, const MutableRow& out) override;

private:
    Rows& input_;
    const std::vector<float>& thresholds_;
    std::vector<float> luma_, blue_, red_;
};

// Second half: down the column, and back to RGB.
class ChromaDown final : public Rows {
public:
    ChromaDown(Rows& input, const std::vector<float>& thresholds);

protected:
    void make(int y, const MutableRow& out) override;

private:
    Rows& input_;
    const std::vector<float>& thresholds_;
};

// Luma blurred along the row; plane 0 blurred, plane 1 as it was.
class LumaBlur final : public Rows {
public:
    LumaBlur(Rows& input, const std::vector<float>& taps);

protected:
    void make(int y, const MutableRow& out) override;

private:
    Rows& input_;
    const std::vector<float>& taps_;  // centre first, then outward
    std::vector<float> luma_;
};

class Sharpen final : public Rows {
public:
    Sharpen(Rows& picture, Rows& luma, const std::vector<float>& taps, float amount);

protected:
    void make(int y, const MutableRow& out) override;

private:
    Rows& picture_;
    Rows& luma_;
    const std::vector<float>& taps_;
    float amount_;
    std::vector<float> blurred_;
};

}  // namespace nightjar
