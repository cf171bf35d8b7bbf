#include "assemble.hpp"

#include <stdexcept>
#include <string>
#include <utility>

#include "chroma_noise.hpp"
#include "colour.hpp"
#include "colour_fringes.hpp"
#include "demosaic.hpp"
#include "demosaic_colours.hpp"
#include "demosaic_green.hpp"
#include "highlights.hpp"
#include "luma_noise.hpp"
#include "sinks.hpp"
#include "sources.hpp"
#include "three_colour_fringes.hpp"
#include "tone.hpp"

namespace nightjar {

namespace {

template <typename Source, typename Value>
Chain chain_over(const Value* pixels, Kind kind, std::size_t height, std::size_t width) {
    if (height < 2 || width < 2) throw std::invalid_argument("the smallest picture is 2 x 2");
    const int rows = static_cast<int>(height), columns = static_cast<int>(width);
    return Chain([=](const Tile& tile) { return std::make_unique<Source>(pixels, tile); }, kind, rows, columns);
}

template <typename Value, typename Store>
void run_colour(const Chain& chain, Kind kind, Value* out, int threads, Store store) {
    expect(chain, kind, kind == Kind::rgb ? "a linear picture" : "a photo");
    chain.run(threads, [&](int y, int left, int columns, const Row& row) {
        store(row, columns, out + (static_cast<std::ptrdiff_t>(y) * chain.width() + left) * 3);
    });
}

std::shared_ptr<const ShadingGrid> shared_grid(ShadingGrid grid) {
    const std::size_t expected = 3 * static_cast<std::size_t>(grid.rows) * grid.columns;
    if (grid.rows < 2 || grid.columns < 2 || grid.gains.size() != expected) {
        throw std::invalid_argument("shading gains have shape (3, 2 or more, 2 or more)");
    }
    return std::make_shared<const ShadingGrid>(std::move(grid));
}

}  // namespace

Chain chain_over_raw(const std::uint16_t* pixels, std::size_t height, std::size_t width) {
    return chain_over<MosaicSource<std::uint16_t>>(pixels, Kind::bayer, height, width);
}

Chain chain_over_mosaic(const float* pixels, std::size_t height, std::size_t width) {
    return chain_over<MosaicSource<float>>(pixels, Kind::bayer, height, width);
}

Chain chain_over_linear(const float* pixels, std::size_t height, std::size_t width) {
    return chain_over<ColourSource<float>>(pixels, Kind::rgb, height, width);
}

Chain chain_over_colour_counts(const std::uint16_t* pixels, std::size_t height, std::size_t width) {
    return chain_over<ColourSource<std::uint16_t>>(pixels, Kind::rgb, height, width);
}

Chain chain_over_photo(const std::uint16_t* pixels, std::size_t height, std::size_t width) {
    return chain_over<ColourSource<std::uint16_t>>(pixels, Kind::display, height, width);
}

void add_uneven_noise(Chain& chain, NoisePlaces noise) {
    const auto places = [](int pixels) { return (pixels + place_pitch - 1) / place_pitch + 1; };
    if (noise.rows != places(chain.height()) || noise.columns != places(chain.width()) ||
        noise.times.size() != static_cast<std::size_t>(noise.rows) * noise.columns) {
        throw std::invalid_argument("uneven noise needs one number for each place of the picture");
    }
    chain.set_uneven_noise(std::make_shared<const NoisePlaces>(std::move(noise)));
}

void expect(const Chain& chain, Kind kind, const char* stage) {
    if (chain.kind() != kind) throw std::invalid_argument(std::string(stage) + " does not fit here in the chain");
}

void add_levels(Chain& chain, PerPosition black, PerPosition scale) {
    add<Levels>(chain, Kind::bayer, Kind::bayer, 0, "levels", black, scale);
}

void add_bad_pixels(Chain& chain, float hot, float contrast, float dead, float detail, float noise_shot,
                    float noise_read) {
    const BadPixelLimits limits{hot, contrast, dead, detail, noise_shot, noise_read};
    add<BadPixels>(chain, Kind::bayer, Kind::bayer, BadPixels::reach, "bad_pixels", limits);
}

void add_shading(Chain& chain, ShadingGrid grid, float blown) {
    expect(chain, Kind::rgb, "shading");
    const auto shared = shared_grid(std::move(grid));
    chain.add([=](Stages& stages) { stages.push_back(std::make_unique<Shading>(*stages.back(), *shared, blown)); },
              Kind::rgb, 0);
}

void add_white_balance(Chain& chain, PerPosition gains) {
    add<WhiteBalance>(chain, Kind::bayer, Kind::bayer, 0, "white_balance", gains);
}

void add_highlights(Chain& chain, std::array<float, 3> clip, std::array<float, 3> shares, int red_row, int red_column,
                    ShadingGrid lens) {
    expect(chain, Kind::bayer, "highlights");
    const auto shared = shared_grid(std::move(lens));
    const HighlightLimits limits{clip, shares[0], shares[1], shares[2]};
    chain.add(
        [=](Stages& stages) {
            stages.push_back(std::make_unique<Highlights>(*stages.back(), limits, red_row & 1, red_column & 1, *shared));
        },
        Kind::bayer, Highlights::reach);
}

void add_common_white(Chain& chain, float white) {
    add<CommonWhite>(chain, Kind::bayer, Kind::bayer, 0, "common_white", white);
}

void add_colour_levels(Chain& chain, PerColour black, PerColour scale) {
    add<ColourLevels>(chain, Kind::rgb, Kind::rgb, 0, "colour_levels", black, scale);
}

void add_colour_balance(Chain& chain, PerColour gains) {
    add<ColourBalance>(chain, Kind::rgb, Kind::rgb, 0, "colour_balance", gains);
}

void add_colour_highlights(Chain& chain, std::array<float, 3> clip, std::array<float, 3> shares, ShadingGrid lens) {
    expect(chain, Kind::rgb, "colour_highlights");
    const auto shared = shared_grid(std::move(lens));
    const HighlightLimits limits{clip, shares[0], shares[1], shares[2]};
    chain.add(
        [=](Stages& stages) {
            stages.push_back(std::make_unique<ColourHighlights>(*stages.back(), limits, *shared));
        },
        Kind::rgb, 0);
}

void add_colour_common_white(Chain& chain, float white) {
    add<ColourCommonWhite>(chain, Kind::rgb, Kind::rgb, 0, "colour_common_white", white);
}

void add_three_colour_fringes(Chain& chain, std::array<float, 3> excess, std::array<float, 2> axis) {
    add<ThreeColourFringes>(chain, Kind::rgb, Kind::rgb, ThreeColourFringes::reach, "three_colour_fringes", excess, axis);
}

void add_colour_fringes(Chain& chain, PerPosition excess, std::array<float, 2> axis) {
    add<ColourFringes>(chain, Kind::bayer, Kind::bayer, ColourFringes::reach, "colour_fringes", excess, axis);
}

void add_demosaic(Chain& chain, int red_row, int red_column) {
    add<Demosaic>(chain, Kind::bayer, Kind::rgb, Demosaic::reach, "demosaic", red_row & 1, red_column & 1);
}

void add_fine_demosaic(Chain& chain, int red_row, int red_column, float noise_shot, float noise_read) {
    expect(chain, Kind::bayer, "fine_demosaic");
    const RedAt red{red_row & 1, red_column & 1};
    const GreenNoise noise{noise_shot, noise_read};
    chain.add(
        [=](Stages& stages) {
            Rows& mosaic = *stages.back();
            const auto next = [&](auto stage) -> Rows& { return *stages.emplace_back(std::move(stage)); };
            Rows& across = next(std::make_unique<Differences>(mosaic, red, Differences::Along::row));
            Rows& down = next(std::make_unique<Differences>(mosaic, red, Differences::Along::column));
            Rows& trust = next(std::make_unique<Trust>(across, down, red));
            Rows& green = next(std::make_unique<Green>(mosaic, across, down, trust, red));
            Rows& evidence = next(std::make_unique<Evidence>(mosaic, green, red));
            Rows& slopes = next(std::make_unique<Slopes>(mosaic, green, evidence, red, noise));
            Rows& calm = next(std::make_unique<CalmSlopes>(slopes));
            next(std::make_unique<FineColours>(mosaic, green, calm, red));
        },
        Kind::rgb,
        Differences::reach + Trust::reach + Green::reach + Evidence::reach + Slopes::reach + CalmSlopes::reach +
            FineColours::reach);
}

void add_colour(Chain& chain, std::array<float, 9> matrix) {
    add<Colour>(chain, Kind::rgb, Kind::rgb, 0, "colour", matrix);
}

void add_local_tone(Chain& chain, LiftGrid grid) {
    expect(chain, Kind::rgb, "local_tone");
    const std::size_t expected = lift_levels * static_cast<std::size_t>(grid.rows) * grid.columns;
    if (grid.rows < 2 || grid.columns < 2 || grid.bends.size() != expected) {
        throw std::invalid_argument("the bends of local_tone have shape (levels, 2 or more, 2 or more)");
    }
    const auto shared = std::make_shared<const LiftGrid>(std::move(grid));
    chain.add([=](Stages& stages) { stages.push_back(std::make_unique<LocalTone>(*stages.back(), *shared)); }, Kind::rgb,
              0);
}

void add_tone(Chain& chain, const std::vector<float>& film, const std::vector<std::uint16_t>& codes) {
    expect(chain, Kind::rgb, "tone");
    if (film.size() != film_entries || codes.size() != tone_entries) {
        throw std::invalid_argument("a tone table has the wrong size");
    }
    const auto shared = std::make_shared<const ToneTables>(pack_tone_tables(film, codes));
    chain.add([=](Stages& stages) { stages.push_back(std::make_unique<Tone>(*stages.back(), *shared)); }, Kind::display,
              0);
}

void add_chroma_noise(Chain& chain, std::array<float, 4> differences, std::array<float, 4> colours,
                      std::array<float, 2> noise, float alike, std::array<float, 4> joining, std::vector<int> steps) {
    expect(chain, Kind::rgb, "chroma_noise");
    int cells = 1;
    for (const int step : steps) {
        if (step < 1 || 2 * step > margin) throw std::invalid_argument("chroma_noise looks 1 to 8 cells away");
        cells += 2 * step;
    }
    const ChromaAxes axes{differences, colours, noise};
    const JoinLimits limits{joining[0], joining[1], joining[2], joining[3]};
    chain.add(
        [=, uneven = chain.uneven_noise()](Stages& stages) {
            Rows& picture = *stages.back();
            stages.push_back(std::make_unique<HalfChroma>(picture, axes, uneven));
            for (const int step : steps) {
                stages.push_back(std::make_unique<SigmaAcross>(*stages.back(), step, alike));
                stages.push_back(std::make_unique<SigmaDown>(*stages.back(), step, alike));
            }
            stages.push_back(std::make_unique<ChromaJoin>(picture, *stages.back(), axes, limits, cells));
        },
        Kind::rgb, 2 * cells);
}

void add_luma_noise(Chain& chain, std::array<float, 3> weights, std::array<float, 2> noise, float pull, float grain,
                    float detail) {
    expect(chain, Kind::rgb, "luma_noise");
    const GrainLimits limits{weights, noise, pull, grain, detail};
    chain.add(
        [=, uneven = chain.uneven_noise()](Stages& stages) {
            Rows& picture = *stages.back();
            stages.push_back(std::make_unique<LumaMoments>(picture, limits));
            stages.push_back(std::make_unique<LumaNoise>(picture, *stages.back(), limits, uneven));
        },
        Kind::rgb, LumaMoments::reach);
}

void add_sharpen(Chain& chain, Sharpening sharpening) {
    expect(chain, Kind::display, "sharpen");
    const std::size_t taps = sharpening.taps.size();
    if (taps < 2 || taps > margin) throw std::invalid_argument("the blur reaches too far, or not at all");
    if (sharpening.sensitivity.size() != grain_steps) {
        throw std::invalid_argument("there is one sensitivity for each step of luma");
    }
    const PlaneGrid& calm = sharpening.calm;
    if (calm.rows < 2 || calm.columns < 2 || calm.values.size() != static_cast<std::size_t>(calm.rows) * calm.columns) {
        throw std::invalid_argument("calm has shape (2 or more, 2 or more)");
    }
    const auto shared = std::make_shared<const Sharpening>(std::move(sharpening));
    chain.add(
        [=, uneven = chain.uneven_noise()](Stages& stages) {
            Rows& picture = *stages.back();
            stages.push_back(std::make_unique<LumaAcross>(picture, *shared));
            Rows& across = *stages.back();
            stages.push_back(std::make_unique<LumaDown>(across, *shared));
            stages.push_back(std::make_unique<Sharpen>(picture, across, *stages.back(), *shared, uneven));
        },
        Kind::display, static_cast<int>(taps));  // the blur's reach, and one more for the neighbours
}

void run_mosaic(const Chain& chain, float* out, int threads) {
    expect(chain, Kind::bayer, "a mosaic");
    chain.run(threads, [&](int y, int left, int columns, const Row& row) {
        store_mosaic(row, columns, out + static_cast<std::ptrdiff_t>(y) * chain.width() + left);
    });
}

void run_linear(const Chain& chain, float* out, int threads) {
    run_colour(chain, Kind::rgb, out, threads, &store_colour<float>);
}

void run_sixteen_bit(const Chain& chain, std::uint16_t* out, int threads) {
    run_colour(chain, Kind::display, out, threads, &store_colour<std::uint16_t>);
}

void run_eight_bit(const Chain& chain, std::uint8_t* out, int threads) {
    run_colour(chain, Kind::display, out, threads, &store_eight_bit);
}

}  // namespace nightjar
