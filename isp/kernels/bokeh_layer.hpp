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
    // Blurs what a band shows of a layer, for the rows top ... bottom - 1. False: there is nothing of it.
    bool make(const BehindBand& band, const Layer& layer, int top, int bottom, int height);

    // Columns that any of it reaches.
    int left() const { return left_; }
    int right() const { return right_; }

    // Row y of light times share and of the share, at columns left ... right - 1.
    void row(int y, float* red, float* green, float* blue, float* share) const;

private:
    static constexpr int planes = 4;

    bool find_columns(const BehindBand& band, const Layer& layer);
    void reduce(const BehindBand& band, const Layer& layer);
    void sum_along_row(const float* line, float* sums) const;
    void blur(const Layer& layer);

    int reduction_ = 1, left_ = 0, right_ = 0, width_ = 0;
    int first_column_ = 0, last_column_ = 0;     // of the band, what the layer has light in
    int in_top_ = 0, in_bottom_ = 0, in_left_ = 0, in_right_ = 0;  // reduced
    int out_top_ = 0, out_bottom_ = 0, out_left_ = 0, out_right_ = 0;
    int sums_left_ = 0, sums_width_ = 0;
    std::vector<float> sums_, blurred_;  // of reduced rows from their left end on; and what becomes of them
    std::vector<int> cell_;
    std::vector<float> part_;
};

}  // namespace nightjar
