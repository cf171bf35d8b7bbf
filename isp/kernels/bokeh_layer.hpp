// One depth of a picture out of focus: made smaller as far as its blur allows, blurred by the opening, made large again.
#pragma once

#include <vector>

#include "bokeh_aperture.hpp"
#include "bokeh_behind.hpp"

namespace nightjar {

// A pixel belongs to a layer for the share min(rise * r + rise_at, fall * r + fall_at), between 0 and 1, of its radius.
struct LayerShare {
    float rise, rise_at, fall, fall_at;

    float of(float radius) const {
        const float up = rise * radius + rise_at, down = fall * radius + fall_at;
        const float share = up < down ? up : down;
        return share < 0.0f ? 0.0f : share > 1.0f ? 1.0f : share;
    }
};

struct Layer {
    float radius;    // of the full picture's pixels, signed
    int reduction;   // so many pixels become one, across and down
    LayerShare share;
    Aperture aperture;  // in reduced pixels
};

// A layer of a band of rows. Reduced pixels lie at whole multiples of the reduction, so that bands meet.
class LayerBand {
public:
    // For rows top ... bottom - 1 of a picture.
    void begin(const Layer& layer, int top, int bottom, int height, int width);
    // Takes in a row around them, and its range of radii as in BehindBand. Rows come from top to bottom, each once; those
    // that do not matter are left out.
    void add(int y, const BehindRow& row, std::pair<float, float> range);
    // Blurs what came. False: there is nothing of it.
    bool finish();

    // Columns that any of it reaches.
    int left() const { return left_; }
    int right() const { return right_; }

    // Row y of light times share and of the share, at columns left ... right - 1.
    void row(int y, float* red, float* green, float* blue, float* share) const;

private:
    static constexpr int planes = 4;

    float* joined(int cell, int plane);
    void join();
    bool find_columns();
    void sum_along_rows();
    void blur();

    const Layer* layer_ = nullptr;
    int reduction_ = 1, left_ = 0, right_ = 0, width_ = 0, columns_ = 0;
    bool shows_ = false;
    int cell_row_ = 0;  // reduced, of what is being added
    int in_top_ = 0, in_bottom_ = 0, in_left_ = 0, in_right_ = 0;  // reduced; what the layer has light in
    int out_top_ = 0, out_bottom_ = 0, out_left_ = 0, out_right_ = 0;
    int sums_left_ = 0, sums_width_ = 0;
    std::vector<float> added_;           // rows of one reduced row, each pixel on its own
    std::vector<float> sums_, blurred_;  // of reduced rows from their left end on; and what becomes of them
    std::vector<int> cell_;
    std::vector<float> part_;
};

}  // namespace nightjar
