// Chroma noise: a sigma filter on two colour differences at half resolution, joined to the full picture.
#pragma once

#include <array>
#include <limits>

#include "rows.hpp"
#include "uneven_noise.hpp"

namespace nightjar {

// Two differences of colours, both with the same noise and independent of each other on a grey.
struct ChromaAxes {
    // differences  how much of red minus green and of blue minus green the first is, then the second
    // colours      what one unit of the first and of the second adds to green, then to blue; to red the first adds
    //              itself. Luma stays as it is
    // noise        variance of either at full resolution: noise[0] * level + noise[1]
    std::array<float, 4> differences;
    std::array<float, 4> colours;
    std::array<float, 2> noise;
};

// Squared distances, in variances of the noise.
struct JoinLimits {
    float edge, calm;  // from which on a pixel is not alike to a cell: where cells differ, and where they agree
    float apart;       // of two cells that differ
    float between;     // product of the ways from a cell on an edge to either side of it
};

// Half-resolution rows: plane 0 one over the noise's variance, planes 1 and 2 the differences, means of 2 x 2.
class HalfChroma final : public Rows {
public:
    HalfChroma(Rows& picture, const ChromaAxes& axes, const UnevenNoise& uneven);

protected:
    void make(int y, const MutableRow& out) override;

private:
    Rows& picture_;
    ChromaAxes axes_;
    NoiseOfRow noise_;
};

// One direction of the separable sigma filter on such rows: five taps, `step` apart. A neighbour counts the less the
// more of the noise's variance its squared distance is, and nothing from `tolerance` times on.
class SigmaAcross final : public Rows {
public:
    SigmaAcross(Rows& input, int step, float tolerance);

protected:
    void make(int y, const MutableRow& out) override;

private:
    Rows& input_;
    int step_;
    float tolerance_;
};

class SigmaDown final : public Rows {
public:
    SigmaDown(Rows& input, int step, float tolerance);

protected:
    void make(int y, const MutableRow& out) override;

private:
    Rows& input_;
    int step_;
    float tolerance_;
    int asked_ = std::numeric_limits<int>::min();  // the lowest row asked for so far
};

// Full resolution again: each pixel moves towards its own half-resolution cell and the next, as far as they are alike.
class ChromaJoin final : public Rows {
public:
    // cells  how many cells away those lie that reach a pixel: the next one, and two steps of each filter from it
    ChromaJoin(Rows& picture, Rows& smooth, const ChromaAxes& axes, const JoinLimits& limits, int cells);

protected:
    void make(int y, const MutableRow& out) override;

private:
    Rows& picture_;
    Rows& smooth_;
    ChromaAxes axes_;
    JoinLimits limits_;
};

}  // namespace nightjar
