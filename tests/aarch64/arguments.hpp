// Numbers and arrays as the recorder in test_other_processors.py writes them down.
#pragma once

#include <array>
#include <cstdlib>
#include <istream>
#include <stdexcept>
#include <string>
#include <vector>

struct Argument {
    std::vector<std::size_t> shape;
    std::vector<double> numbers;
};

Argument read_argument(std::istream& line) {
    const auto word = [&line] {
        std::string text;
        if (!(line >> text)) throw std::runtime_error("an argument ends early");
        return std::strtod(text.c_str(), nullptr);
    };
    Argument argument;
    std::size_t count = 1;
    for (int left = static_cast<int>(word()); left > 0; --left) {
        argument.shape.push_back(static_cast<std::size_t>(word()));
        count *= argument.shape.back();
    }
    for (; count > 0; --count) argument.numbers.push_back(word());
    return argument;
}

// An argument as the type a stage takes: a number, a list of any length, or a list of fixed length.
template <typename Value>
struct As {
    static Value from(const Argument& argument) { return static_cast<Value>(argument.numbers.at(0)); }
};

template <typename Value>
struct As<std::vector<Value>> {
    static std::vector<Value> from(const Argument& argument) {
        std::vector<Value> values;
        for (const double number : argument.numbers) values.push_back(static_cast<Value>(number));
        return values;
    }
};

template <typename Value, std::size_t size>
struct As<std::array<Value, size>> {
    static std::array<Value, size> from(const Argument& argument) {
        if (argument.numbers.size() != size) throw std::runtime_error("an argument has the wrong length");
        std::array<Value, size> values;
        for (std::size_t i = 0; i < size; ++i) values[i] = static_cast<Value>(argument.numbers[i]);
        return values;
    }
};
