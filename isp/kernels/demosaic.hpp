// Malvar, He and Cutler 2004: bilinear interpolation corrected by the gradient of the colour that was measured there.
#pragma once

#include <vector>

#include "rows.hpp"

namespace nightjar {

class Demosaic final : public Rows {
public:
    static constexpr int reach = 2;

    // red_row, red_column: where red lies in the top-left 2 x 2
    Demosaic(Rows& input, int red_row, int red_column);

protected:
    void make(int y, const MutableRow& out) override;

private:
    Rows& input_;
    int red_row_, red_column_;
    std::vector<float> halves_;
};

}  // namespace nightjar
