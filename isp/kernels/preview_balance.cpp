#include "preview_balance.hpp"

#include <algorithm>
#include <cmath>

namespace nightjar {

namespace {

// Gains along one row of the grid: straight lines between the knots, constant beyond the outer ones.
void gains_along(const float* knots, int columns, float start, float step, int lanes, Lane* __restrict out) {
    int i = 0;
    for (int k = -1; k < columns && i < lanes; ++k) {
        const float end = (k + 1 - start) / step;
        const int until = k + 1 >= columns ? lanes : std::clamp(static_cast<int>(std::ceil(end)), i, lanes);
        const float left = knots[std::max(k, 0)];
        const float slope = knots[std::min(k + 1, columns - 1)] - left;
        const float offset = start - static_cast<float>(k);
        ROWS_DO_NOT_OVERLAP
        for (; i < until; ++i) {
            const float gain = left + slope * (offset + static_cast<float>(i) * step);
            out[i] = static_cast<Lane>(static_cast<std::int32_t>(gain + 0.5f));
        }
    }
}

}  // namespace

Balance::Balance(const BalanceFacts& facts, float nearly, const Tile& tile)
    : facts_(facts), nearly_(nearly), tile_(tile), half_((tile.width + 1) / 2), gains_(2, 4, half_) {}

void Balance::find_gains(int y) {
    const BalanceFacts& facts = facts_;
    const float vertical = (facts.window[1] + (y + 0.5f) / tile_.height * facts.window[3]) * facts.rows - 0.5f;
    const float inside = std::clamp(vertical, 0.0f, static_cast<float>(facts.rows - 1));
    upper_ = std::min(static_cast<int>(inside), facts.rows - 2);
    share_ = static_cast<Lane>(std::min((inside - upper_) * 32768.0f, 32767.0f));
    const float step = 2.0f / tile_.picture_width * facts.window[2] * facts.columns;
    for (int row = upper_; row < upper_ + 2; ++row) {
        if (!gains_.lacks(row)) continue;
        for (int position = 0; position < 4; ++position) {
            const std::ptrdiff_t knot = static_cast<std::ptrdiff_t>(position * facts.rows + row) * facts.columns;
            const float* knots = facts.gains.data() + knot;
            const float first = (tile_.left + (position & 1) + 0.5f) / tile_.picture_width;
            const float start = (facts.window[0] + first * facts.window[2]) * facts.columns - 0.5f;
            gains_along(knots, facts.columns, start, step, half_, gains_.plane(row, position));
        }
    }
}

namespace {

// A shifted count of a position where the sensor saturates.
int highest_count(const BalanceFacts& facts, int position) {
    return ((facts.white << facts.up) >> facts.down) - facts.black[position];
}

// Neighbours are looked at by their mean and by the gain of the pixel between them: this much earlier no rounding and
// no lens makes one bright that was not told of.
constexpr float told_earlier = 1.0f - 1.0f / 64.0f;

Lane told_from(float nearly, int level) {
    return static_cast<Lane>(std::min(nearly * told_earlier * static_cast<float>(level), 32767.0f));
}

// Counts of one position to light, a register at a time.
class Lighting {
public:
    Lighting(const BalanceFacts& facts, float nearly, int position, const Lane* upper, const Lane* lower, Lane share)
        : lowest_(Counts{} + facts.lowest), white_(Counts{} + facts.white), black_(Counts{} + facts.black[position]),
          darkest_(every_lane(static_cast<Lane>(-(facts.pedestal >> facts.gain_shift)))),
          lightest_(every_lane(static_cast<Lane>((facts.brightest - facts.pedestal) >> facts.gain_shift))),
          pedestal_(every_lane(facts.pedestal)),
          bright_count_(every_lane(told_from(nearly, highest_count(facts, position)))),
          bright_light_(every_lane(told_from(nearly, (facts.brightest - facts.pedestal) >> facts.gain_shift))), share_(every_lane(share)), upper_(upper), lower_(lower), up_(facts.up),
          down_(facts.down), gain_shift_(facts.gain_shift) {}

    // Adds to `bright` where light is told of as bright.
    Lanes operator()(Lanes pixels, int i, Lanes& bright) const {
        const Counts count = reinterpret_cast<Counts>(pixels);
        const Counts above = count > lowest_ ? count : lowest_;
        const Counts inside = above < white_ ? above : white_;
        const Lanes full = reinterpret_cast<Lanes>(((inside << up_) >> down_) - black_);
        const Lanes upper = load(upper_ + i), gain = upper + scaled(load(lower_ + i) - upper, share_);
        const Lanes light = between(scaled(full, gain), darkest_, lightest_);
        bright |= (full > bright_count_) | (light > bright_light_);
        return (light << gain_shift_) + pedestal_;
    }

private:
    typedef std::uint16_t Counts __attribute__((vector_size(sizeof(Lanes))));
    Counts lowest_, white_, black_;
    Lanes darkest_, lightest_, pedestal_, bright_count_, bright_light_, share_;
    const Lane *upper_, *lower_;
    int up_, down_, gain_shift_;
};

}  // namespace

void Balance::make(int y, const std::uint16_t* counts, const Halves& light, std::uint8_t* bright) {
    find_gains(y);
    const int first = 2 * (y & 1);
    const auto lighting = [&](int position) {
        return Lighting(facts_, nearly_, position, gains_.plane(upper_, position), gains_.plane(upper_ + 1, position),
                        share_);
    };
    const Lighting even = lighting(first), odd = lighting(first + 1);
    Lanes seen;
    const auto light_up = [&](const std::uint16_t* from, int i) {
        Lanes pixels[2];
        std::memcpy(pixels, from, sizeof pixels);
        store(light[0] + i, even(every_second<0>(pixels[0], pixels[1]), i, seen));
        store(light[1] + i, odd(every_second<1>(pixels[0], pixels[1]), i, seen));
    };
    // The camera's buffer may be uncached: each count is read once and in order.
    const int whole = tile_.width / (2 * register_lanes) * register_lanes;
    for (int start = 0; start < half_; start += chunk_lanes) {
        seen = Lanes{};
        const int end = std::min(start + chunk_lanes, whole);
        for (int i = start; i < end; i += register_lanes) light_up(counts + 2 * i, i);
        if (whole < start + chunk_lanes && whole >= start && 2 * whole < tile_.width) {
            std::uint16_t rest[2 * register_lanes] = {};
            std::copy(counts + 2 * whole, counts + tile_.width, rest);
            light_up(rest, whole);
        }
        bright[start / chunk_lanes] = any_lane(seen);
    }
    mirror_sides(light, tile_.width);
}

void Balance::find_shares(int y, int position, int first, int last, float* to_share) {
    find_gains(y);
    const Lane *upper = gains_.plane(upper_, position), *lower = gains_.plane(upper_ + 1, position);
    const Lane share = share_;
    const float highest = static_cast<float>(highest_count(facts_, position)) / 32768.0f *
                          static_cast<float>(1 << facts_.gain_shift);
    const float most = static_cast<float>(facts_.brightest - facts_.pedestal);
    ROWS_DO_NOT_OVERLAP
    for (int i = first; i < last; ++i) {
        const Lane gain = static_cast<Lane>(upper[i] + scaled(static_cast<Lane>(lower[i] - upper[i]), share));
        to_share[i] = 1.0f / std::min(std::max(static_cast<float>(gain) * highest, 1.0f), most);
    }
}

}  // namespace nightjar
