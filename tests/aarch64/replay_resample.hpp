// A picture at another size:
//     resample KIND KIND ARRAY ARRAY ARRAY ARRAY ARRAY ARRAY THREADS
// what goes in and what comes out, "u" (uint8) or "f" (float); the picture, starts and weights of rows and of columns,
// and what is made. Arrays are written as for a burst.
#pragma once

#include "arguments.hpp"
#include "replay_burst.hpp"
#include "resample.hpp"

class ResampleReplay {
public:
    static void follow(std::istream& line) {
        std::string from, made;
        line >> from >> made;
        if (from == "u" && made == "u") return follow_as<std::uint8_t, std::uint8_t>(line);
        if (from == "u" && made == "f") return follow_as<std::uint8_t, float>(line);
        if (from == "f" && made == "u") return follow_as<float, std::uint8_t>(line);
        if (from == "f" && made == "f") return follow_as<float, float>(line);
        throw std::runtime_error("nothing is resampled from " + from + " to " + made);
    }

private:
    struct Table {
        ArrayFile<std::int32_t> starts;
        ArrayFile<float> weights;

        explicit Table(std::istream& line) : starts(line), weights(line) {}

        nightjar::Taps taps() { return {starts.data(), weights.data(), weights.shape.at(0), weights.shape.at(1)}; }
    };

    template <typename Value, typename Made>
    static void follow_as(std::istream& line) {
        ArrayFile<Value> picture(line);
        Table rows(line), columns(line);
        ArrayFile<Made> out(line);
        const int threads = As<int>::from(read_argument(line));
        const nightjar::Plane<Value> plane{picture.data(), picture.shape.at(1), picture.shape.at(2)};
        nightjar::resample(plane, rows.taps(), columns.taps(), out.data(), threads);
        out.write();
    }
};
