#include "preview_chroma.hpp"

namespace nightjar {

namespace {

constexpr Lane one_fifth = 6554;

// Steps to neighbours that are alike, added up; a neighbour of another colour counts as the centre itself.
class AlikeSum {
public:
    AlikeSum(Lanes blue, Lanes red, Lanes limit) : blue_(blue), red_(red), limit_(limit) {}

    void add(Lanes blue, Lanes red) {
        const Lanes blue_step = blue - blue_, red_step = red - red_;
        const Lanes alike = (blue_step < limit_) & (-blue_step < limit_) & (red_step < limit_) & (-red_step < limit_);
        blue_sum_ += blue_step & alike;
        red_sum_ += red_step & alike;
    }

    // The mean of the centre and its four neighbours.
    Lanes blue() const { return blue_ + scaled(blue_sum_, every_lane(one_fifth)); }
    Lanes red() const { return red_ + scaled(red_sum_, every_lane(one_fifth)); }

private:
    Lanes blue_, red_, limit_, blue_sum_{}, red_sum_{};
};

}  // namespace

void make_chroma(const PairMeans& upper, const PairMeans& lower, const LimitAt& limit_at, int lanes, const Chroma& out) {
    for (int i = 0; i < lanes; i += register_lanes) {
        const Lanes luma = mean(load(upper.luma + i), load(lower.luma + i));
        store(out.blue + i, mean(load(upper.blue + i), load(lower.blue + i)) - luma);
        store(out.red + i, mean(load(upper.red + i), load(lower.red + i)) - luma);
        store(out.limit + i, limit_at(luma));
    }
}

void smooth_across(const Chroma& in, int lanes, const Chroma& out) {
    for (int i = 0; i < lanes; i += register_lanes) {
        const Lanes limit = load(in.limit + i);
        AlikeSum sum(load(in.blue + i), load(in.red + i), limit);
        for (const int step : {-2, -1, 1, 2}) sum.add(load(in.blue + i + step), load(in.red + i + step));
        store(out.blue + i, sum.blue());
        store(out.red + i, sum.red());
        store(out.limit + i, limit);
    }
}

void smooth_down(const std::array<Chroma, 5>& rows, int lanes, const Chroma& out) {
    const Chroma& centre = rows[2];
    for (int i = 0; i < lanes; i += register_lanes) {
        AlikeSum sum(load(centre.blue + i), load(centre.red + i), load(centre.limit + i));
        for (const int row : {0, 1, 3, 4}) sum.add(load(rows[row].blue + i), load(rows[row].red + i));
        store(out.blue + i, sum.blue());
        store(out.red + i, sum.red());
    }
}

void blend_rows(const Chroma& near, const Chroma& far, int lanes, const Chroma& out) {
    for (int i = 0; i < lanes; i += register_lanes) {
        const Lanes blue = load(near.blue + i), red = load(near.red + i);
        store(out.blue + i, blue + ((load(far.blue + i) - blue) >> 2));
        store(out.red + i, red + ((load(far.red + i) - red) >> 2));
    }
}

}  // namespace nightjar
