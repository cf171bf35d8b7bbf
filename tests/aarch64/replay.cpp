// Runs written-down chains of stages on this machine's kernels: what another processor makes of the camera's own recipe.
//
// Standard input has a line for each call that the Python stages made on their chain, in their order:
//     over_raw HEIGHT WIDTH FILE        (or over_mosaic, over_colour_counts ...)   begins a chain over an array
//     levels ARGUMENT ARGUMENT          a stage; an argument is its number of dimensions, its shape, its numbers
//     preview RED_ROW RED_COLUMN HEIGHT WIDTH FILE       begins a preview; what follows is for it, until it is run
//     burst KERNEL ARRAY ... ARGUMENT ... THREADS        a kernel that aligns or merges a burst (replay_burst.hpp)
//     resample KIND KIND ARRAY ... THREADS               a picture at another size (replay_resample.hpp)
//     zoom ARGUMENT ... ARRAY ... THREADS                the measured zoom of a burst (replay_zoom.hpp)
//     run_eight_bit THREADS FILE        (or run_mosaic, run_linear, run_sixteen_bit)   writes the picture
// Arrays are files of plain numbers in this machine's byte order.
#include <fstream>
#include <functional>
#include <iostream>
#include <map>
#include <optional>
#include <sstream>
#include <stdexcept>
#include <string>
#include <tuple>
#include <type_traits>

#include "arguments.hpp"
#include "assemble.hpp"
#include "replay_bokeh.hpp"
#include "replay_burst.hpp"
#include "replay_preview.hpp"
#include "replay_resample.hpp"
#include "replay_zoom.hpp"

using namespace nightjar;

namespace {

using AddStage = std::function<void(Chain&, std::istream&)>;

template <typename... Arguments>
AddStage stage(void (*add_stage)(Chain&, Arguments...)) {
    return [add_stage](Chain& chain, std::istream& line) {
        // Braces read from left to right.
        const std::tuple<std::decay_t<Arguments>...> read{As<std::decay_t<Arguments>>::from(read_argument(line))...};
        std::apply([&](const auto&... values) { add_stage(chain, values...); }, read);
    };
}

ShadingGrid read_grid(std::istream& line) {
    const Argument gains = read_argument(line);
    const auto window = As<std::array<float, 4>>::from(read_argument(line));
    const int rows = static_cast<int>(gains.shape.at(1)), columns = static_cast<int>(gains.shape.at(2));
    return {As<std::vector<float>>::from(gains), rows, columns, window};
}

void shading(Chain& chain, std::istream& line) {
    ShadingGrid grid = read_grid(line);
    add_shading(chain, std::move(grid), As<float>::from(read_argument(line)));
}

void highlights(Chain& chain, std::istream& line) {
    const auto clip = As<std::array<float, 3>>::from(read_argument(line));
    const auto shares = As<std::array<float, 3>>::from(read_argument(line));
    const int red_row = As<int>::from(read_argument(line)), red_column = As<int>::from(read_argument(line));
    add_highlights(chain, clip, shares, red_row, red_column, read_grid(line));
}

void colour_highlights(Chain& chain, std::istream& line) {
    const auto clip = As<std::array<float, 3>>::from(read_argument(line));
    const auto shares = As<std::array<float, 3>>::from(read_argument(line));
    add_colour_highlights(chain, clip, shares, read_grid(line));
}

void local_tone(Chain& chain, std::istream& line) {
    const Argument bends = read_argument(line);
    const auto from_ev = As<float>::from(read_argument(line));
    const int rows = static_cast<int>(bends.shape.at(1)), columns = static_cast<int>(bends.shape.at(2));
    add_local_tone(chain, {As<std::vector<float>>::from(bends), rows, columns, from_ev});
}

void uneven_noise(Chain& chain, std::istream& line) {
    const Argument times = read_argument(line);
    const int rows = static_cast<int>(times.shape.at(0)), columns = static_cast<int>(times.shape.at(1));
    add_uneven_noise(chain, {As<std::vector<float>>::from(times), rows, columns});
}

void sharpen(Chain& chain, std::istream& line) {
    Sharpening sharpening;
    sharpening.taps = As<std::vector<float>>::from(read_argument(line));
    sharpening.amount = As<float>::from(read_argument(line));
    sharpening.sensitivity = As<std::vector<float>>::from(read_argument(line));
    sharpening.closed = As<float>::from(read_argument(line));
    sharpening.beyond = As<float>::from(read_argument(line));
    const Argument calm = read_argument(line);
    const int rows = static_cast<int>(calm.shape.at(0)), columns = static_cast<int>(calm.shape.at(1));
    sharpening.calm = {As<std::vector<float>>::from(calm), rows, columns,
                       As<std::array<float, 4>>::from(read_argument(line))};
    add_sharpen(chain, sharpening);
}

// One line for each method of Python's Chain.
const std::map<std::string, AddStage> stages = {
    {"uneven_noise", &uneven_noise},
    {"levels", stage(&add_levels)},
    {"bad_pixels", stage(&add_bad_pixels)},
    {"shading", &shading},
    {"white_balance", stage(&add_white_balance)},
    {"highlights", &highlights},
    {"common_white", stage(&add_common_white)},
    {"colour_levels", stage(&add_colour_levels)},
    {"colour_balance", stage(&add_colour_balance)},
    {"colour_highlights", &colour_highlights},
    {"colour_common_white", stage(&add_colour_common_white)},
    {"three_colour_fringes", stage(&add_three_colour_fringes)},
    {"colour_fringes", stage(&add_colour_fringes)},
    {"demosaic", stage(&add_demosaic)},
    {"fine_demosaic", stage(&add_fine_demosaic)},
    {"colour", stage(&add_colour)},
    {"local_tone", &local_tone},
    {"tone", stage(&add_tone)},
    {"chroma_noise", stage(&add_chroma_noise)},
    {"luma_noise", stage(&add_luma_noise)},
    {"sharpen", &sharpen},
};

// A chain and the pixels it reads.
struct Job {
    std::vector<std::uint16_t> counts;
    std::vector<float> values;
    std::optional<Chain> chain;
    std::optional<PreviewReplay> preview;
    BurstReplay burst;
    BokehReplay bokeh;
};

template <typename Value>
const Value* load(std::vector<Value>& pixels, const std::string& path, std::size_t count) {
    pixels.resize(count);
    std::ifstream file(path, std::ios::binary);
    file.read(reinterpret_cast<char*>(pixels.data()), static_cast<std::streamsize>(count * sizeof(Value)));
    if (!file || file.peek() != EOF) throw std::runtime_error(path + " has another size than the picture");
    return pixels.data();
}

void begin(Job& job, const std::string& method, std::istream& line) {
    std::size_t height = 0, width = 0;
    std::string path;
    line >> height >> width >> path;
    const std::size_t pixels = height * width;
    if (method == "over_raw") job.chain = chain_over_raw(load(job.counts, path, pixels), height, width);
    else if (method == "over_mosaic") job.chain = chain_over_mosaic(load(job.values, path, pixels), height, width);
    else if (method == "over_linear") job.chain = chain_over_linear(load(job.values, path, 3 * pixels), height, width);
    else if (method == "over_colour_counts") {
        job.chain = chain_over_colour_counts(load(job.counts, path, 3 * pixels), height, width);
    } else if (method == "over_photo") job.chain = chain_over_photo(load(job.counts, path, 3 * pixels), height, width);
    else throw std::runtime_error("a chain cannot begin with " + method);
}

template <typename Value>
void run(const Job& job, void (*into)(const Chain&, Value*, int), int channels, std::istream& line) {
    int threads = 0;
    std::string path;
    line >> threads >> path;
    std::vector<Value> pixels(static_cast<std::size_t>(job.chain->height()) * job.chain->width() * channels);
    into(*job.chain, pixels.data(), threads);
    std::ofstream file(path, std::ios::binary);
    file.write(reinterpret_cast<const char*>(pixels.data()), static_cast<std::streamsize>(pixels.size() * sizeof(Value)));
    if (!file.flush()) throw std::runtime_error(path + " cannot be written");
}

void begin_preview(Job& job, std::istream& line) {
    int red_row = 0, red_column = 0;
    std::size_t height = 0, width = 0;
    std::string path;
    line >> red_row >> red_column >> height >> width >> path;
    const std::uint16_t* pixels = load(job.counts, path, height * width);
    job.preview.emplace(red_row, red_column, Counts{pixels, static_cast<int>(height), static_cast<int>(width)});
}

void follow(Job& job, const std::string& method, std::istream& line) {
    if (method == "preview") return begin_preview(job, line);
    if (method == "burst") return job.burst.follow(line);
    if (method == "bokeh") return job.bokeh.follow(line);
    if (method == "resample") return ResampleReplay::follow(line);
    if (method == "zoom") return ZoomReplay::follow(line);
    if (job.preview) {
        if (job.preview->follow(method, line)) job.preview.reset();
        return;
    }
    if (method.rfind("over_", 0) == 0) return begin(job, method, line);
    if (!job.chain) throw std::runtime_error("there is no chain yet for " + method);
    if (method == "run_mosaic") return run(job, &run_mosaic, 1, line);
    if (method == "run_linear") return run(job, &run_linear, 3, line);
    if (method == "run_sixteen_bit") return run(job, &run_sixteen_bit, 3, line);
    if (method == "run_eight_bit") return run(job, &run_eight_bit, 3, line);
    const auto known = stages.find(method);
    if (known == stages.end()) throw std::runtime_error(method + " is not in the table of stages: add it to replay.cpp");
    known->second(*job.chain, line);
}

}  // namespace

int main() {
    Job job;
    std::string text;
    try {
        while (std::getline(std::cin, text)) {
            std::istringstream line(text);
            std::string method;
            line >> method;
            follow(job, method, line);
        }
    } catch (const std::exception& failure) {
        std::cerr << text.substr(0, 60) << ": " << failure.what() << "\n";
        return 1;
    }
    return 0;
}
