// Display codes to luma, and what is left of colour for the eye: the mean of each two columns.
#pragma once

#include "preview_chroma.hpp"
#include "preview_codes.hpp"

namespace nightjar {

class LumaSplit {
public:
    LumaSplit(const Halves& luma, const PairMeans& means) : luma_(luma), means_(means) {}

    void operator()(int i, const PairCodes& codes) const {
        Lanes luma[2];
        for (int parity = 0; parity < 2; ++parity) {
            luma[parity] = scaled(codes.red[parity], every_lane(red_weight)) +
                           scaled(codes.green[parity], every_lane(green_weight)) +
                           scaled(codes.blue[parity], every_lane(blue_weight));
            store(luma_[parity] + i, luma[parity]);
        }
        store(means_.red + i, mean(codes.red[0], codes.red[1]));
        store(means_.blue + i, mean(codes.blue[0], codes.blue[1]));
        store(means_.luma + i, mean(luma[0], luma[1]));
    }

private:
    // ITU-R BT.601, on display codes; 32768 = 1. They add up to 1, so grey keeps its code.
    static constexpr Lane red_weight = 9798, green_weight = 19235, blue_weight = 3735;
    Halves luma_;
    PairMeans means_;
};

}  // namespace nightjar
