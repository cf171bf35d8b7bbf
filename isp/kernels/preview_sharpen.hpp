// Sharpening of the preview: an unsharp mask on luma that leaves alone what noise explains.
//
// detail = luma - Gaussian(luma), the Gaussian being the binomial 1 4 6 4 1 both ways: one pixel's deviation. Detail
// below the noise limit is dropped and the rest loses that much ("coring"), so flat noise is not raised. No pixel passes
// its eight neighbours by more than a sixteenth of their range, so edges become steeper and are not outlined.
#pragma once

#include "preview_chroma.hpp"

namespace nightjar {

struct SharpenFacts {
    Lane amount;  // 8192 = 1
    LimitLines limit;
};

// What lies above and below: the first half of the Gaussian, and the range of three rows.
struct ColumnView {
    Halves blurred, lowest, highest;
};
void look_down(const std::array<ConstHalves, 5>& rows, int lanes, const ColumnView& out);

// The second half and the mask. The view has two good values on each side of each half.
void sharpen_luma(const ConstHalves& luma, const ColumnView& view, const SharpenFacts& facts, int lanes,
                  const Halves& out);

}  // namespace nightjar
