// The measured zoom of a burst:
//     zoom ARGUMENT ... ARRAY ... COUNT ARRAY ... LEVELS ARRAY ARRAY THREADS
// the facts in the order of ZoomFacts in isp/zoom/measured.py, the plain picture, bad pixels and the tables, the number
// of frames and for each its counts, places, trust and which are steady, the levels, and what is made. Arrays are written as for a burst.
#pragma once

#include <deque>

#include "arguments.hpp"
#include "replay_burst.hpp"
#include "zoom.hpp"

class ZoomReplay {
public:
    static void follow(std::istream& line) {
        const nightjar::ZoomFacts facts = next_facts(line);
        ArrayFile<float> plain(line);
        ArrayFile<std::uint8_t> bad(line);
        Table rows(line), columns(line);
        std::deque<Frame> frames;
        nightjar::ZoomInput input{bad.shape.at(0), bad.shape.at(1), plain.data(), bad.data(), {}};
        for (int left = next<int>(line); left > 0; --left) {
            Frame& frame = frames.emplace_back(line);
            input.frames.push_back({frame.counts.data(), frame.places.data(), frame.trust.data(), frame.steady.data()});
        }
        const auto levels = next<std::array<float, 4>>(line);
        ArrayFile<std::uint16_t> out(line);
        ArrayFile<float> behind(line);
        nightjar::zoom_burst(facts, input,
                             {rows.taps(), columns.taps(), levels[0], levels[1], levels[2], levels[3], out.data(),
                              behind.data()},
                             next<int>(line));
        out.write();
        behind.write();
    }

private:
    struct Table {
        ArrayFile<std::int32_t> starts;
        ArrayFile<float> weights;

        explicit Table(std::istream& line) : starts(line), weights(line) {}

        nightjar::ZoomTaps taps() { return {starts.data(), weights.data(), weights.shape.at(0), weights.shape.at(1)}; }
    };

    struct Frame {
        ArrayFile<std::uint16_t> counts;
        ArrayFile<float> places;
        ArrayFile<std::uint8_t> trust, steady;

        explicit Frame(std::istream& line) : counts(line), places(line), trust(line), steady(line) {}
    };

    template <typename Value>
    static Value next(std::istream& line) {
        return As<Value>::from(read_argument(line));
    }

    static nightjar::ZoomFacts next_facts(std::istream& line) {
        nightjar::ZoomFacts facts{};
        const auto red = next<std::array<int, 2>>(line);
        facts.red_row = red[0];
        facts.red_column = red[1];
        facts.black = next<std::array<float, 4>>(line);
        facts.span = next<float>(line);
        facts.clipped = next<float>(line);
        facts.gains = next<std::array<float, 3>>(line);
        const auto noise = next<std::array<float, 2>>(line), plain_noise = next<std::array<float, 2>>(line);
        facts.noise_shot = noise[0];
        facts.noise_read = noise[1];
        facts.plain_shot = plain_noise[0];
        facts.plain_read = plain_noise[1];
        facts.doubt = next<float>(line);
        facts.blown = next<float>(line);
        facts.unexplained = next<std::array<float, 4>>(line);
        facts.contradicted = next<std::array<float, 3>>(line);
        const auto prior = next<std::array<float, 5>>(line);
        facts.prior = {prior[0], prior[1], prior[2], prior[3], prior[4]};
        for (auto* all : {&facts.rounds, &facts.patient_rounds}) {
            const auto rounds = next<std::vector<float>>(line);
            for (std::size_t i = 0; i + 1 < rounds.size(); i += 2) all->push_back({rounds[i], rounds[i + 1]});
        }
        return facts;
    }
};
