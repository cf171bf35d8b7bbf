#include "chain.hpp"

#include <algorithm>
#include <atomic>
#include <exception>
#include <mutex>
#include <thread>

namespace nightjar {

namespace {

// The first rows of a strip need rows above it that another strip makes too (about 20 with every stage on), so strips
// are long; several for each thread even out cores of different speed.
constexpr int shortest_strip = 64;
constexpr int strips_per_thread = 4;

int strip_height(int height, int threads) {
    if (threads == 1) return height;
    const int strips = threads * strips_per_thread;
    return std::max(shortest_strip, (height + strips - 1) / strips);
}

}  // namespace

void Chain::run(int threads, const TakeRow& take) const {
    const int wanted = threads > 0 ? threads : static_cast<int>(std::max(1u, std::thread::hardware_concurrency()));
    const int strip = strip_height(height_, wanted);
    std::atomic<int> next{0};
    std::exception_ptr failure;
    std::mutex failure_guard;

    const auto work = [&] {
        try {
            Stages stages;
            stages.push_back(make_source_());
            for (const AddStage& stage : stages_) stage(stages);
            Rows& last = *stages.back();
            for (int top = next.fetch_add(strip); top < height_; top = next.fetch_add(strip)) {
                const int bottom = std::min(top + strip, height_);
                for (int y = top; y < bottom; ++y) take(y, last.row(y));
            }
        } catch (...) {
            const std::lock_guard<std::mutex> lock(failure_guard);
            failure = std::current_exception();
        }
    };

    std::vector<std::thread> helpers;
    const int useful = std::min(wanted, (height_ + strip - 1) / strip);
    for (int i = 1; i < useful; ++i) helpers.emplace_back(work);
    work();
    for (std::thread& helper : helpers) helper.join();
    if (failure) std::rethrow_exception(failure);
}

}  // namespace nightjar
