// The calls that a burst makes on the kernels that align and merge it, one a line, each complete in itself:
//     burst match_tiles ARRAY ARRAY ... ARGUMENT ... THREADS
// An array is its number of dimensions, its shape and a file; what a kernel writes into it goes to
// FILE.made in the folder where the program runs.
#pragma once

#include <cstdint>
#include <cstring>
#include <fstream>
#include <string>
#include <vector>

#include "align_observe.hpp"
#include "align_tiles.hpp"
#include "arguments.hpp"
#include "merge.hpp"
#include "refine_grey.hpp"
#include "refine_tiles.hpp"

template <typename Value>
struct ArrayFile {
    std::vector<int> shape;
    std::vector<Value> values;
    std::string path;

    explicit ArrayFile(std::istream& line) {
        std::size_t dimensions = 0, count = 1;
        line >> dimensions;
        shape.resize(dimensions);
        for (int& length : shape) {
            line >> length;
            count *= static_cast<std::size_t>(length);
        }
        line >> path;
        values.resize(count);
        std::ifstream file(path, std::ios::binary);
        file.read(reinterpret_cast<char*>(values.data()), bytes());
        if (!line || !file || file.peek() != EOF) throw std::runtime_error(path + " has another size than the array");
    }

    Value* data() { return values.data(); }

    void write() const {
        std::ofstream file(path.substr(path.rfind('/') + 1) + ".made", std::ios::binary);
        file.write(reinterpret_cast<const char*>(values.data()), bytes());
        if (!file.flush()) throw std::runtime_error(path + " cannot be written");
    }

private:
    std::streamsize bytes() const { return static_cast<std::streamsize>(values.size() * sizeof(Value)); }
};

class BurstReplay {
public:
    void follow(std::istream& line) {
        std::string kernel;
        line >> kernel;
        if (kernel == "grey_of_quads") return grey_of_quads(line);
        if (kernel == "soften_grey") return soften_grey(line);
        if (kernel == "shrink_grey") return shrink_grey(line);
        if (kernel == "slope_energy") return slope_energy(line);
        if (kernel == "match_tiles") return match_tiles(line);
        if (kernel == "agree_with_neighbours") return agree_with_neighbours(line);
        if (kernel == "observe_tiles") return observe_tiles(line);
        if (kernel == "settle_tiles") return settle_tiles(line);
        if (kernel == "fine_grey") return fine_grey(line);
        if (kernel == "fine_tiles") return fine_tiles(line);
        if (kernel == "merge_facts") return merge_facts(line);
        if (kernel == "bad_pixels") return bad_pixels(line);
        if (kernel == "add_frame") return add_frame(line);
        if (kernel == "write_merged") return write_merged(line);
        throw std::runtime_error("a burst has no kernel " + kernel + ": add it to replay_burst.hpp");
    }

private:
    using Bytes = ArrayFile<std::uint8_t>;
    using Counts = ArrayFile<std::uint16_t>;
    using Vectors = ArrayFile<std::int16_t>;
    using Doubles = ArrayFile<double>;
    using Floats = ArrayFile<float>;

    template <typename Value>
    static Value next(std::istream& line) {
        return As<Value>::from(read_argument(line));
    }

    static nightjar::Grey grey(Bytes& array) { return {array.data(), array.shape.at(0), array.shape.at(1)}; }

    static nightjar::TileGrid grid(const Vectors& array) { return {array.shape.at(0), array.shape.at(1)}; }

    static nightjar::Counts16 counts(Counts& array) { return {array.data(), array.shape.at(0), array.shape.at(1)}; }

    static nightjar::Hand next_hand(std::istream& line) {
        const auto hand = next<std::array<double, 5>>(line);
        return {hand[0], hand[1], hand[2], hand[3], hand[4]};
    }

    // `strays` must live as long as what is returned.
    static nightjar::Expected next_expected(Doubles& strays, std::istream& line) {
        const int factor = next<int>(line);
        return {strays.data(), strays.shape.at(1), strays.shape.at(2), factor, next_hand(line)};
    }

    void grey_of_quads(std::istream& line) {
        Counts mosaic(line);
        Bytes codes(line);
        const int shift = next<int>(line);
        Bytes out(line);
        nightjar::grey_of_quads(mosaic.data(), mosaic.shape.at(1), {codes.values, shift}, out.shape.at(0),
                                out.shape.at(1), out.data(), next<int>(line));
        out.write();
    }

    void soften_grey(std::istream& line) {
        Bytes from(line), out(line);
        nightjar::soften_grey(grey(from), out.data(), next<int>(line));
        out.write();
    }

    void shrink_grey(std::istream& line) {
        Bytes from(line);
        const int factor = next<int>(line);
        Bytes out(line);
        nightjar::shrink_grey(grey(from), factor, out.data(), next<int>(line));
        out.write();
    }

    void slope_energy(std::istream& line) {
        Bytes from(line);
        ArrayFile<std::int64_t> out(line);
        out.values.at(0) = nightjar::slope_energy(grey(from), next<int>(line));
        out.write();
    }

    void match_tiles(std::istream& line) {
        Bytes reference(line), frame(line);
        Doubles strays(line);
        const nightjar::Expected expected = next_expected(strays, line);
        const auto search = next<std::array<int, 5>>(line);
        Vectors vectors(line), windows(line);
        nightjar::match_tiles({grey(reference), grey(frame)}, grid(vectors), expected,
                              {search[0], search[1], search[2], search[3], search[4]},
                              {vectors.data(), windows.data()}, next<int>(line));
        vectors.write();
        windows.write();
    }

    void agree_with_neighbours(std::istream& line) {
        Bytes reference(line), frame(line);
        const int apart = next<int>(line), most = next<int>(line);
        Vectors vectors(line), windows(line), out(line);
        nightjar::agree_with_neighbours({grey(reference), grey(frame)}, grid(vectors), apart, most,
                                        {vectors.data(), windows.data()}, out.data(), next<int>(line));
        out.write();
    }

    void observe_tiles(std::istream& line) {
        Bytes reference(line), frame(line);
        Vectors vectors(line), windows(line);
        const nightjar::Hand hand = next_hand(line);
        const auto noise = next<std::array<double, 8>>(line);
        Doubles seen(line), trust(line);
        Bytes textured(line), explained(line);
        nightjar::observe_tiles(
            {grey(reference), grey(frame)}, grid(vectors), {vectors.data(), windows.data()}, hand,
            {noise[0], noise[1], noise[2], noise[3], noise[4], noise[5], noise[6], noise[7]},
            {seen.data(), trust.data(), textured.data(), explained.data()}, next<int>(line));
        seen.write();
        trust.write();
        textured.write();
        explained.write();
    }

    void settle_tiles(std::istream& line) {
        Doubles vectors(line), trust(line);
        Vectors windows(line);
        Doubles coarser(line);
        const nightjar::Expected expected = next_expected(coarser, line);
        const nightjar::Hand hand = next_hand(line);
        const auto smoothness = next<std::array<double, 3>>(line);
        const int rounds = next<int>(line);
        Doubles out(line);
        nightjar::settle_tiles(grid(windows), vectors.data(), trust.data(), windows.data(), expected, hand,
                               {smoothness[0], smoothness[1], smoothness[2], rounds}, out.data(), next<int>(line));
        out.write();
    }

    void fine_grey(std::istream& line) {
        Counts mosaic(line);
        const auto gains = next<std::array<float, 4>>(line);
        const auto curve = next<std::array<float, 5>>(line);
        Counts out(line);
        nightjar::fine_grey(mosaic.data(), mosaic.shape.at(0), mosaic.shape.at(1),
                            {gains, curve[0], curve[1], curve[2], curve[3], curve[4]}, out.data(), next<int>(line));
        out.write();
    }

    void fine_tiles(std::istream& line) {
        Counts reference(line), frame(line);
        Doubles vectors(line), model(line);
        const double apart = next<double>(line);
        Doubles sums(line);
        nightjar::fine_tiles({reference.data(), frame.data(), frame.shape.at(0), frame.shape.at(1)},
                             {vectors.data(), model.data(), vectors.shape.at(0), vectors.shape.at(1)}, apart,
                             sums.data(), next<int>(line));
        sums.write();
    }

    void merge_facts(std::istream& line) {
        facts_ = {};
        facts_.black = next<std::array<float, 4>>(line);
        facts_.white = next<float>(line);
        const auto noise = next<std::array<float, 2>>(line);
        facts_.noise_shot = noise[0];
        facts_.noise_read = noise[1];
        facts_.rung = next<int>(line) ? nightjar::Rung::frequencies : nightjar::Rung::places;
        // All of them are float, in the order of Limits in isp/burst/merging.py.
        const auto limits = next<std::array<float, sizeof(nightjar::MergeLimits) / sizeof(float)>>(line);
        std::memcpy(&facts_.limits, limits.data(), sizeof(limits));
        rows_of(line, facts_.between);
        rows_of(line, facts_.noise_left);
        facts_.window = next<std::array<float, nightjar::tile_px>>(line);
        facts_.noise_mean = nightjar::mean_noise_left(facts_.noise_left);
    }

    template <std::size_t rows, std::size_t columns>
    static void rows_of(std::istream& line, std::array<std::array<float, columns>, rows>& table) {
        const auto numbers = next<std::vector<float>>(line);
        for (std::size_t i = 0; i < rows * columns; ++i) table[i / columns][i % columns] = numbers.at(i);
    }

    void bad_pixels(std::istream& line) {
        ArrayFile<std::int32_t> places(line);
        const int height = next<int>(line), width = next<int>(line);
        facts_.bad = nightjar::bad_pixel_list(places.data(), places.shape.at(0), height, width);
    }

    struct Gathering {
        Floats difference, weight, kept, squares;

        explicit Gathering(std::istream& line) : difference(line), weight(line), kept(line), squares(line) {}

        nightjar::Gathered view() {
            return {difference.data(), weight.data(),     kept.data(),
                    squares.data(),    weight.shape.at(0), weight.shape.at(1)};
        }
    };

    void add_frame(std::istream& line) {
        Counts reference(line), frame(line);
        Floats shifts(line);
        Gathering gathering(line);
        Floats share(line);
        nightjar::merge_frame(facts_, counts(reference), counts(frame), shifts.data(), gathering.view(), share.data(),
                              next<int>(line));
        for (const Floats* made : {&gathering.difference, &gathering.weight, &gathering.kept, &gathering.squares, &share}) {
            made->write();
        }
    }

    void write_merged(std::istream& line) {
        Counts reference(line);
        Gathering gathering(line);
        const int factor = next<int>(line);
        Counts out(line);
        nightjar::merged_counts(facts_, counts(reference), gathering.view(), factor, out.data(), next<int>(line));
        out.write();
    }

    nightjar::MergeFacts facts_;
};
