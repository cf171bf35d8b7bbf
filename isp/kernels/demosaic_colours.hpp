// The second half of the fine demosaic: red and blue everywhere, from green. Sources are in isp/demosaic.py.
#pragma once

#include <vector>

#include "demosaic_green.hpp"
#include "rows.hpp"

namespace nightjar {

// What green says of red or blue, one lattice pixel at a time. Planes: how much their details agree, and how much
// detail green has; their sums over some pixels are the two sides of a regression.
class Evidence final : public Rows {
public:
    static constexpr int reach = 2;
    static constexpr int beyond = 3;

    Evidence(Rows& mosaic, Rows& green, RedAt red);

protected:
    void make(int y, const MutableRow& out) override;

private:
    Rows &mosaic_, &green_;
    RedAt red_;
};

// Variance of the noise of a green value x: shot * x + read.
struct GreenNoise {
    float shot, read;
};

// Red or blue as a straight line of green around each lattice pixel. Planes: slope, the value where green is 0, and how
// far the line is the mere answer to noise, 0 to 1. Half rows; the kind is only for three planes.
class Slopes final : public Rows {
public:
    static constexpr int reach = 2;
    static constexpr int beyond = 2;

    Slopes(Rows& mosaic, Rows& green, Rows& evidence, RedAt red, GreenNoise noise);

protected:
    void make(int y, const MutableRow& out) override;

private:
    Rows &mosaic_, &green_, &evidence_;
    RedAt red_;
    GreenNoise noise_;
};

// The same lines, each drawn towards its neighbours as far as noise made it. Planes: slope, and the value where green
// is 0.
class CalmSlopes final : public Rows {
public:
    static constexpr int reach = 2;
    static constexpr int beyond = 1;

    explicit CalmSlopes(Rows& slopes);

protected:
    void make(int y, const MutableRow& out) override;

private:
    Rows& slopes_;
};

// The picture: measured values as they are, green as found, red and blue by the mean of the lines around them.
class FineColours final : public Rows {
public:
    static constexpr int reach = 1;

    FineColours(Rows& mosaic, Rows& green, Rows& slopes, RedAt red);

protected:
    void make(int y, const MutableRow& out) override;

private:
    Rows &mosaic_, &green_, &slopes_;
    RedAt red_;
    std::vector<float> halves_;
};

}  // namespace nightjar
