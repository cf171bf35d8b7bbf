#include "colour.hpp"

namespace nightjar {

Colour::Colour(Rows& input, std::array<float, 9> matrix)
    : Rows(Kind::rgb, input.tile), input_(input), matrix_(matrix) {}

void Colour::make(int y, const MutableRow& out) {
    const Row in = input_.row(y);
    const float* __restrict red = in.plane[0];
    const float* __restrict green = in.plane[1];
    const float* __restrict blue = in.plane[2];
    for (int channel = 0; channel < 3; ++channel) {
        const float from_red = matrix_[3 * channel], from_green = matrix_[3 * channel + 1];
        const float from_blue = matrix_[3 * channel + 2];
        float* __restrict to = out.plane[channel];
        ROWS_DO_NOT_OVERLAP
        for (int x = 0; x < width; ++x) {
            const float matched = from_red * red[x] + from_green * green[x] + from_blue * blue[x];
            // Below black in all three colours is black; the matrix, which subtracts, would make a colour of it.
            const bool lit = (red[x] > 0.0f) | (green[x] > 0.0f) | (blue[x] > 0.0f);
            to[x] = lit ? matched : 0.0f;
        }
    }
}

}  // namespace nightjar
