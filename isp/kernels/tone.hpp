// The tone curve on RGB rows.
#pragma once

#include <cstdint>
#include <vector>

#include "rows.hpp"

namespace nightjar {

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

}  // namespace nightjar
