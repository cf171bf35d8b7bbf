// Malvar, He and Cutler 2004 in 16-bit whole numbers: the filters of demosaic.cpp, written with means so that no sum
// leaves 16 bits. A mean rounds up and a shift down: what is left of both is less than one step.
#pragma once

#include <array>

#include "preview_rows.hpp"

namespace nightjar {

// The colours of a register of pixels. "Own" is the colour a row measures beside green, red or blue; "other" is the
// one it does not measure.
struct RowColours {
    Lanes own, green, other;
};

// A row of light and the two rows above and below it.
class Demosaicking {
public:
    // brightest   interpolated colours are held to 0..brightest
    Demosaicking(const std::array<ConstHalves, 5>& rows, int own_parity, Lane brightest)
        : zero_{}, top_(every_lane(brightest)), own_(rows[2][own_parity]), green_(rows[2][1 - own_parity]),
          own_n_(rows[0][own_parity]), own_s_(rows[4][own_parity]), green_n_(rows[0][1 - own_parity]),
          green_s_(rows[4][1 - own_parity]), green_up_(rows[1][own_parity]), green_down_(rows[3][own_parity]),
          other_up_(rows[1][1 - own_parity]), other_down_(rows[3][1 - own_parity]),
          // West neighbours in the half row of the other parity; east is one further.
          west_of_own_(own_parity == 0 ? -1 : 0), west_of_green_(own_parity == 0 ? 0 : -1) {}

    // Where red or blue was measured, lane i of its half row on.
    RowColours at_own(int i) const {
        const int w = i + west_of_own_, e = w + 1;
        const Lanes own = load(own_ + i);
        const Lanes far = mean_of_four(load(own_n_ + i), load(own_s_ + i), load(own_ + i - 1), load(own_ + i + 1));
        const Lanes cross =
            mean_of_four(load(green_up_ + i), load(green_down_ + i), load(green_ + w), load(green_ + e));
        const Lanes corners =
            mean_of_four(load(other_up_ + w), load(other_up_ + e), load(other_down_ + w), load(other_down_ + e));
        const Lanes beyond = own - far;
        return {own, held(cross + (beyond >> 1)), held(corners + beyond - (beyond >> 2))};
    }

    // Where green was measured.
    RowColours at_green(int i) const {
        const int w = i + west_of_green_, e = w + 1;
        const Lanes green = load(green_ + i);
        const Lanes corners =
            mean_of_four(load(green_up_ + w), load(green_up_ + e), load(green_down_ + w), load(green_down_ + e));
        const Lanes over_corners = (green - corners) >> 1;
        const Lanes over_column = green - mean(load(green_n_ + i), load(green_s_ + i));
        const Lanes over_row = green - mean(load(green_ + i - 1), load(green_ + i + 1));
        const Lanes along_row = mean(load(own_ + w), load(own_ + e));
        const Lanes along_column = mean(load(other_up_ + i), load(other_down_ + i));
        const Lanes own = along_row + over_corners + (over_row >> 2) - (over_column >> 3);
        const Lanes other = along_column + over_corners + (over_column >> 2) - (over_row >> 3);
        return {held(own), green, held(other)};
    }

private:
    Lanes held(Lanes light) const { return between(light, zero_, top_); }

    Lanes zero_, top_;
    const Lane *own_, *green_, *own_n_, *own_s_, *green_n_, *green_s_;
    const Lane *green_up_, *green_down_, *other_up_, *other_down_;
    int west_of_own_, west_of_green_;
};

}  // namespace nightjar
