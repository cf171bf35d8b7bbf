// Lens shading on RGB rows: each colour times its gain at its place. A pixel that is blown in all three colours has no
// colour to correct: it takes the largest of the three gains, and white stays white.
#pragma once

#include <vector>

#include "places.hpp"
#include "rows.hpp"

namespace nightjar {

// Gains on a coarse grid over the whole pixel array, cell centres at +0.5, with the frame's place in it.
struct ShadingGrid {
    std::vector<float> gains;  // (3, rows, columns)
    int rows, columns;
    Window window;
};

class Shading final : public Rows {
public:
    Shading(Rows& input, const ShadingGrid& grid);

protected:
    void make(int y, const MutableRow& out) override;

private:
    Rows& input_;
    const ShadingGrid& grid_;
    std::vector<float> knots_;
    std::vector<float> gains_;
};

}  // namespace nightjar
