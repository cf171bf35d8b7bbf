// Where a chain begins: an array of the caller's, never written to. Rows are copied first, because camera buffers can
// be uncached and must be read once, in order.
#pragma once

#include <cstdint>

#include "rows.hpp"

namespace nightjar {

// (height, width) counts or linear values, split into even and odd columns.
template <typename Value>
class MosaicSource final : public Rows {
public:
    MosaicSource(const Value* pixels, const Tile& tile) : Rows(Kind::bayer, tile), pixels_(pixels + tile.left) {}

protected:
    void make(int y, const MutableRow& out) override {
        const Value* __restrict in = pixels_ + static_cast<std::ptrdiff_t>(y) * tile.picture_width;
        float* __restrict even = out.plane[0];
        float* __restrict odd = out.plane[1];
        const int pairs = width / 2;
        for (int i = 0; i < pairs; ++i) {
            even[i] = static_cast<float>(in[2 * i]);
            odd[i] = static_cast<float>(in[2 * i + 1]);
        }
        if (width & 1) even[pairs] = static_cast<float>(in[width - 1]);
    }

private:
    const Value* pixels_;
};

// (height, width, 3), split into planes.
template <typename Value>
class ColourSource final : public Rows {
public:
    ColourSource(const Value* pixels, const Tile& tile) : Rows(Kind::rgb, tile), pixels_(pixels + 3 * tile.left) {}

protected:
    void make(int y, const MutableRow& out) override {
        const Value* __restrict in = pixels_ + static_cast<std::ptrdiff_t>(y) * tile.picture_width * 3;
        float* __restrict red = out.plane[0];
        float* __restrict green = out.plane[1];
        float* __restrict blue = out.plane[2];
        for (int x = 0; x < width; ++x) {
            red[x] = static_cast<float>(in[3 * x]);
            green[x] = static_cast<float>(in[3 * x + 1]);
            blue[x] = static_cast<float>(in[3 * x + 2]);
        }
    }

private:
    const Value* pixels_;
};

}  // namespace nightjar
