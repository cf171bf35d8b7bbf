// What a picture out of focus is drawn from.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

namespace nightjar {

// Linear light (height, width, 3), and how much of each pixel is the subject: 255 wholly. No subject: nullptr.
struct FocusPicture {
    const float* pixels;
    const std::uint8_t* subject;
    int height, width;

    const float* row(int y) const { return pixels + static_cast<std::int64_t>(y) * width * 3; }
    const std::uint8_t* subject_row(int y) const {
        return subject ? subject + static_cast<std::int64_t>(y) * width : nullptr;
    }
};

inline float brightest(const float* pixel) { return std::max(pixel[0], std::max(pixel[1], pixel[2])); }

// What changes slowly over the picture, as the radius of the blur does: a grid of equal cells.
class PictureMap {
public:
    PictureMap(const float* cells, int rows, int columns, int height, int width);

    // One row of the picture, linear between the middles of cells.
    void row(int y, float* out) const;

private:
    const float* values_;
    int rows_, columns_, height_, width_;
    std::vector<int> left_;
    std::vector<float> part_;
};

}  // namespace nightjar
