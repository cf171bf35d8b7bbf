// A chain of row stages over one picture, run in strips on any number of threads.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "colour_stages.hpp"
#include "demosaic.hpp"
#include "mosaic_stages.hpp"
#include "rows.hpp"
#include "sources.hpp"

namespace nightjar {

// The stages of one thread, first to last.
using Stages = std::vector<std::unique_ptr<Rows>>;

class Chain {
public:
    using MakeSource = std::function<std::unique_ptr<Rows>()>;
    // Appends one or more stages that read the last one.
    using AddStage = std::function<void(Stages&)>;
    // Takes row y of the last stage.
    using TakeRow = std::function<void(int y, const Row& row)>;

    Chain(MakeSource make_source, Kind kind, int height, int width)
        : make_source_(std::move(make_source)), kind_(kind), height_(height), width_(width) {}

    void add(AddStage stage, Kind makes) {
        stages_.push_back(std::move(stage));
        kind_ = makes;
    }

    // Rows arrive in any order and from several threads; each exactly once.
    void run(int threads, const TakeRow& take) const;

    Kind kind() const { return kind_; }
    int height() const { return height_; }
    int width() const { return width_; }

private:
    MakeSource make_source_;
    std::vector<AddStage> stages_;
    Kind kind_;
    int height_, width_;
};

}  // namespace nightjar
