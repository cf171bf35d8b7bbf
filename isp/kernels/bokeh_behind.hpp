// What a picture shows beside its subject, row by row, ready to be blurred.
#pragma once

#include <utility>
#include <vector>

#include "bokeh_edges.hpp"
#include "bokeh_lights.hpp"
#include "bokeh_picture.hpp"

namespace nightjar {

// One row: light times share, the share of each pixel that is not the subject, and the radius of its blur.
struct BehindRow {
    float *red, *green, *blue, *share, *radius;
};

// A copy of neighbouring rows; rows outside the picture are not among them.
class BehindBand {
public:
    void begin(int top, int bottom, int width);
    BehindRow row(int y) const;

    int top = 0, bottom = 0, width = 0;
    // Range of radii in each row, of what is not wholly subject; first > second where there is nothing.
    std::vector<std::pair<float, float>> radii;

private:
    mutable std::vector<float> memory_;
};

class Behind {
public:
    Behind(const FocusPicture& picture, const PictureMap& radius, const EdgeColours& edges, const LightLimits& limits,
           const LightKnobs& knobs)
        : picture_(picture), radius_(radius), edges_(edges), limits_(limits), knobs_(knobs) {}

    // Fills one row, without the lights that are drawn one by one. Returns its range of radii as in BehindBand.
    //   pixel  the picture's row y
    std::pair<float, float> fill(int y, const float* pixel, const BehindRow& row) const;
    // Those lights of some rows, row by row.
    void find_lights(int top, int bottom, std::vector<Light>& lights) const;

private:
    void split(int y, const float* pixel, const BehindRow& row) const;
    void take_lights(int y, const BehindRow& row, std::vector<float>& limits, std::vector<Light>* lights) const;

    const FocusPicture& picture_;
    const PictureMap& radius_;
    const EdgeColours& edges_;
    const LightLimits& limits_;
    LightKnobs knobs_;
};

}  // namespace nightjar
