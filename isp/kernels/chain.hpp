// A chain of row stages over one picture, run in strips on any number of threads.
#pragma once

#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include "rows.hpp"
#include "uneven_noise.hpp"

namespace nightjar {

// The stages of one thread, first to last.
using Stages = std::vector<std::unique_ptr<Rows>>;

class Chain {
public:
    using MakeSource = std::function<std::unique_ptr<Rows>(const Tile&)>;
    // Appends one or more stages that read the last one.
    using AddStage = std::function<void(Stages&)>;
    // Takes `columns` columns of row y of the last stage, which begin at column `left` of the picture.
    using TakeRow = std::function<void(int y, int left, int columns, const Row& row)>;

    Chain(MakeSource make_source, Kind kind, int height, int width)
        : make_source_(std::move(make_source)), kind_(kind), height_(height), width_(width) {}

    // reach   how many columns to each side the stage looks
    void add(AddStage stage, Kind makes, int reach) {
        stages_.push_back(std::move(stage));
        kind_ = makes;
        reach_ += reach;
    }

    // For the stages that are added after it and go by noise.
    void set_uneven_noise(UnevenNoise noise) { uneven_noise_ = std::move(noise); }
    const UnevenNoise& uneven_noise() const { return uneven_noise_; }

    // Pieces of rows arrive in any order and from several threads; each pixel exactly once.
    void run(int threads, const TakeRow& take) const;

    Kind kind() const { return kind_; }
    int height() const { return height_; }
    int width() const { return width_; }

private:
    struct Column;

    void begin_column(Column& column, int index, int across) const;
    void run_rows(const Column& column, int top, int bottom, const TakeRow& take) const;

    MakeSource make_source_;
    std::vector<AddStage> stages_;
    UnevenNoise uneven_noise_;
    Kind kind_;
    int height_, width_;
    int reach_ = 0;
};

}  // namespace nightjar
