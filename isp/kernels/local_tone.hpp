// Local tone on RGB rows: each pixel times a gain that depends on its own light and on its place.
#pragma once

#include <vector>

#include "rows.hpp"

namespace nightjar {

// The gain is planned at so many levels: 1, 2 ... stops below the one under which lifting begins.
constexpr int lift_levels = 7;

// How the lift of shadows bends at each level, on a coarse grid over the picture, cell centres at +0.5. At a place and
// d stops below where lifting begins, the lift in stops is the sum over the levels k = 1, 2 ... of bend_k * min(d, k).
struct LiftGrid {
    std::vector<float> bends;  // (lift_levels, rows, columns)
    int rows, columns;
    float from_ev;  // log2 of the light under which lifting begins
};

// (columns, lift_levels): the bends in row y of a picture.
std::vector<float> bends_at(const LiftGrid& grid, int y, int height);

class LocalTone final : public Rows {
public:
    LocalTone(Rows& input, const LiftGrid& grid);

protected:
    void make(int y, const MutableRow& out) override;

private:
    Rows& input_;
    const LiftGrid& grid_;
};

}  // namespace nightjar
