// Sharpening of the preview: an unsharp mask on luma that leaves alone what noise explains.
//
// detail = luma - Gaussian(luma), the Gaussian being the binomial 1 4 6 4 1 both ways: one pixel's deviation. Detail
// below the noise limit is dropped and the rest loses that much ("coring"), so flat noise is not raised.
#pragma once

#include "preview_chroma.hpp"

namespace nightjar {

struct SharpenFacts {
    Lane amount;  // 8192 = 1
    LimitLines limit;
};

// The first half of the Gaussian: down the column, five rows.
void blur_down(const std::array<ConstHalves, 5>& rows, int lanes, const Halves& out);

// The second half and the mask. `blurred` has two good values on each side of each half.
void sharpen_luma(const ConstHalves& luma, const ConstHalves& blurred, const SharpenFacts& facts, int lanes,
                  const Halves& out);

}  // namespace nightjar
