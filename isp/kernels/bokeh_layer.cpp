#include "bokeh_layer.hpp"

#include <algorithm>

#include "rows.hpp"

namespace nightjar {

namespace {

int floored(int value, int by) { return value >= 0 ? value / by : -((by - 1 - value) / by); }

// The reduced pixel whose middle lies at or before the middle of a pixel.
int cell_before(int pixel, int reduction) { return floored(2 * pixel + 1 - reduction, 2 * reduction); }

float part_after(int pixel, int reduction) {
    const int twice = 2 * pixel + 1 - reduction - 2 * reduction * cell_before(pixel, reduction);
    return static_cast<float>(twice) / static_cast<float>(2 * reduction);
}

// Whether a row has any of a layer. A share is greatest at the layer's own radius, and falls to both sides.
bool shows(const Layer& layer, const BehindBand& band, int y) {
    const auto [least, most] = band.radii[y - band.top];
    return least <= most && layer.share.of(std::clamp(layer.radius, least, most)) > 0.0f;
}

void fit(std::vector<float>& memory, std::size_t size) {
    if (memory.size() < size) memory.resize(size);
}

}  // namespace

bool LayerBand::make(const BehindBand& band, const Layer& layer, int top, int bottom, int height) {
    reduction_ = layer.reduction;
    width_ = band.width;
    if (!find_columns(band, layer)) return false;
    const int reach = layer.aperture.reach;
    out_top_ = cell_before(top, reduction_);
    out_bottom_ = cell_before(bottom - 1, reduction_) + 2;
    in_top_ = std::max(out_top_ - reach, 0);
    in_bottom_ = std::min(out_bottom_ + reach, (height + reduction_ - 1) / reduction_);
    in_left_ = first_column_ / reduction_;
    in_right_ = last_column_ / reduction_ + 1;
    out_left_ = std::max(in_left_ - reach, -1);
    out_right_ = std::min(in_right_ + reach, (width_ + reduction_ - 1) / reduction_ + 1);
    left_ = std::max(out_left_ * reduction_, 0);
    right_ = std::min(out_right_ * reduction_, width_);
    sums_left_ = out_left_ - reach - 2;
    sums_width_ = out_right_ - out_left_ + 2 * reach + 5;
    reduce(band, layer);
    blur(layer);
    // Outside of what was blurred there is nothing.
    cell_.resize(right_ - left_);
    part_.resize(right_ - left_);
    for (int x = left_; x < right_; ++x) {
        const int cell = cell_before(x, reduction_);
        cell_[x - left_] = cell - out_left_ + 1;
        part_[x - left_] = part_after(x, reduction_);
    }
    return true;
}

bool LayerBand::find_columns(const BehindBand& band, const Layer& layer) {
    first_column_ = width_;
    last_column_ = -1;
    for (int y = band.top; y < band.bottom; ++y) {
        if (!shows(layer, band, y)) continue;
        const BehindRow row = band.row(y);
        const auto counts = [&](int x) { return row.share[x] > 0.0f && layer.share.of(row.radius[x]) > 0.0f; };
        for (int x = 0; x < first_column_; ++x) {
            if (counts(x)) first_column_ = x;
        }
        for (int x = width_ - 1; x > last_column_; --x) {
            if (counts(x)) last_column_ = x;
        }
    }
    return last_column_ >= 0;
}

void LayerBand::reduce(const BehindBand& band, const Layer& layer) {
    const int columns = in_right_ - in_left_, step = reduction_;
    const int from = in_left_ * step, to = std::min(in_right_ * step, width_), wide = columns * step;
    fit(sums_, static_cast<std::size_t>(in_bottom_ - in_top_) * sums_width_ * planes);
    std::vector<float> added(static_cast<std::size_t>(wide) * planes), reduced(columns);
    const float scale = 1.0f / static_cast<float>(step * step);
    const LayerShare share = layer.share;
    for (int cell = in_top_; cell < in_bottom_; ++cell) {
        std::fill(added.begin(), added.end(), 0.0f);
        float *red = added.data(), *green = red + wide, *blue = green + wide, *whole = blue + wide;
        for (int y = std::max(cell * step, band.top); y < std::min((cell + 1) * step, band.bottom); ++y) {
            if (!shows(layer, band, y)) continue;
            const BehindRow row = band.row(y);
            ROWS_DO_NOT_OVERLAP
            for (int x = from; x < to; ++x) {
                const float part = share.of(row.radius[x]);
                red[x - from] += part * row.red[x];
                green[x - from] += part * row.green[x];
                blue[x - from] += part * row.blue[x];
                whole[x - from] += part * row.share[x];
            }
        }
        float* sums = sums_.data() + static_cast<std::size_t>(cell - in_top_) * sums_width_ * planes;
        for (int plane = 0; plane < planes; ++plane, sums += sums_width_) {
            const float* line = added.data() + plane * wide;
            for (int x = 0; x < columns; ++x) {
                float sum = 0.0f;
                for (int i = 0; i < step; ++i) sum += line[x * step + i];
                reduced[x] = sum * scale;
            }
            sum_along_row(reduced.data(), sums);
        }
    }
}

void LayerBand::sum_along_row(const float* line, float* sums) const {
    float sum = 0.0f;
    int at = 0;
    for (; at <= in_left_ - sums_left_; ++at) sums[at] = 0.0f;
    for (int x = 0; x < in_right_ - in_left_; ++x, ++at) sums[at] = sum += line[x];
    for (; at < sums_width_; ++at) sums[at] = sum;
}

void LayerBand::blur(const Layer& layer) {
    const int columns = out_right_ - out_left_, stride = columns + 2;
    fit(blurred_, static_cast<std::size_t>(out_bottom_ - out_top_) * stride * planes);
    const std::vector<Tap>& taps = layer.aperture.taps;
    for (int y = out_top_; y < out_bottom_; ++y) {
        for (int plane = 0; plane < planes; ++plane) {
            // Nothing lies beyond the ends.
            float* line = blurred_.data() + (static_cast<std::size_t>(y - out_top_) * planes + plane) * stride;
            std::fill(line, line + stride, 0.0f);
            float* out = line + 1;
            std::size_t first = 0;
            while (first < taps.size() && y - taps[first].row >= in_bottom_) ++first;
            const auto sums_of = [&](const Tap& tap) {
                const std::size_t row = static_cast<std::size_t>(y - tap.row - in_top_) * planes + plane;
                return sums_.data() + row * sums_width_ + (out_left_ - tap.column + 1 - sums_left_);
            };
            std::size_t last = first;
            while (last < taps.size() && y - taps[last].row >= in_top_) ++last;
            for (; first + 4 <= last; first += 4) {
                const float *one = sums_of(taps[first]), *two = sums_of(taps[first + 1]);
                const float *three = sums_of(taps[first + 2]), *four = sums_of(taps[first + 3]);
                const float a = taps[first].weight, b = taps[first + 1].weight;
                const float c = taps[first + 2].weight, d = taps[first + 3].weight;
                ROWS_DO_NOT_OVERLAP
                for (int x = 0; x < columns; ++x) out[x] += (a * one[x] + b * two[x]) + (c * three[x] + d * four[x]);
            }
            for (; first < last; ++first) {
                const float* one = sums_of(taps[first]);
                const float a = taps[first].weight;
                ROWS_DO_NOT_OVERLAP
                for (int x = 0; x < columns; ++x) out[x] += a * one[x];
            }
        }
    }
}

void LayerBand::row(int y, float* red, float* green, float* blue, float* share) const {
    const int stride = out_right_ - out_left_ + 2, cell = cell_before(y, reduction_);
    const float down = part_after(y, reduction_);
    std::vector<float> mixed(stride);
    const int* cells = cell_.data();
    const float* parts = part_.data();
    float* const out[planes] = {red, green, blue, share};
    for (int plane = 0; plane < planes; ++plane) {
        const float* upper = blurred_.data() + (static_cast<std::size_t>(cell - out_top_) * planes + plane) * stride;
        const float* lower = upper + static_cast<std::size_t>(planes) * stride;
        float* line = mixed.data();
        ROWS_DO_NOT_OVERLAP
        for (int x = 0; x < stride; ++x) line[x] = upper[x] + down * (lower[x] - upper[x]);
        float* target = out[plane];
        ROWS_DO_NOT_OVERLAP
        for (int x = 0; x < right_ - left_; ++x) {
            target[x] = line[cells[x]] + parts[x] * (line[cells[x] + 1] - line[cells[x]]);
        }
    }
}

}  // namespace nightjar
