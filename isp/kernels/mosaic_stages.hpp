// Stages on the Bayer mosaic: levels, bad pixels, white balance. The meaning and source of each stage is
// in the Python file of the same name; here are only the loops.
#pragma once

#include <array>
#include <vector>

#include "rows.hpp"

namespace nightjar {

// One value for each position of the top-left 2 x 2, row by row.
using PerPosition = std::array<float, 4>;

class Levels final : public Rows {
public:
    Levels(Rows& input, PerPosition black, PerPosition scale);

protected:
    void make(int y, const MutableRow& out) override;

private:
    Rows& input_;
    PerPosition black_, scale_;
};

struct BadPixelLimits {
    float hot;         // how far above all neighbours, as a share of saturation
    float contrast;    // times the neighbours' own spread, on top
    float dead;        // below this share of all neighbours
    float detail;      // times the change that the other colours show there, on top
    float noise_shot;  // variance = shot * x + read, already times the square of the number of deviations allowed
    float noise_read;
};

class BadPixels final : public Rows {
public:
    static constexpr int reach = 4;  // columns: two values of a half row to each side
    BadPixels(Rows& input, BadPixelLimits limits);

protected:
    void make(int y, const MutableRow& out) override;

private:
    Rows& input_;
    BadPixelLimits limits_;
};

class WhiteBalance final : public Rows {
public:
    WhiteBalance(Rows& input, PerPosition gains);

protected:
    void make(int y, const MutableRow& out) override;

private:
    Rows& input_;
    PerPosition gains_;
};

}  // namespace nightjar
