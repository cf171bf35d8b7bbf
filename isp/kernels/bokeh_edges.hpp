// Where a pixel is partly the subject, as at hair: which of its light is the subject's, and which is what lies behind.
#pragma once

#include <array>
#include <vector>

#include "bokeh_picture.hpp"

namespace nightjar {

// What one pixel gets from the subject; the rest of it comes from behind.
using SubjectLight = std::array<float, 3>;

class EdgeColours {
public:
    // white: light beyond it says nothing about colours.
    EdgeColours(const FocusPicture& picture, float white, int threads);

    // The subject's light of a pixel that is subject for the share 0 < share < 1.
    SubjectLight subject_light(int y, int x, const float* pixel, float share) const;

private:
    static constexpr int kinds = 6;  // red, green, blue of the subject, then of what is behind

    struct Sums {
        float subject_square = 0, both = 0, behind_square = 0;
        std::array<float, kinds> light{};
        void add(const Sums& other);
    };

    Sums sums_of(const FocusPicture& picture, int row, int column, float white) const;
    Sums around(const std::vector<Sums>& sums, int row, int column, int reach) const;
    static void solve(const Sums& sums, float trust, std::array<float, kinds>& colours);
    void mark(const FocusPicture& picture, int threads);
    bool is_near(int row, int column, int reach) const;

    int rows_ = 0, columns_ = 0;
    std::vector<std::uint8_t> soft_;
    std::vector<std::array<float, kinds>> colours_;
};

}  // namespace nightjar
