#include "bokeh_lights.hpp"

#include <algorithm>
#include <cmath>

#include "pieces.hpp"

namespace nightjar {

namespace {

// A light stands out so many times from the mean around it, ...
constexpr float times_surroundings = 3.0f;
// ... and reaches this share of white: fainter points make no disc that one sees.
constexpr float least_light = 0.5f;
// Shares of white between which a pixel counts as blown by degrees, and between which the rim shows its colour.
constexpr float blown_from = 0.9f, blown = 0.98f, rim_from = 0.1f, rim_to = 0.9f;
// Mean around a light or next to it, as a share of white, up to which it is small in the dark, and from which on it is
// a sky.
constexpr float dark = 0.1f, bright = 0.4f;
// A disc that is hardly larger than the light says nothing of its strength.
constexpr float small_px = 2.0f, large_px = 6.0f;

float between(float value, float low, float high) {
    const float part = std::clamp((value - low) / (high - low), 0.0f, 1.0f);
    return part * part * (3.0f - 2.0f * part);
}

}  // namespace

LightLimits::LightLimits(const FocusPicture& picture, const LightKnobs& knobs, int threads)
    : knobs_(knobs), rows_((picture.height + knobs.cell - 1) / knobs.cell),
      columns_((picture.width + knobs.cell - 1) / knobs.cell), width_(picture.width), level_(least_light * knobs.white) {
    std::vector<Cell> own(static_cast<std::size_t>(rows_) * columns_);
    run_pieces(threads, rows_, [&](int, int row) {
        for (int column = 0; column < columns_; ++column) own[row * columns_ + column] = measured(picture, row, column);
    });
    cells_.resize(own.size());
    run_pieces(threads, rows_, [&](int, int row) {
        for (int column = 0; column < columns_; ++column) {
            Cell& all = cells_[row * columns_ + column];
            float count = 0;
            for (int y = std::max(row - 1, 0); y <= std::min(row + 1, rows_ - 1); ++y) {
                for (int x = std::max(column - 1, 0); x <= std::min(column + 1, columns_ - 1); ++x) {
                    const Cell& one = own[y * columns_ + x];
                    all.surroundings += one.surroundings;
                    all.colour_weight += one.colour_weight;
                    for (int i = 0; i < 3; ++i) all.colour[i] += one.colour[i];
                    count += 1;
                }
            }
            all.surroundings /= count;
            const float most = brightest(all.colour.data());
            for (float& colour : all.colour) colour = most > 0 ? std::max(colour, 0.0f) / most : 1.0f;
        }
    });
    for (int row = 0; row < rows_; ++row) {
        for (int column = 0; column < columns_; ++column) {
            float& crowd = cells_[row * columns_ + column].crowd;
            for (int y = std::max(row - 1, 0); y <= std::min(row + 1, rows_ - 1); ++y) {
                for (int x = std::max(column - 1, 0); x <= std::min(column + 1, columns_ - 1); ++x) {
                    crowd = std::max(crowd, cells_[y * columns_ + x].surroundings);
                }
            }
        }
    }
}

LightLimits::Cell LightLimits::measured(const FocusPicture& picture, int row, int column) const {
    Cell cell;
    const int bottom = std::min((row + 1) * knobs_.cell, picture.height);
    const int left = column * knobs_.cell, right = std::min(left + knobs_.cell, picture.width);
    for (int y = row * knobs_.cell; y < bottom; ++y) {
        const float* pixel = picture.row(y) + 3 * left;
        for (int x = left; x < right; ++x, pixel += 3) {
            const float light = brightest(pixel);
            cell.surroundings += std::min(light, knobs_.white);
            if (light > rim_from * knobs_.white && light < rim_to * knobs_.white) {
                // The brighter, the less of it is the surroundings' colour.
                cell.colour_weight += light;
                for (int i = 0; i < 3; ++i) cell.colour[i] += light * pixel[i];
            }
        }
    }
    cell.surroundings /= static_cast<float>((bottom - row * knobs_.cell) * (right - left));
    return cell;
}

float LightLimits::limit(int y, int x) const { return std::max(level_, times_surroundings * at(y, x).surroundings); }

void LightLimits::limit_row(int y, float* out) const {
    for (int x = 0; x < width_; x += knobs_.cell) {
        std::fill(out + x, out + std::min(x + knobs_.cell, width_), limit(y, x));
    }
}

std::array<float, 3> LightLimits::take_from(std::array<float, 3>& behind, float weight, float radius, int y, int x) const {
    const Cell& cell = at(y, x);
    const float found = brightest(behind.data());
    if (cell.colour_weight > 0) {
        const float recovered = between(found / weight, blown_from * knobs_.white, blown * knobs_.white) *
                                (1.0f - between(cell.crowd, dark * knobs_.white, bright * knobs_.white)) *
                                between(radius, small_px, large_px);
        // A light that shines through a subject was not blown by itself.
        const float brightened = std::max(std::min(found * knobs_.gain, knobs_.white * knobs_.gain * weight), found);
        for (int i = 0; i < 3; ++i) {
            if (knobs_.gain > 1.0f) behind[i] += recovered * (brightened * cell.colour[i] - behind[i]);
        }
    }
    const float keep = std::min(limit(y, x) * weight / brightest(behind.data()), 1.0f);
    std::array<float, 3> taken;
    for (int i = 0; i < 3; ++i) {
        taken[i] = behind[i] * (1.0f - keep);
        behind[i] -= taken[i];
    }
    return taken;
}

}  // namespace nightjar
