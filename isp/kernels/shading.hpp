// Lens shading on RGB rows: each colour times its gain at its place. A pixel that is blown in all three colours has no
// colour to correct: it takes the largest of the three gains, and white stays white.
#pragma once

#include <array>
#include <vector>

#include "rows.hpp"

namespace nightjar {

// Gains on a coarse grid over the whole pixel array, cell centres at +0.5, with the frame's place in it.
struct ShadingGrid {
    std::vector<float> gains;  // (3, rows, columns)
    int rows, columns;
    std::array<float, 4> window;  // left, top, width, height of the frame as shares of the array
};

class Shading final : public Rows {
public:
    Shading(Rows& input, const ShadingGrid& grid);

protected:
    void make(int y, const MutableRow& out) override;

private:
    void gains_of_row(int y, int colour, float* gains);

    Rows& input_;
    const ShadingGrid& grid_;
    std::vector<float> knots_;
    std::vector<float> gains_;
};

}  // namespace nightjar
