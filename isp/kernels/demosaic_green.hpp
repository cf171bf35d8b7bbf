// The first half of the fine demosaic: green where red or blue was measured. Sources are in isp/demosaic.py.
//
// "Lattice" is the colour that a row measures beside green, red or blue: every second pixel of the row.
#pragma once

#include <vector>

#include "rows.hpp"

namespace nightjar {

// Where red lies in the top-left 2 x 2.
struct RedAt {
    int row, column;

    // Which half of row y holds its lattice: 0 for the even columns, 1 for the odd ones.
    int lattice(int y) const { return (y & 1) == row ? column : 1 - column; }
};

// Green minus red or blue at every pixel, one of the two measured, the other interpolated along one direction.
class Differences final : public Rows {
public:
    enum class Along { row, column };
    static constexpr int reach = 2;

    Differences(Rows& mosaic, RedAt red, Along along);

protected:
    void make(int y, const MutableRow& out) override;

private:
    Rows& mosaic_;
    RedAt red_;
    Along along_;
};

// How far the differences around each green pixel may be trusted, for there they hardly change.
// Planes: trust in those along the row, trust in those along the column, both at the green pixels of the row.
class Trust final : public Rows {
public:
    static constexpr int reach = 2;
    static constexpr int beyond = 5;  // values made to each side of the row, for those who look sideways

    Trust(Rows& across, Rows& down, RedAt red);

protected:
    void make(int y, const MutableRow& out) override;

private:
    void sum_three_rows(int y);

    Rows &across_, &down_;
    RedAt red_;
    std::vector<float> sums_;
};

// Planes: green on the lattice of the row, and the same with less of what the lattice's own value says about it.
class Green final : public Rows {
public:
    static constexpr int reach = 1;
    static constexpr int beyond = 4;

    Green(Rows& mosaic, Rows& across, Rows& down, Rows& trust, RedAt red);

protected:
    void make(int y, const MutableRow& out) override;

private:
    Rows &mosaic_, &across_, &down_, &trust_;
    RedAt red_;
};

}  // namespace nightjar
