// Small bright lights: their discs are what one sees of a lens, so they are drawn one by one, in full resolution.
#pragma once

#include <array>
#include <vector>

#include "bokeh_aperture.hpp"
#include "bokeh_picture.hpp"

namespace nightjar {

struct LightKnobs {
    float white;      // the light of a wholly blown pixel
    float gain;       // a blown light was at most so many times brighter
    float from_px;    // radius from which lights are drawn one by one
    int cell;         // pixels; a small light is smaller
    int most;         // so many are drawn; fainter ones stay in the smooth part
};

// The part of a pixel that stands out from its surroundings.
struct Light {
    int y, x;
    float radius;
    std::array<float, 3> light;
};

// How bright a pixel may be before it counts as a light, and what a blown one was, from cell to cell.
class LightLimits {
public:
    LightLimits(const FocusPicture& picture, const LightKnobs& knobs, int threads);

    void raise(float level) { level_ = level; }
    float level() const { return level_; }
    float limit(int y, int x) const;
    float white() const { return knobs_.white; }
    void limit_row(int y, float* out) const;

    // Divides the light from behind, `weight` of a pixel, into what stays and what is drawn on its own.
    std::array<float, 3> take_from(std::array<float, 3>& behind, float weight, float radius, int y, int x) const;

private:
    struct Cell {
        float surroundings = 0, colour_weight = 0;
        float crowd = 0;  // the brightest surroundings of this and the next cells: of a window, at its corners too
        std::array<float, 3> colour{};
    };

    const Cell& at(int y, int x) const { return cells_[(y / knobs_.cell) * columns_ + x / knobs_.cell]; }
    Cell measured(const FocusPicture& picture, int row, int column) const;

    LightKnobs knobs_;
    int rows_, columns_, width_;
    float level_;
    std::vector<Cell> cells_;
};

}  // namespace nightjar
