#include "bokeh_discs.hpp"

#include <algorithm>
#include <cmath>

#include "rows.hpp"

namespace nightjar {

namespace {

// A quarter of a pixel more or less in radius is not seen.
constexpr float steps_per_px = 4.0f;
// Places across half the frame: from one to the next the barrel moves by a sixteenth of a radius at most.
constexpr int eye_steps = 16;

constexpr int channels = 4;  // three colours, and one to fill a vector

}  // namespace

Discs::Discs(std::vector<Light> lights, const std::vector<Side>& sides, float cat_eye, int height, int width)
    : height_(height), width_(width), cat_eye_(cat_eye), lights_(std::move(lights)) {
    for (const Light& light : lights_) {
        const Kind kind = kind_of(light);
        const auto [radius, y, x] = kind;
        if (const auto known = apertures_.find(kind); known == apertures_.end()) {
            const float shift = cat_eye_ / eye_steps;
            apertures_[kind] = aperture_of(std::fabs(static_cast<float>(radius)) / steps_per_px, sides,
                                           shift * static_cast<float>(y), shift * static_cast<float>(x), radius < 0);
        }
        shapes_.push_back(&apertures_[kind]);
        largest_ = std::max(largest_, static_cast<float>(shapes_.back()->reach));
    }
}

Discs::Kind Discs::kind_of(const Light& light) const {
    const int radius = static_cast<int>(std::floor(light.radius * steps_per_px + 0.5f));
    if (cat_eye_ == 0.0f) return {radius, 0, 0};
    const float half = 0.5f * std::sqrt(static_cast<float>(height_) * height_ + static_cast<float>(width_) * width_);
    const float sign = light.radius < 0.0f ? 1.0f : -1.0f;
    const auto place = [&](int at, int length) {
        const float from_middle = static_cast<float>(at) + 0.5f - 0.5f * static_cast<float>(length);
        return static_cast<int>(std::floor(sign * from_middle / half * eye_steps + 0.5f));
    };
    return {radius, place(light.y, height_), place(light.x, width_)};
}

bool Discs::draw(float low, float high, int top, int bottom, std::vector<float>& steps,
                 std::vector<float>& planes) const {
    const auto begin = std::lower_bound(lights_.begin(), lights_.end(), static_cast<float>(top) - largest_,
                                        [](const Light& light, float y) { return static_cast<float>(light.y) < y; });
    steps.clear();
    const std::size_t stride = static_cast<std::size_t>(width_) + 1;
    for (auto light = begin; light != lights_.end(); ++light) {
        if (static_cast<float>(light->y) > static_cast<float>(bottom) + largest_) break;
        if (light->radius <= low || light->radius > high) continue;
        const Aperture& shape = *shapes_[light - lights_.begin()];
        if (light->y + shape.reach < top || light->y - shape.reach >= bottom) continue;
        if (steps.empty()) steps.assign(static_cast<std::size_t>(bottom - top) * stride * channels, 0.0f);
        const float colour[channels] = {light->light[0], light->light[1], light->light[2], 0.0f};
        for (const Tap& tap : shape.taps) {
            const int y = light->y + tap.row;
            if (y < top || y >= bottom) continue;
            const int x = std::clamp(light->x + tap.column, 0, width_);
            float* step = steps.data() + (static_cast<std::size_t>(y - top) * stride + x) * channels;
            for (int i = 0; i < channels; ++i) step[i] += tap.weight * colour[i];
        }
    }
    if (steps.empty()) return false;
    const std::size_t count = static_cast<std::size_t>(bottom - top) * width_;
    planes.resize(3 * count);
    for (int y = 0; y < bottom - top; ++y) {
        float sum[channels] = {};
        const float* step = steps.data() + static_cast<std::size_t>(y) * stride * channels;
        for (int x = 0; x < width_; ++x, step += channels) {
            const std::size_t at = static_cast<std::size_t>(y) * width_ + x;
            for (int i = 0; i < channels; ++i) sum[i] += step[i];
            for (int i = 0; i < 3; ++i) planes[i * count + at] = std::max(sum[i], 0.0f);
        }
    }
    return true;
}

}  // namespace nightjar
