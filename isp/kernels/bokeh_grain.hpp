// Grain for what was blurred: as strong and as large as the photo's own.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

namespace nightjar {

struct GrainFacts {
    float amount;                              // 0 gives none
    std::array<std::array<float, 2>, 3> noise;  // of each colour: variance = first * light + second
    std::array<float, 4> spread;               // of one grain over its row, and down: middle first
    std::uint32_t seed;
};

// Grain of variance 1 for neighbouring rows; the same for a pixel whatever rows are asked for.
class GrainBand {
public:
    void make(const GrainFacts& facts, int top, int bottom, int width);
    const float* row(int y) const { return rows_.data() + static_cast<std::size_t>(y - top_) * width_; }

private:
    int top_ = 0, width_ = 0;
    std::vector<float> rows_, drawn_, across_;
};

}  // namespace nightjar
