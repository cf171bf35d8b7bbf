// The calls that a blurred picture makes on its kernel, in turn:
//     bokeh facts ARGUMENT ...
//     bokeh layer ARGUMENT ...
//     bokeh draw ARRAY ARRAY ARRAY ARRAY ARRAY THREADS
// Arrays are written as for a burst.
#pragma once

#include "arguments.hpp"
#include "bokeh.hpp"
#include "replay_burst.hpp"

class BokehReplay {
public:
    void follow(std::istream& line) {
        std::string call;
        line >> call;
        if (call == "facts") return facts(line);
        if (call == "layer") return layer(line);
        if (call == "draw") return draw(line);
        throw std::runtime_error("a blur has no call " + call + ": add it to replay_bokeh.hpp");
    }

private:
    template <typename Value>
    static Value next(std::istream& line) {
        return As<Value>::from(read_argument(line));
    }

    static nightjar::LayerShare next_share(std::istream& line) {
        const auto share = next<std::array<float, 4>>(line);
        return {share[0], share[1], share[2], share[3]};
    }

    void facts(std::istream& line) {
        facts_ = {};
        const auto lights = next<std::array<float, 3>>(line);
        const auto cells = next<std::array<int, 2>>(line);
        facts_.lights = {lights[0], lights[1], lights[2], cells[0], cells[1]};
        const auto sides = next<std::vector<float>>(line);
        for (std::size_t i = 0; i + 2 < sides.size(); i += 3) {
            facts_.sides.push_back({sides[i], sides[i + 1], sides[i + 2]});
        }
        facts_.cat_eye = next<float>(line);
        facts_.in_focus = next_share(line);
        const auto grain = next<std::array<float, 3>>(line);
        const auto noise = next<std::array<float, 6>>(line);
        facts_.grain = {grain[0], grain[1], grain[2], {{{noise[0], noise[1]}, {noise[2], noise[3]}, {noise[4], noise[5]}}},
                        next<std::array<float, 4>>(line), 0};
        facts_.grain.seed = next<std::uint32_t>(line);
    }

    void layer(std::istream& line) {
        const auto radius = next<float>(line);
        const int reduction = next<int>(line);
        const auto reduced = next<float>(line);
        facts_.add_layer(radius, reduction, reduced, next_share(line));
    }

    void draw(std::istream& line) {
        ArrayFile<float> picture(line);
        ArrayFile<std::uint8_t> subject(line);
        ArrayFile<float> radius(line), grain(line), out(line);
        const int height = picture.shape.at(0), width = picture.shape.at(1);
        const nightjar::FocusPicture from{picture.data(), subject.values.empty() ? nullptr : subject.data(), height, width};
        const auto map = [&](ArrayFile<float>& cells) {
            return nightjar::PictureMap(cells.data(), cells.shape.at(0), cells.shape.at(1), height, width);
        };
        nightjar::draw_bokeh(facts_, from, {map(radius), map(grain)}, out.data(), next<int>(line));
        out.write();
    }

    nightjar::BokehFacts facts_;
};
