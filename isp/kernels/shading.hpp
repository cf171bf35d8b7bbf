// Lens shading on RGB rows: each colour times its gain at its place. Where blown pixels were cut at one level for all
// three colours they have no colour to correct: they take the largest of the three gains, and white stays white.
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

// The gains of whole rows of a tile.
class LensGains {
public:
    LensGains(const ShadingGrid& grid, const Tile& tile) : grid_(grid), tile_(tile), knots_(grid.columns) {}
    void of_row(int y, int colour, float* gains);

private:
    const ShadingGrid& grid_;
    Tile tile_;
    std::vector<float> knots_;
};

class Shading final : public Rows {
public:
    // blown   the level at which all three colours were cut; 0 where none were
    Shading(Rows& input, const ShadingGrid& grid, float blown);

protected:
    void make(int y, const MutableRow& out) override;

private:
    Rows& input_;
    LensGains lens_;
    float nearly_blown_, per_blown_;
    std::vector<float> gains_;
};

}  // namespace nightjar
