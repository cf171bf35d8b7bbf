#include "bokeh_behind.hpp"

#include <algorithm>
#include <cmath>

#include "rows.hpp"

namespace nightjar {

namespace {

constexpr int planes = 5;
// What stands out by less needs no disc of its own.
constexpr float clearly = 1.25f;

}  // namespace

void BehindBand::begin(int first, int last, int columns) {
    top = first;
    bottom = last;
    width = columns;
    const std::size_t needed = static_cast<std::size_t>(last - first) * columns * planes;
    if (memory_.size() < needed) memory_.resize(needed);
    radii.assign(last - first, {1.0f, -1.0f});
}

BehindRow BehindBand::row(int y) const {
    float* first = memory_.data() + static_cast<std::size_t>(y - top) * width * planes;
    return {first, first + width, first + 2 * width, first + 3 * width, first + 4 * width};
}

std::pair<float, float> Behind::fill(int y, const float* pixel, const BehindRow& row) const {
    std::vector<float> limits(picture_.width);
    split(y, pixel, row);
    take_lights(y, row, limits, nullptr);
    // Far below any radius, so that what is wholly subject decides nothing.
    float least = 1e9f, most = -1e9f;
    ROWS_DO_NOT_OVERLAP
    for (int x = 0; x < picture_.width; ++x) {
        const float radius = row.radius[x];
        const bool counts = row.share[x] > 0.0f;
        least = counts && radius < least ? radius : least;
        most = counts && radius > most ? radius : most;
    }
    return {least, most};
}

void Behind::find_lights(int top, int bottom, std::vector<Light>& lights) const {
    BehindBand band;
    band.begin(0, 1, picture_.width);
    const BehindRow row = band.row(0);
    std::vector<float> limits(picture_.width);
    for (int y = top; y < bottom; ++y) {
        const float* pixel = picture_.row(y);
        float most = 0.0f;
        for (int i = 0; i < 3 * picture_.width; ++i) most = std::max(most, pixel[i]);
        if (most <= limits_.level()) continue;
        split(y, pixel, row);
        take_lights(y, row, limits, &lights);
    }
}

void Behind::split(int y, const float* pixel, const BehindRow& row) const {
    const std::uint8_t* subject = picture_.subject_row(y);
    const int width = picture_.width;
    radius_.row(y, row.radius);
    if (!subject) {
        ROWS_DO_NOT_OVERLAP
        for (int x = 0; x < width; ++x) {
            row.red[x] = pixel[3 * x];
            row.green[x] = pixel[3 * x + 1];
            row.blue[x] = pixel[3 * x + 2];
            row.share[x] = 1.0f;
        }
        return;
    }
    ROWS_DO_NOT_OVERLAP
    for (int x = 0; x < width; ++x) {
        const float share = subject[x] == 255 ? 0.0f : 1.0f;
        row.red[x] = share * pixel[3 * x];
        row.green[x] = share * pixel[3 * x + 1];
        row.blue[x] = share * pixel[3 * x + 2];
        row.share[x] = share;
    }
    for (int x = 0; x < width; ++x) {
        if (subject[x] == 0 || subject[x] == 255) continue;
        const float share = static_cast<float>(subject[x]) / 255.0f;
        const SubjectLight light = edges_.subject_light(y, x, pixel + 3 * x, share);
        row.red[x] -= light[0];
        row.green[x] -= light[1];
        row.blue[x] -= light[2];
        row.share[x] = 1.0f - share;
    }
}

void Behind::take_lights(int y, const BehindRow& row, std::vector<float>& limits, std::vector<Light>* lights) const {
    const int width = picture_.width;
    limits_.limit_row(y, limits.data());
    const float* limit = limits.data();
    const float from_px = knobs_.from_px;
    int candidates = 0;
    ROWS_DO_NOT_OVERLAP
    for (int x = 0; x < width; ++x) {
        const float green_blue = row.green[x] > row.blue[x] ? row.green[x] : row.blue[x];
        const float light = row.red[x] > green_blue ? row.red[x] : green_blue;
        candidates += light > clearly * limit[x] * row.share[x];
    }
    if (candidates == 0) return;
    for (int x = 0; x < width; ++x) {
        const float light = std::max(row.red[x], std::max(row.green[x], row.blue[x]));
        const float share = row.share[x];
        if (share <= 0.0f || light <= clearly * limit[x] * share || std::fabs(row.radius[x]) < from_px) continue;
        std::array<float, 3> behind{row.red[x], row.green[x], row.blue[x]};
        const std::array<float, 3> taken = limits_.take_from(behind, share, std::fabs(row.radius[x]), y, x);
        row.red[x] = behind[0];
        row.green[x] = behind[1];
        row.blue[x] = behind[2];
        if (lights) lights->push_back({y, x, row.radius[x], taken});
    }
}

}  // namespace nightjar
