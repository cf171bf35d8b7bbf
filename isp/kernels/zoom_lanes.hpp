// Eight samples of one colour in a row of a cell, calculated with at once.
//
// The compiler takes a loop of eight apart into single numbers instead of making vector code of it, which is three times
// slower here. Its own vector types have operators like numbers and compile on every machine, in two registers where
// one holds four numbers; each lane is rounded like a single number.
#pragma once

#include <cstring>

namespace nightjar {

typedef float Eight __attribute__((vector_size(32)));

inline void load(Eight& lanes, const float* from) { std::memcpy(&lanes, from, sizeof lanes); }

inline void store(float* to, const Eight& lanes) { std::memcpy(to, &lanes, sizeof lanes); }

// Weights of three fine pixels for what a raw pixel sees that lies `beyond` the middle one, and by `step` more from
// each sample to the next: quadratic B-splines. Their width is that of a raw pixel over fine pixels.
struct Seen {
    Eight before, middle, after;

    Seen(float beyond, float step) {
        const Eight ramp = {0, 1, 2, 3, 4, 5, 6, 7};
        const Eight away = beyond + step * ramp;
        const Eight low = 0.5f - away, high = 0.5f + away;
        before = 0.5f * low * low;
        middle = 0.75f - away * away;
        after = 0.5f * high * high;
    }
};

}  // namespace nightjar
