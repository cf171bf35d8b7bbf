#include "preview_sharpen.hpp"

namespace nightjar {

namespace {

// (a + 4 b + 6 c + 4 d + e) / 16.
inline Lanes binomial(Lanes a, Lanes b, Lanes c, Lanes d, Lanes e) {
    return mean(mean(b, d), mean(c, mean(c, mean(a, e))));
}

// Detail above this is a hard edge already; four times it must fit a lane.
constexpr Lane most_detail = 8191;

}  // namespace

void blur_down(const std::array<ConstHalves, 5>& rows, int lanes, const Halves& out) {
    for (int parity = 0; parity < 2; ++parity) {
        for (int i = 0; i < lanes; i += register_lanes) {
            const auto row = [&](int index) { return load(rows[index][parity] + i); };
            store(out[parity] + i, binomial(row(0), row(1), row(2), row(3), row(4)));
        }
    }
}

void sharpen_luma(const ConstHalves& luma, const ConstHalves& blurred, const SharpenFacts& facts, int lanes,
                  const Halves& out) {
    const LimitAt limit_at(facts.limit);
    const Lanes amount = every_lane(facts.amount), most = every_lane(most_detail);
    const Lanes black{}, white = every_lane(white_display);
    for (int parity = 0; parity < 2; ++parity) {
        const Lane* own = blurred[parity];
        // West neighbours in the other half row.
        const Lane* beside = blurred[1 - parity] + (parity == 0 ? -1 : 0);
        for (int i = 0; i < lanes; i += register_lanes) {
            const Lanes sharp = load(luma[parity] + i);
            const Lanes blur = binomial(load(own + i - 1), load(beside + i), load(own + i), load(beside + i + 1),
                                        load(own + i + 1));
            const Lanes limit = limit_at(sharp);
            const Lanes detail = sharp - blur;
            const Lanes clear = between(detail - between(detail, -limit, limit), -most, most);
            store(out[parity] + i, between(sharp + scaled(clear << 2, amount), black, white));
        }
    }
}

}  // namespace nightjar
