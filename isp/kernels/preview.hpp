// The preview: a whole picture in 16-bit whole numbers, in pieces on any number of threads.
#pragma once

#include <cstdint>

#include "preview_finish.hpp"

namespace nightjar {

struct Counts {
    const std::uint16_t* pixels;
    int height, width;
};

// Levels, shading, white balance, demosaic, matrix and tone; no noise filter, no sharpening.
// out      (height, width, 3) bytes
void preview_bare(const PreviewFacts& facts, const Counts& counts, std::uint8_t* out, int threads);

// With the noise filter and sharpening, to the same layout.
void preview_rgb(const PreviewFacts& facts, const Counts& counts, std::uint8_t* out, int threads);

// The same to planes of luma, blue and red difference, full range (JFIF), colour at half the resolution (rounded up).
void preview_yuv420(const PreviewFacts& facts, const Counts& counts, std::uint8_t* out, int threads);

}  // namespace nightjar
