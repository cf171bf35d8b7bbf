// The colour matrix of the preview. Its rows sum to 1, so each colour is green plus shares of (own - green) and
// (other - green): grey stays exactly grey, and the pedestal falls out.
#pragma once

#include <array>

#include "preview_demosaic.hpp"

namespace nightjar {

struct MatrixFacts {
    std::array<Lane, 6> shares;  // of red - green and blue - green, for red, green, blue; 32768 is 2 to the `shift`
    int shift;
};

class ColourMatch {
public:
    // red_row   whether the row's own colour is red, or blue
    // black     light of nothing
    ColourMatch(const MatrixFacts& facts, bool red_row, Lane black) : black_(every_lane(black)), shift_(facts.shift) {
        const auto& s = facts.shares;
        const std::array<Lane, 6> turned = {s[5], s[4], s[3], s[2], s[1], s[0]};
        const std::array<Lane, 6>& shares = red_row ? s : turned;
        for (int i = 0; i < 6; ++i) shares_[i] = every_lane(shares[i]);
    }

    RowColours operator()(const RowColours& light) const {
        const Lanes larger = light.own > light.other ? light.own : light.other;
        const Lanes lit = (larger > light.green ? larger : light.green) > black_;
        const Lanes own = (lit & (light.own - light.green)) << shift_;
        const Lanes other = (lit & (light.other - light.green)) << shift_;
        return {light.green + scaled(own, shares_[0]) + scaled(other, shares_[1]),
                light.green + scaled(own, shares_[2]) + scaled(other, shares_[3]),
                light.green + scaled(own, shares_[4]) + scaled(other, shares_[5])};
    }

private:
    Lanes shares_[6], black_;
    int shift_;
};

}  // namespace nightjar
