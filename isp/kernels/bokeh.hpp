// Draws a picture as a faster lens would: each depth blurred by the opening, the nearer over the farther.
#pragma once

#include <vector>

#include "bokeh_grain.hpp"
#include "bokeh_layer.hpp"
#include "bokeh_lights.hpp"
#include "bokeh_picture.hpp"

namespace nightjar {

struct BokehFacts {
    LightKnobs lights;
    GrainFacts grain;
    std::vector<Side> sides;  // of the opening; none is round
    float cat_eye;
    LayerShare in_focus;         // the share of a pixel that stays as it is
    std::vector<Layer> before;   // the plane of focus: nearest to the camera first
    std::vector<Layer> behind;   // nearest first

    // radius    signed, of the full picture's pixels, from zero outwards on each side
    // reduced   radius of the opening in reduced pixels
    void add_layer(float radius, int reduction, float reduced, LayerShare share);
};

// What changes over the picture: radius of the blur in pixels, above 0 behind the plane of focus; and how many times
// the grain of the facts there is.
struct BokehMaps {
    PictureMap radius, grain;
};

// out  (height, width, 3), which may be the picture's own memory; the bytes do not depend on the number of threads
void draw_bokeh(const BokehFacts& facts, const FocusPicture& picture, const BokehMaps& maps, float* out, int threads);

}  // namespace nightjar
