// The calls that isp.preview makes on its kernel, one a line.
#pragma once

#include <fstream>
#include <memory>
#include <string>

#include "arguments.hpp"
#include "preview.hpp"

class PreviewReplay {
public:
    PreviewReplay(int red_row, int red_column, const nightjar::Counts& counts) : counts_(counts) {
        facts_.red_row = red_row;
        facts_.red_column = red_column;
    }

    // True once the picture is written.
    bool follow(const std::string& method, std::istream& line) {
        if (method == "balance") return balance(line);
        if (method == "highlights") return highlights(line);
        if (method == "colour") return colour(line);
        if (method == "local_tone") return local_tone(line);
        if (method == "tone") return tone(line);
        if (method == "finish") return finish(line);
        const int pixels = counts_.height * counts_.width;
        const int quarter = (counts_.height + 1) / 2 * ((counts_.width + 1) / 2);
        if (method == "run_bare") return run(&nightjar::preview_bare, 3 * pixels, line);
        if (method == "run_rgb") return run(&nightjar::preview_rgb, 3 * pixels, line);
        if (method == "run_yuv420") return run(&nightjar::preview_yuv420, pixels + 2 * quarter, line);
        throw std::runtime_error("a preview has no " + method + ": add it to replay_preview.hpp");
    }

private:
    using Lane = nightjar::Lane;

    template <typename Value>
    static Value next(std::istream& line) {
        return As<Value>::from(read_argument(line));
    }

    bool balance(std::istream& line) {
        nightjar::BalanceFacts& facts = facts_.balance;
        const auto held = next<std::array<std::uint16_t, 2>>(line);
        const auto shifts = next<std::array<int, 2>>(line);
        facts.lowest = held[0];
        facts.white = held[1];
        facts.up = shifts[0];
        facts.down = shifts[1];
        facts.black = next<std::array<std::uint16_t, 4>>(line);
        const Argument gains = read_argument(line);
        facts.gains = As<std::vector<float>>::from(gains);
        facts.rows = static_cast<int>(gains.shape.at(1));
        facts.columns = static_cast<int>(gains.shape.at(2));
        facts.window = next<std::array<float, 4>>(line);
        facts.gain_shift = next<int>(line);
        const auto light = next<std::array<Lane, 2>>(line);
        facts.pedestal = light[0];
        facts.brightest = light[1];
        return false;
    }

    bool highlights(std::istream& line) {
        const auto shares = next<std::array<float, 3>>(line);
        facts_.highlights = nightjar::HighlightShares{shares[0], shares[1], shares[2]};
        return false;
    }

    bool colour(std::istream& line) {
        facts_.matrix.shares = next<std::array<Lane, 6>>(line);
        facts_.matrix.shift = next<int>(line);
        facts_.unit_bits = next<int>(line);
        facts_.brightest = next<Lane>(line);
        return false;
    }

    bool local_tone(std::istream& line) {
        const Argument bends = read_argument(line);
        const int rows = static_cast<int>(bends.shape.at(1)), columns = static_cast<int>(bends.shape.at(2));
        facts_.lift = nightjar::LiftGrid{As<std::vector<float>>::from(bends), rows, columns, next<float>(line)};
        return false;
    }

    bool tone(std::istream& line) {
        facts_.film.start = next<std::array<Lane, nightjar::film_lines>>(line);
        facts_.film.rise = next<std::array<Lane, nightjar::film_lines>>(line);
        facts_.film.straight = next<Lane>(line);
        facts_.film.line_bits = next<int>(line);
        facts_.film.shift = next<int>(line);
        const auto start = next<std::array<Lane, nightjar::tone_lines>>(line);
        const auto rise = next<std::array<Lane, nightjar::tone_lines>>(line);
        facts_.curve = std::make_shared<const nightjar::DisplayCurve>(start, rise, facts_.balance.pedestal,
                                                                      facts_.unit_bits);
        return false;
    }

    bool finish(std::istream& line) {
        facts_.finish.chroma.start = next<Lane>(line);
        facts_.finish.chroma.slope = next<std::array<Lane, 3>>(line);
        facts_.finish.sharpen.amount = next<Lane>(line);
        facts_.finish.sharpen.limit.start = next<Lane>(line);
        facts_.finish.sharpen.limit.slope = next<std::array<Lane, 3>>(line);
        return false;
    }

    using Run = void (*)(const nightjar::PreviewFacts&, const nightjar::Counts&, std::uint8_t*, int);

    bool run(Run preview, int bytes, std::istream& line) const {
        int threads = 0;
        std::string path;
        line >> threads >> path;
        std::vector<std::uint8_t> made(bytes);
        preview(facts_, counts_, made.data(), threads);
        std::ofstream file(path, std::ios::binary);
        file.write(reinterpret_cast<const char*>(made.data()), bytes);
        if (!file.flush()) throw std::runtime_error(path + " cannot be written");
        return true;
    }

    nightjar::PreviewFacts facts_{};
    nightjar::Counts counts_;
};
