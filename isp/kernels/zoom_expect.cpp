// How the fine picture is expected to be: as even as the plain one is around each pixel.
#include <algorithm>

#include "rows.hpp"
#include "zoom_tile.hpp"

namespace nightjar {

namespace {

constexpr int around = 3;  // fine pixels each way over which differences are averaged
// Differences of colours are expected to be at most so many times those of the calmest place so many fine pixels away:
// red and blue have few samples, and on the dark side of an edge their noise would pass for its detail.
constexpr int beside = 2;
constexpr float calm_times = 2.0f;

// Means over 7 x 7 fine pixels; near the tile's edge over those that are there.
void average_around(const float* from, float* work, float* out) {
    for (int y = 0; y < zoom_fine; ++y) {
        const float* in = from + static_cast<std::size_t>(y) * zoom_fine;
        float* to = work + static_cast<std::size_t>(y) * zoom_fine;
        ROWS_DO_NOT_OVERLAP
        for (int x = around; x < zoom_fine - around; ++x) {
            to[x] = (in[x] + (in[x - 1] + in[x + 1]) + (in[x - 2] + in[x + 2]) + (in[x - 3] + in[x + 3])) * (1.0f / 7.0f);
        }
        for (int x = 0; x < around; ++x) {
            to[x] = to[around];
            to[zoom_fine - 1 - x] = to[zoom_fine - 1 - around];
        }
    }
    for (int y = 0; y < zoom_fine; ++y) {
        const int middle = std::clamp(y, around, zoom_fine - 1 - around);
        const float* rows[7];
        for (int k = 0; k < 7; ++k) rows[k] = work + static_cast<std::size_t>(middle - around + k) * zoom_fine;
        float* to = out + static_cast<std::size_t>(y) * zoom_fine;
        ROWS_DO_NOT_OVERLAP
        for (int x = 0; x < zoom_fine; ++x) {
            to[x] = (rows[3][x] + (rows[2][x] + rows[4][x]) + (rows[1][x] + rows[5][x]) + (rows[0][x] + rows[6][x])) *
                    (1.0f / 7.0f);
        }
    }
}

// The least within `beside` fine pixels each way; near the tile's edge of those that are there.
void least_around(const float* from, float* work, float* out) {
    for (int y = 0; y < zoom_fine; ++y) {
        const float* in = from + static_cast<std::size_t>(y) * zoom_fine;
        float* to = work + static_cast<std::size_t>(y) * zoom_fine;
        std::copy(in, in + zoom_fine, to);
        for (int k = 1; k <= beside; ++k) {
            ROWS_DO_NOT_OVERLAP
            for (int x = 0; x < zoom_fine - k; ++x) to[x] = in[x + k] < to[x] ? in[x + k] : to[x];
            ROWS_DO_NOT_OVERLAP
            for (int x = k; x < zoom_fine; ++x) to[x] = in[x - k] < to[x] ? in[x - k] : to[x];
        }
    }
    for (int y = 0; y < zoom_fine; ++y) {
        float* to = out + static_cast<std::size_t>(y) * zoom_fine;
        std::copy(work + static_cast<std::size_t>(y) * zoom_fine, work + static_cast<std::size_t>(y + 1) * zoom_fine, to);
        for (int k = std::max(y - beside, 0); k <= std::min(y + beside, zoom_fine - 1); ++k) {
            const float* row = work + static_cast<std::size_t>(k) * zoom_fine;
            ROWS_DO_NOT_OVERLAP
            for (int x = 0; x < zoom_fine; ++x) to[x] = row[x] < to[x] ? row[x] : to[x];
        }
    }
}

}  // namespace

// How the picture may differ from pixel to pixel: as much as the plain one does around, beyond its noise.
void ZoomTile::expect(const ZoomFacts& facts) {
    const float *red = natural_[0].data(), *green = natural_[1].data(), *blue = natural_[2].data();
    float* grey = work_[0].data();
    ROWS_DO_NOT_OVERLAP
    for (std::size_t i = 0; i < fine_pixels; ++i) grey[i] = 0.25f * (red[i] + 2.0f * green[i] + blue[i]);
    const ZoomPrior& prior = facts.prior;
    std::vector<float>&squares = natural_[0], &summed = natural_[1], &light = natural_[2];
    average_around(grey, work_[1].data(), light.data());
    std::vector<float>& steep = work_[2];
    std::fill(steep.begin(), steep.end(), 0.0f);
    for (const bool across : {false, true}) {
        const std::size_t step = across ? 1 : zoom_fine;
        ROWS_DO_NOT_OVERLAP
        for (std::size_t i = 0; i < fine_pixels - step; ++i) {
            const float difference = grey[i + step] - grey[i];
            squares[i] = difference * difference;
        }
        for (std::size_t i = fine_pixels - step; i < fine_pixels; ++i) squares[i] = 0.0f;
        average_around(squares.data(), work_[1].data(), summed.data());
        float *weights = squares.data(), *differences = summed.data(), *slopes = steep.data();
        const float* around_light = light.data();
        // Even slopes are no texture: neighbours of a fold's shadow differ, and yet there is nothing fine.
        const std::size_t far = around * step;
        ROWS_DO_NOT_OVERLAP
        for (std::size_t i = far; i < fine_pixels - far; ++i) {
            const float slope = (around_light[i + far] - around_light[i - far]) * (1.0f / (2 * around));
            differences[i] -= slope * slope;
        }
        ROWS_DO_NOT_OVERLAP
        for (std::size_t i = 0; i < fine_pixels; ++i) {
            const float lit = around_light[i] > 0.0f ? around_light[i] : 0.0f;
            const float noise = facts.plain_shot * lit + facts.plain_read;
            const float told = differences[i] - prior.noise_share * noise;
            const float texture = told > 0.0f ? told : 0.0f;
            weights[i] = 1.0f / (texture + prior.light_least * lit + prior.noise_least * noise);
            // Per raw pixel each way: squared differences of fine pixels count four times, half of each way.
            slopes[i] += 2.0f * texture;
        }
        part_rows(squares, across ? across_ : down_);
        ROWS_DO_NOT_OVERLAP
        for (std::size_t i = 0; i < fine_pixels; ++i) {
            const float lit = around_light[i] > 0.0f ? around_light[i] : 0.0f;
            weights[i] *= prior.light_least * lit + prior.noise_least * (facts.plain_shot * lit + facts.plain_read);
        }
        part_rows(squares, across ? calm_across_ : calm_down_);
        least_around(summed.data(), work_[1].data(), squares.data());
        ROWS_DO_NOT_OVERLAP
        for (std::size_t i = 0; i < fine_pixels; ++i) {
            const float lit = around_light[i] > 0.0f ? around_light[i] : 0.0f;
            const float noise = facts.plain_shot * lit + facts.plain_read;
            const float calm = calm_times * weights[i] < differences[i] ? calm_times * weights[i] : differences[i];
            const float told = calm - prior.noise_share * noise;
            const float texture = told > 0.0f ? told : 0.0f;
            weights[i] = 1.0f / (texture + prior.light_least * lit + prior.noise_least * noise);
        }
        part_rows(squares, across ? colours_across_ : colours_down_);
    }
    part_rows(steep, steep_);
}

// Few samples tell texture badly from noise: neighbours are then expected to be more alike.
void ZoomTile::expect_less_of_few() {
    constexpr int half = zoom_side / 2;
    constexpr float enough = 6.0f;
    for (int y = 0; y < zoom_fine; ++y) {
        const float* behind = behind_.data() + static_cast<std::size_t>(y / zoom_phases) * half;
        for (int phase = 0; phase < zoom_phases; ++phase) {
            const std::size_t row = fine_at(y, phase, 0);
            float *down = down_.data() + row, *across = across_.data() + row;
            float *colours_down = colours_down_.data() + row, *colours_across = colours_across_.data() + row;
            ROWS_DO_NOT_OVERLAP
            for (int i = 0; i < zoom_quads; ++i) {
                const float at_least = behind[i] > 1.0f ? behind[i] : 1.0f;
                const float lacking = at_least < enough ? enough / at_least : 1.0f;
                down[i] *= lacking * lacking;
                across[i] *= lacking * lacking;
                colours_down[i] *= lacking * lacking;
                colours_across[i] *= lacking * lacking;
            }
        }
    }
}

}  // namespace nightjar
