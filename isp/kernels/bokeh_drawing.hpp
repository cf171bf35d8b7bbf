// A band of rows while it is drawn: each depth is laid under those before it.
#pragma once

#include <vector>

#include "bokeh_behind.hpp"
#include "bokeh_discs.hpp"
#include "bokeh_layer.hpp"

namespace nightjar {

// One band while it is drawn. Planes have one value for each pixel of the band.
struct Drawing {
    int top, bottom, width;
    bool has_before;
    std::vector<float> before, covered;             // light in front of the plane of focus, and what it hides
    std::vector<float> behind, filled, kept;        // light behind; how much there is; how much noise it kept
    std::vector<float> lights, discs, steps;        // the discs of lights behind; empty where there are none

    std::size_t count() const { return static_cast<std::size_t>(bottom - top) * width; }
};

void begin(Drawing& drawing, int top, int bottom, int width, bool has_before);

// Lays a layer under what is there: it shows where nothing covers yet.
void lay_under(const LayerBand& layer, float noise_kept, Drawing& drawing, std::vector<float>& light,
               std::vector<float>& filled, float* kept);

// The same with the discs of lights whose radius lies in low ... high.
void lay_discs_under(const Discs& discs, float low, float high, Drawing& drawing, std::vector<float>& light,
                     const std::vector<float>& filled);

// What is behind the subject and in focus stays where it is, and hides all that is farther.
void lay_focus(const LayerShare& in_focus, const BehindBand& band, Drawing& drawing);

}  // namespace nightjar
