// Grain for what was blurred: as strong and as large as the photo's own.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

namespace nightjar {

struct GrainFacts {
    float amount;                               // 0 gives none
    float own, other;                           // of the grain of a colour, and of both others, in that colour
    std::array<std::array<float, 2>, 3> noise;  // of each colour: variance = first * light + second
    std::array<float, 4> spread;                // of one grain over its row, and down: middle first
    std::uint32_t seed;
};

// Grain of variance 1 for neighbouring rows, in three colours; the same for a pixel whatever rows are asked for.
class GrainBand {
public:
    void make(const GrainFacts& facts, int top, int bottom, int width);
    const float* row(int colour, int y) const { return rows_[colour].data() + static_cast<std::size_t>(y - top_) * width_; }

private:
    void draw(const GrainFacts& facts, int colour, int height);

    int top_ = 0, width_ = 0;
    std::array<std::vector<float>, 3> rows_;
    std::vector<float> drawn_, across_;
};

}  // namespace nightjar
