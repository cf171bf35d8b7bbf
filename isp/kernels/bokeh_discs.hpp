// The discs of small lights, each where and as large as its own blur says.
#pragma once

#include <map>
#include <tuple>
#include <vector>

#include "bokeh_aperture.hpp"
#include "bokeh_lights.hpp"

namespace nightjar {

class Discs {
public:
    Discs(std::vector<Light> lights, const std::vector<Side>& sides, float cat_eye, int height, int width);

    // Adds the light of all discs whose radius lies in low ... high (low not among them) to three planes of rows
    // top ... bottom - 1, one value for each of its pixels. `steps` is memory to work in.
    // False: there is none.
    bool draw(float low, float high, int top, int bottom, std::vector<float>& steps, std::vector<float>& planes) const;

private:
    using Kind = std::tuple<int, int, int>;  // radius, and place in the frame where the barrel cuts

    Kind kind_of(const Light& light) const;

    int height_, width_;
    float cat_eye_, largest_ = 0;
    std::vector<Light> lights_;
    std::vector<const Aperture*> shapes_;
    std::map<Kind, Aperture> apertures_;
};

}  // namespace nightjar
