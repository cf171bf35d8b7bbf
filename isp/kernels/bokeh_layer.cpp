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

// Whether a row with this range of radii has any of a layer. A share is greatest at the layer's own radius, and falls to
// both sides.
bool shows(const Layer& layer, std::pair<float, float> range) {
    const auto [least, most] = range;
    return least <= most && layer.share.of(std::clamp(layer.radius, least, most)) > 0.0f;
}

void fit(std::vector<float>& memory, std::size_t size) {
    if (memory.size() < size) memory.resize(size);
}

}  // namespace

void LayerBand::begin(const Layer& layer, int top, int bottom, int height, int width) {
    layer_ = &layer;
    reduction_ = layer.reduction;
    width_ = width;
    columns_ = (width + reduction_ - 1) / reduction_;
    shows_ = false;
    const int reach = layer.aperture.reach;
    out_top_ = cell_before(top, reduction_);
    out_bottom_ = cell_before(bottom - 1, reduction_) + 2;
    in_top_ = std::max(out_top_ - reach, 0);
    in_bottom_ = std::min(out_bottom_ + reach, (height + reduction_ - 1) / reduction_);
    sums_left_ = -reach - 3;
    sums_width_ = columns_ + 2 * reach + 8;
}

float* LayerBand::joined(int cell, int plane) {
    const std::size_t row = static_cast<std::size_t>(cell - in_top_) * planes + plane;
    return sums_.data() + row * sums_width_ + 1 - sums_left_;
}

void LayerBand::add(int y, const BehindRow& row, std::pair<float, float> range) {
    const int cell = y / reduction_, wide = columns_ * reduction_;
    if (cell < in_top_ || cell >= in_bottom_ || !shows(*layer_, range)) return;
    if (!shows_) {
        const std::size_t size = static_cast<std::size_t>(in_bottom_ - in_top_) * sums_width_ * planes;
        fit(sums_, size);
        std::fill(sums_.begin(), sums_.begin() + static_cast<std::ptrdiff_t>(size), 0.0f);
        added_.assign(static_cast<std::size_t>(wide) * planes, 0.0f);
    } else if (cell != cell_row_) {
        join();
    }
    shows_ = true;
    cell_row_ = cell;
    float *red = added_.data(), *green = red + wide, *blue = green + wide, *whole = blue + wide;
    const LayerShare share = layer_->share;
    ROWS_DO_NOT_OVERLAP
    for (int x = 0; x < width_; ++x) {
        const float part = share.of(row.radius[x]);
        red[x] += part * row.red[x];
        green[x] += part * row.green[x];
        blue[x] += part * row.blue[x];
        whole[x] += part * row.share[x];
    }
}

// What was added becomes a row of reduced pixels.
void LayerBand::join() {
    const int step = reduction_, wide = columns_ * step;
    const float scale = 1.0f / static_cast<float>(step * step);
    for (int plane = 0; plane < planes; ++plane) {
        const float* line = added_.data() + plane * wide;
        float* out = joined(cell_row_, plane);
        for (int x = 0; x < columns_; ++x) {
            float sum = 0.0f;
            for (int i = 0; i < step; ++i) sum += line[x * step + i];
            out[x] = sum * scale;
        }
    }
    std::fill(added_.begin(), added_.end(), 0.0f);
}

bool LayerBand::finish() {
    if (!shows_) return false;
    join();
    if (!find_columns()) return false;
    const int reach = layer_->aperture.reach;
    out_left_ = std::max(in_left_ - reach, -1);
    out_right_ = std::min(in_right_ + reach, columns_ + 1);
    left_ = std::max(out_left_ * reduction_, 0);
    right_ = std::min(out_right_ * reduction_, width_);
    sum_along_rows();
    blur();
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

bool LayerBand::find_columns() {
    in_left_ = columns_;
    in_right_ = 0;
    for (int cell = in_top_; cell < in_bottom_; ++cell) {
        const float* share = joined(cell, planes - 1);
        for (int x = 0; x < in_left_; ++x) {
            if (share[x] > 0.0f) in_left_ = x;
        }
        for (int x = columns_ - 1; x >= in_right_; --x) {
            if (share[x] > 0.0f) in_right_ = x + 1;
        }
    }
    return in_right_ > 0;
}

void LayerBand::sum_along_rows() {
    const int behind = sums_width_ + sums_left_ - 1;
    for (int cell = in_top_; cell < in_bottom_; ++cell) {
        for (int plane = 0; plane < planes; ++plane) {
            float* line = joined(cell, plane);
            float sum = 0.0f;
            for (int x = 0; x < behind; ++x) line[x] = sum += line[x];
        }
    }
}

void LayerBand::blur() {
    const int columns = out_right_ - out_left_, stride = columns + 2;
    fit(blurred_, static_cast<std::size_t>(out_bottom_ - out_top_) * stride * planes);
    const std::vector<Tap>& taps = layer_->aperture.taps;
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
