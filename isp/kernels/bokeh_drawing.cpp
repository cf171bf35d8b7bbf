#include "bokeh_drawing.hpp"

#include <algorithm>

#include "rows.hpp"

namespace nightjar {

namespace {

// Rows whose discs are drawn at once: what it takes to draw them is more than the picture itself.
constexpr int strip = 32;

}  // namespace

void begin(Drawing& drawing, int top, int bottom, int width, bool has_before) {
    drawing.top = top;
    drawing.bottom = bottom;
    drawing.width = width;
    drawing.has_before = has_before;
    const std::size_t count = drawing.count();
    drawing.behind.assign(3 * count, 0.0f);
    drawing.lights.clear();
    drawing.filled.assign(count, 0.0f);
    drawing.kept.assign(count, 0.0f);
    if (has_before) {
        drawing.before.assign(3 * count, 0.0f);
        drawing.covered.assign(count, 0.0f);
    }
}

void lay_under(const LayerBand& layer, float noise_kept, Drawing& drawing, std::vector<float>& light,
               std::vector<float>& filled, float* kept) {
    const int left = layer.left(), wide = layer.right() - left;
    std::vector<float> line(4 * static_cast<std::size_t>(wide));
    float *red = line.data(), *green = red + wide, *blue = green + wide, *share = blue + wide;
    for (int y = drawing.top; y < drawing.bottom; ++y) {
        layer.row(y, red, green, blue, share);
        const std::size_t at = static_cast<std::size_t>(y - drawing.top) * drawing.width + left, count = drawing.count();
        float* out[3] = {light.data() + at, light.data() + count + at, light.data() + 2 * count + at};
        float* full = filled.data() + at;
        float* noise = kept ? kept + at : nullptr;
        ROWS_DO_NOT_OVERLAP
        for (int x = 0; x < wide; ++x) {
            // Sums of many numbers: nothing may come out a little below 0, and full a little above 1.
            const float room = full[x] < 1.0f ? 1.0f - full[x] : 0.0f, there = share[x] > 0.0f ? share[x] : 0.0f;
            const float scale = there > room ? room / there : there > 0.0f ? 1.0f : 0.0f;
            out[0][x] += scale * red[x];
            out[1][x] += scale * green[x];
            out[2][x] += scale * blue[x];
            full[x] += scale * share[x];
            share[x] *= scale;
        }
        if (noise && noise_kept > 0.0f) {
            ROWS_DO_NOT_OVERLAP
            for (int x = 0; x < wide; ++x) noise[x] += noise_kept * share[x];
        }
    }
}

void lay_discs_under(const Discs& discs, float low, float high, Drawing& drawing, std::vector<float>& light,
                     const std::vector<float>& filled) {
    const std::size_t count = drawing.count(), width = static_cast<std::size_t>(drawing.width);
    for (int top = drawing.top; top < drawing.bottom; top += strip) {
        const int bottom = std::min(top + strip, drawing.bottom);
        if (!discs.draw(low, high, top, bottom, drawing.steps, drawing.discs)) continue;
        if (light.empty()) light.assign(3 * count, 0.0f);
        const std::size_t first = static_cast<std::size_t>(top - drawing.top) * width, some = (bottom - top) * width;
        for (int plane = 0; plane < 3; ++plane) {
            float* out = light.data() + plane * count + first;
            const float* disc = drawing.discs.data() + plane * some;
            const float* full = filled.data() + first;
            ROWS_DO_NOT_OVERLAP
            for (std::size_t i = 0; i < some; ++i) out[i] += (1.0f - full[i]) * disc[i];
        }
    }
}

void lay_focus(const LayerShare& in_focus, const BehindBand& band, Drawing& drawing) {
    const std::size_t count = drawing.count();
    for (int y = drawing.top; y < drawing.bottom; ++y) {
        const BehindRow row = band.row(y);
        const std::size_t at = static_cast<std::size_t>(y - drawing.top) * drawing.width;
        float* out[3] = {&drawing.behind[at], &drawing.behind[count + at], &drawing.behind[2 * count + at]};
        float* full = &drawing.filled[at];
        const LayerShare share_in_focus = in_focus;
        ROWS_DO_NOT_OVERLAP
        for (int x = 0; x < drawing.width; ++x) {
            const float share = row.share[x] > 0.0f ? share_in_focus.of(row.radius[x]) : 0.0f;
            const float scale = share / (row.share[x] > 0.0f ? row.share[x] : 1.0f);
            out[0][x] = scale * row.red[x];
            out[1][x] = scale * row.green[x];
            out[2][x] = scale * row.blue[x];
            full[x] = share;
        }
    }
}

}  // namespace nightjar
