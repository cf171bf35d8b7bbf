// The mosaic's stages where every pixel has three colours of its own. The rules are those of the mosaic's kernels; only
// that no colour is asked of a neighbour. The meaning is in isp/zoom/three_colours.py.
#pragma once

#include <array>
#include <vector>

#include "highlights.hpp"
#include "rows.hpp"
#include "shading.hpp"

namespace nightjar {

using PerColour = std::array<float, 3>;

class ColourLevels final : public Rows {
public:
    ColourLevels(Rows& input, PerColour black, PerColour scale);

protected:
    void make(int y, const MutableRow& out) override;

private:
    Rows& input_;
    PerColour black_, scale_;
};

class ColourBalance final : public Rows {
public:
    ColourBalance(Rows& input, PerColour gains);

protected:
    void make(int y, const MutableRow& out) override;

private:
    Rows& input_;
    PerColour gains_;
};

class ColourHighlights final : public Rows {
public:
    // lens   what shading will multiply the colours by, as in `Highlights`
    ColourHighlights(Rows& input, HighlightLimits limits, const ShadingGrid& lens);

protected:
    void make(int y, const MutableRow& out) override;

private:
    Rows& input_;
    HighlightLimits limits_;
    LensGains lens_;
    std::vector<float> gains_;  // of the row at hand: red, green, blue
};

// Every colour clipped where the first one is: white without anything rebuilt.
class ColourCommonWhite final : public Rows {
public:
    ColourCommonWhite(Rows& input, float white);

protected:
    void make(int y, const MutableRow& out) override;

private:
    Rows& input_;
    float white_;
};

}  // namespace nightjar
