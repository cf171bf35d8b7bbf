#include "preview_sharpen.hpp"

namespace nightjar {

namespace {

// (a + 4 b + 6 c + 4 d + e) / 16.
inline Lanes binomial(Lanes a, Lanes b, Lanes c, Lanes d, Lanes e) {
    return mean(mean(b, d), mean(c, mean(c, mean(a, e))));
}

inline Lanes lower(Lanes a, Lanes b) { return a < b ? a : b; }
inline Lanes higher(Lanes a, Lanes b) { return a > b ? a : b; }

// Detail above this is a hard edge already; four times it must fit a lane.
constexpr Lane most_detail = 8191;
// A sixteenth, as a shift: about what the photo path allows.
constexpr int overshoot_bits = 4;

}  // namespace

void look_down(const std::array<ConstHalves, 5>& rows, int lanes, const ColumnView& out) {
    for (int parity = 0; parity < 2; ++parity) {
        for (int i = 0; i < lanes; i += register_lanes) {
            const auto row = [&](int index) { return load(rows[index][parity] + i); };
            const Lanes above = row(1), here = row(2), below = row(3);
            store(out.blurred[parity] + i, binomial(row(0), above, here, below, row(4)));
            store(out.lowest[parity] + i, lower(lower(above, here), below));
            store(out.highest[parity] + i, higher(higher(above, here), below));
        }
    }
}

void sharpen_luma(const ConstHalves& luma, const ColumnView& view, const SharpenFacts& facts, int lanes,
                  const Halves& out) {
    const LimitAt limit_at(facts.limit);
    const Lanes amount = every_lane(facts.amount), most = every_lane(most_detail);
    const Lanes black{}, white = every_lane(white_display);
    for (int parity = 0; parity < 2; ++parity) {
        // West neighbours lie in the other half row; east ones are one further.
        const int other = 1 - parity, west = parity == 0 ? -1 : 0;
        const auto across = [&](const Halves& plane, int i, auto join) {
            const Lanes beside = join(load(plane[other] + i + west), load(plane[other] + i + west + 1));
            return join(beside, load(plane[parity] + i));
        };
        const Lane* own = view.blurred[parity];
        const Lane* beside = view.blurred[other] + west;
        for (int i = 0; i < lanes; i += register_lanes) {
            const Lanes sharp = load(luma[parity] + i);
            const Lanes blur = binomial(load(own + i - 1), load(beside + i), load(own + i), load(beside + i + 1),
                                        load(own + i + 1));
            const Lanes limit = limit_at(sharp);
            const Lanes detail = sharp - blur;
            const Lanes clear = between(detail - between(detail, -limit, limit), -most, most);
            const Lanes lowest = across(view.lowest, i, lower), highest = across(view.highest, i, higher);
            const Lanes slack = (highest - lowest) >> overshoot_bits;
            const Lanes steeper = between(sharp + scaled(clear << 2, amount), lowest - slack, highest + slack);
            store(out[parity] + i, between(steeper, black, white));
        }
    }
}

}  // namespace nightjar
