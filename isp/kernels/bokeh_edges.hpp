// Where a pixel is partly the subject, as at hair: which of its light is the subject's, and which is what lies behind.
#pragma once

#include <array>
#include <vector>

#include "bokeh_lights.hpp"
#include "bokeh_picture.hpp"

namespace nightjar {

// What one pixel gets from the subject; the rest of it comes from behind.
using SubjectLight = std::array<float, 3>;

class EdgeColours {
public:
    // limits: lights say nothing about the subject's colour.
    EdgeColours(const FocusPicture& picture, const LightLimits& limits, int threads);

    // The subject's light of a pixel that is subject for the share 0 < share < 1.
    SubjectLight subject_light(int y, int x, const float* pixel, float share) const;

private:
    static constexpr int kinds = 6;  // red, green, blue of the subject, then of what is behind

    struct Colours {
        std::array<float, kinds> light{};
        float lamps = 0;  // how likely lights here are lamps behind the subject, not glints on it
    };

    struct Sums {
        float subject_square = 0, both = 0, behind_square = 0;
        float lights = 0, lights_share = 0;
        std::array<float, kinds> light{};
        void add(const Sums& other);
    };

    Sums sums_of(const FocusPicture& picture, int row, int column) const;
    Sums around(const std::vector<Sums>& sums, int row, int column, int reach) const;
    static void solve(const Sums& sums, float trust, std::array<float, kinds>& colours);
    Colours colours_at(int y, int x) const;
    void mark(const FocusPicture& picture, int threads);
    bool is_near(int row, int column, int reach) const;

    const LightLimits& limits_;
    int rows_ = 0, columns_ = 0;
    std::vector<std::uint8_t> soft_;
    std::vector<Colours> colours_;
};

}  // namespace nightjar
