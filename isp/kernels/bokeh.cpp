#include "bokeh.hpp"

#include <algorithm>
#include <cmath>

#include "bokeh_behind.hpp"
#include "bokeh_discs.hpp"
#include "bokeh_drawing.hpp"
#include "bokeh_edges.hpp"
#include "bokeh_rows.hpp"
#include "pieces.hpp"

namespace nightjar {

namespace {

// Rows of which layers are made at once: enough that those around them, which are read again, stay the smaller part.
constexpr int least_band = 128;
// Of these so many are laid together at once, to save memory.
constexpr int strip = 64;
constexpr int piece_of_search = 64;
constexpr int rows_of_grain = 32;
// Where so little of what is behind reaches, its place is taken by what is there.
constexpr float nearly_nothing = 1e-4f;
constexpr float pi = 3.14159274f;

// A pixel put together, and how much of its noise's power is left.
struct Laid {
    SubjectLight light;
    float kept;
};

// The subject over what is behind it, and what is before the plane of focus over both.
//   subject  its light in this pixel, of which it has a share
//   own      what the pixel itself shows beside the subject
Laid laid_over(const SubjectLight& subject, float share, const BehindRow& own, int x, const Drawing& drawing,
               std::size_t at, const LayerShare& in_focus) {
    const std::size_t count = drawing.count();
    const bool lit = !drawing.lights.empty(), is_behind = own.share[x] > 0.0f;
    const float covered = drawing.has_before ? drawing.covered[at] : 0.0f, rest = 1.0f - share;
    const float filled = drawing.filled[at], scale = 1.0f / std::max(filled, nearly_nothing);
    const float empty = std::max(nearly_nothing - filled, 0.0f);
    const float own_scale = is_behind ? empty / own.share[x] : 0.0f;
    const float own_light[3] = {own.red[x], own.green[x], own.blue[x]};
    Laid laid;
    for (int i = 0; i < 3; ++i) {
        const std::size_t here = i * count + at;
        const float near_light = covered > 0.0f ? drawing.before[here] : 0.0f;
        // Where nothing behind reaches, what is before goes on; else the pixel stays as it is.
        const float instead = covered > 0.0f ? empty * near_light / covered : own_scale * own_light[i];
        const float behind = (drawing.behind[here] + instead) * scale + (lit ? drawing.lights[here] : 0.0f);
        laid.light[i] = near_light + (1.0f - covered) * (subject[i] + rest * behind);
    }
    const float identical = is_behind ? in_focus.of(own.radius[x]) * scale : 0.0f;
    const float sharp = (1.0f - covered) * (share + rest * identical);
    laid.kept = sharp * sharp + (1.0f - sharp * sharp) * drawing.kept[at] * scale;
    return laid;
}

void finish_row(const BokehFacts& facts, const FocusPicture& picture, const EdgeColours& edges, const BehindRow& own,
                const Drawing& drawing, const GrainBand& grain, const float* times, int y, float* out) {
    const std::size_t start = static_cast<std::size_t>(y - drawing.top) * drawing.width;
    const float* pixel = picture.row(y);
    const std::uint8_t* mask = picture.subject_row(y);
    for (int x = 0; x < drawing.width; ++x, pixel += 3, out += 3) {
        const int subject = mask ? mask[x] : 0;
        SubjectLight light{};
        if (subject == 255) light = {pixel[0], pixel[1], pixel[2]};
        else if (subject > 0) light = edges.subject_light(y, x, pixel, static_cast<float>(subject) / 255.0f);
        if (subject == 255 && !(drawing.has_before && drawing.covered[start + x] > 0.0f)) {
            for (int i = 0; i < 3; ++i) out[i] = light[i];
            continue;
        }
        const float share = static_cast<float>(subject) / 255.0f;
        const Laid laid = laid_over(light, share, own, x, drawing, start + x, facts.in_focus);
        const float missing = facts.grain.amount * times[x] * std::sqrt(std::max(1.0f - laid.kept, 0.0f));
        for (int i = 0; i < 3; ++i) {
            out[i] = laid.light[i];
            if (missing == 0.0f) continue;
            const float variance = facts.grain.noise[i][0] * laid.light[i] + facts.grain.noise[i][1];
            out[i] += missing * std::sqrt(std::max(variance, 0.0f)) * grain.row(i, y)[x];
        }
    }
}

struct Workspace {
    BehindBand band, far;            // rows where each pixel counts, and one further away
    std::vector<LayerBand> reduced;  // of the whole band: they are small
    std::vector<char> shows;
    LayerBand layer;                 // that has every pixel, of a strip
    Drawing drawing;
    GrainBand grain;
    std::vector<float> times;
};

// Radius of the layer after this one, as long as there is one.
float next_radius(const std::vector<Layer>& layers, std::size_t index) {
    return index + 1 < layers.size() ? layers[index + 1].radius : layers[index].radius * 2.0f;
}

std::vector<const Layer*> all_layers(const BokehFacts& facts) {
    std::vector<const Layer*> layers;
    for (const Layer& layer : facts.before) layers.push_back(&layer);
    for (const Layer& layer : facts.behind) layers.push_back(&layer);
    return layers;
}

// Rows around a band that its layers need: all of them, or those that have every pixel.
int rows_around(const std::vector<const Layer*>& layers, bool every_pixel) {
    int rows = 0;
    for (const Layer* layer : layers) {
        if (layer->reduction == 1 || !every_pixel) rows = std::max(rows, (layer->aperture.reach + 2) * layer->reduction);
    }
    return rows;
}

// Reads a band of rows and what lies around it, once, into the reduced layers.
//   read  the picture's rows as they were
void read_band(const std::vector<const Layer*>& layers, const FocusPicture& picture, const Behind& behind,
               const UndrawnRows::Reading& read, int top, int bottom, Workspace& work) {
    const int near = rows_around(layers, true), around = rows_around(layers, false), height = picture.height;
    work.band.begin(std::max(top - near, 0), std::min(bottom + near, height), picture.width);
    work.far.begin(0, 1, picture.width);
    work.reduced.resize(layers.size());
    work.shows.assign(layers.size(), 0);
    for (std::size_t i = 0; i < layers.size(); ++i) work.reduced[i].begin(*layers[i], top, bottom, height, picture.width);
    for (int y = std::max(top - around, 0); y < std::min(bottom + around, height); ++y) {
        const bool is_near = y >= work.band.top && y < work.band.bottom;
        const BehindRow row = is_near ? work.band.row(y) : work.far.row(0);
        const std::pair<float, float> range = behind.fill(y, read.row(y), row);
        if (is_near) work.band.radii[y - work.band.top] = range;
        for (std::size_t i = 0; i < layers.size(); ++i) {
            if (layers[i]->reduction > 1) work.reduced[i].add(y, row, range);
        }
    }
    for (std::size_t i = 0; i < layers.size(); ++i) {
        if (layers[i]->reduction > 1) work.shows[i] = work.reduced[i].finish();
    }
}

// A layer of the strip that is drawn; nullptr where there is nothing of it.
const LayerBand* layer_of_strip(const Layer& layer, std::size_t index, int height, Workspace& work) {
    if (layer.reduction > 1) return work.shows[index] ? &work.reduced[index] : nullptr;
    work.layer.begin(layer, work.drawing.top, work.drawing.bottom, height, work.drawing.width);
    for (int y = work.band.top; y < work.band.bottom; ++y) {
        work.layer.add(y, work.band.row(y), work.band.radii[y - work.band.top]);
    }
    return work.layer.finish() ? &work.layer : nullptr;
}

void draw_strip(const BokehFacts& facts, const Discs& discs, int height, Workspace& work) {
    Drawing& drawing = work.drawing;
    for (std::size_t i = 0; i < facts.before.size(); ++i) {
        // Towards the camera: discs up to the next nearer layer, the nearest without end.
        const float low = i > 0 ? facts.before[i - 1].radius : 2.0f * facts.before[i].radius;
        lay_discs_under(discs, low, facts.before[i].radius, drawing, drawing.before, drawing.covered);
        if (const LayerBand* layer = layer_of_strip(facts.before[i], i, height, work)) {
            lay_under(*layer, 0.0f, drawing, drawing.before, drawing.covered, nullptr);
        }
    }
    lay_focus(facts.in_focus, work.band, drawing);
    for (std::size_t i = 0; i < facts.behind.size(); ++i) {
        const Layer& layer = facts.behind[i];
        lay_discs_under(discs, i > 0 ? layer.radius : 0.0f, next_radius(facts.behind, i), drawing, drawing.lights,
                        drawing.filled);
        const float noise_kept = std::min(1.0f, 1.0f / (pi * layer.radius * layer.radius));
        if (const LayerBand* drawn = layer_of_strip(layer, facts.before.size() + i, height, work)) {
            lay_under(*drawn, noise_kept, drawing, drawing.behind, drawing.filled, drawing.kept.data());
        }
    }
}

std::vector<Light> find_lights(const Behind& behind, int height, int threads) {
    const int pieces = (height + piece_of_search - 1) / piece_of_search;
    std::vector<std::vector<Light>> found(pieces);
    run_pieces(threads, pieces, [&](int, int piece) {
        behind.find_lights(piece * piece_of_search, std::min((piece + 1) * piece_of_search, height), found[piece]);
    });
    std::vector<Light> all;
    for (const std::vector<Light>& some : found) all.insert(all.end(), some.begin(), some.end());
    return all;
}

}  // namespace

void BokehFacts::add_layer(float radius, int reduction, float reduced, LayerShare share) {
    Layer layer{radius, reduction, share, aperture_of(reduced, sides, 0.0f, 0.0f, radius < 0.0f)};
    if (radius < 0.0f) before.insert(before.begin(), std::move(layer));
    else behind.push_back(std::move(layer));
}

void draw_bokeh(const BokehFacts& facts, const FocusPicture& picture, const BokehMaps& maps, float* out, int threads) {
    const int wanted = threads_for(threads), height = picture.height, width = picture.width;
    LightLimits limits(picture, facts.lights, wanted);
    const EdgeColours edges(picture, limits, wanted);
    const Behind behind(picture, maps.radius, edges, limits, facts.lights);
    std::vector<Light> lights = find_lights(behind, height, wanted);
    while (static_cast<int>(lights.size()) > facts.lights.most) {
        limits.raise(2.0f * limits.level());
        lights = find_lights(behind, height, wanted);
    }
    const Discs discs(std::move(lights), facts.sides, facts.cat_eye, height, width);
    const std::vector<const Layer*> layers = all_layers(facts);
    const int around = rows_around(layers, false), band = std::max(least_band, around);
    UndrawnRows rows(picture, out, band, around);
    std::vector<Workspace> workspaces(std::min(wanted, rows.bands()));
    run_pieces(wanted, rows.bands(), [&](int thread, int piece) {
        Workspace& work = workspaces[thread];
        const int first = piece * band, last = std::min(first + band, height);
        read_band(layers, picture, behind, UndrawnRows::Reading(rows, piece), first, last, work);
        rows.wait_to_draw(piece);
        work.times.resize(width);
        for (int top = first; top < last; top += strip) {
            const int bottom = std::min(top + strip, last);
            begin(work.drawing, top, bottom, width, !facts.before.empty());
            draw_strip(facts, discs, height, work);
            for (int y = top; y < bottom; ++y) {
                if ((y - top) % rows_of_grain == 0) {
                    work.grain.make(facts.grain, y, std::min(y + rows_of_grain, bottom), width);
                }
                maps.grain.row(y, work.times.data());
                finish_row(facts, picture, edges, work.band.row(y), work.drawing, work.grain, work.times.data(), y,
                           out + static_cast<std::int64_t>(y) * width * 3);
            }
        }
    });
}

}  // namespace nightjar
