#include "preview_highlights.hpp"

#include "highlights_pixel.hpp"

namespace nightjar {

namespace {

// Means of the pixels around one that measured red or blue, or that measured green: the two other colours there.
struct Around {
    const Lane *own, *left, *above, *below, *above_left, *below_left;
    float black;

    float here(int i) const { return own[i] - black; }
    float beside(int i) const { return 0.5f * (left[i] + left[i + 1]) - black; }
    float upright(int i) const { return 0.5f * (above[i] + below[i]) - black; }
    float cross(int i) const { return 0.25f * ((left[i] + left[i + 1]) + (above[i] + below[i])) - black; }
    float corners(int i) const {
        return 0.25f * ((above_left[i] + above_left[i + 1]) + (below_left[i] + below_left[i + 1])) - black;
    }
};

template <typename Second, typename Third>
void rebuild(const Around& near, const Shares& at, const std::array<const float*, 3>& to_share, int first, int last,
             Lane* out, const Second& second, const Third& third) {
    const float *own_share = to_share[0], *second_share = to_share[1], *third_share = to_share[2];
    const float half_up = near.black + 0.5f;
    ROWS_DO_NOT_OVERLAP
    for (int i = first; i < last; ++i) {
        const float own = near.here(i);
        const float added = rebuilt(measured(own, 1.0f, own_share[i]), measured(second(i), 1.0f, second_share[i]),
                                    measured(third(i), 1.0f, third_share[i]), at);
        out[i] = static_cast<Lane>(static_cast<std::int32_t>(own + added + half_up));
    }
}

}  // namespace

void rebuild_blown(const BlownRow& row, const HighlightShares& shares, int first, int last, const Halves& out) {
    const Shares at{shares.nearly, 1.0f / (shares.blown - shares.nearly), shares.whitening,
                    1.0f / (shares.blown - shares.whitening)};
    const int here = 2 * (row.y & 1), beyond = 2 - here;  // positions of this row's and of the next row's pixels
    for (int parity = 0; parity < 2; ++parity) {
        const int other = 1 - parity, west = parity == 0 ? -1 : 0;
        const auto& light = row.light;
        const Around near{light[1][parity],       light[1][other] + west, light[0][parity],
                          light[2][parity],       light[0][other] + west, light[2][other] + west,
                          static_cast<float>(row.pedestal)};
        const float *own = row.to_share[here + parity], *beside = row.to_share[here + other];
        if (parity == row.own_parity) {
            rebuild(near, at, {own, beside, row.to_share[beyond + other]}, first, last, out[parity],
                    [&](int i) { return near.cross(i); }, [&](int i) { return near.corners(i); });
        } else {
            rebuild(near, at, {own, beside, row.to_share[beyond + parity]}, first, last, out[parity],
                    [&](int i) { return near.beside(i); }, [&](int i) { return near.upright(i); });
        }
    }
}

}  // namespace nightjar
