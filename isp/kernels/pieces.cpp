#include "pieces.hpp"

#include <algorithm>
#include <cstdint>
#include <exception>
#include <mutex>
#include <system_error>
#include <thread>
#include <vector>

namespace nightjar {

namespace {

// The pieces that a thread has before it.
struct Segment {
    int next, end;

    int left() const { return end - next; }
};

class Segments {
public:
    Segments(int threads, int pieces) {
        for (std::int64_t i = 0; i < threads; ++i) {
            segments_.push_back({static_cast<int>(i * pieces / threads), static_cast<int>((i + 1) * pieces / threads)});
        }
    }

    // The next piece for this thread, or -1 when all are taken.
    int take(int thread) {
        const std::lock_guard<std::mutex> lock(guard_);
        Segment& own = segments_[thread];
        if (own.left() == 0) {
            Segment& most = *std::max_element(segments_.begin(), segments_.end(),
                                              [](const Segment& a, const Segment& b) { return a.left() < b.left(); });
            // The far half: the thread it belongs to goes on undisturbed.
            const int middle = most.next + most.left() / 2;
            own = {middle, most.end};
            if (&own != &most) most.end = middle;
        }
        return own.left() > 0 ? own.next++ : -1;
    }

private:
    std::vector<Segment> segments_;
    std::mutex guard_;
};

}  // namespace

int threads_for(int wanted) {
    return wanted > 0 ? wanted : static_cast<int>(std::max(1u, std::thread::hardware_concurrency()));
}

void run_pieces(int threads, int pieces, const std::function<void(int, int)>& work) {
    const int used = std::max(std::min(threads, pieces), 1);
    Segments segments(used, pieces);
    std::exception_ptr failure;
    std::mutex failure_guard;
    const auto take_pieces = [&](int thread) {
        try {
            for (int piece = segments.take(thread); piece >= 0; piece = segments.take(thread)) work(thread, piece);
        } catch (...) {
            const std::lock_guard<std::mutex> lock(failure_guard);
            failure = std::current_exception();
        }
    };
    std::vector<std::thread> helpers;
    try {
        for (int thread = 1; thread < used; ++thread) helpers.emplace_back(take_pieces, thread);
    } catch (const std::system_error&) {
        // The system gives no more threads: those that run, and this one, do all the work.
    }
    take_pieces(0);
    for (std::thread& helper : helpers) helper.join();
    if (failure) std::rethrow_exception(failure);
}

}  // namespace nightjar
