// Tone on RGB rows: colours into the display's gamut, the film curve by its gain, the display's encoding.
#pragma once

#include <cstdint>
#include <vector>

#include "rows.hpp"

namespace nightjar {

// Both tables have 256 points an octave from 2^-16 up. The encoding ends at 1, in whole codes; the film curve's gain
// (what comes out over what goes in) ends at 16, beyond which lights keep their last gain.
constexpr int tone_entries = 16 * 256 + 1;
constexpr int film_entries = 20 * 256 + 1;

struct ToneTables {
    std::vector<float> gains;
    // Code at a point in the upper 16 bits, the step to the next point in the lower: one look-up for a value, not two.
    std::vector<std::uint32_t> codes;
    float straight;  // up to this light the gain is exactly 1
};
ToneTables pack_tone_tables(const std::vector<float>& gains, const std::vector<std::uint16_t>& codes);

class Tone final : public Rows {
public:
    Tone(Rows& input, const ToneTables& tables);

protected:
    void make(int y, const MutableRow& out) override;

private:
    void encode(const float* from, float* to, int pixels) const;
    void film_gains(const float* brightest, float* gains, int pixels) const;

    Rows& input_;
    const ToneTables& tables_;
};

}  // namespace nightjar
