#include "pieces.hpp"

#include <algorithm>
#include <atomic>
#include <exception>
#include <mutex>
#include <system_error>
#include <thread>
#include <vector>

namespace nightjar {

int threads_for(int wanted) {
    return wanted > 0 ? wanted : static_cast<int>(std::max(1u, std::thread::hardware_concurrency()));
}

void run_pieces(int threads, int pieces, const std::function<void(int)>& work) {
    std::atomic<int> next{0};
    std::exception_ptr failure;
    std::mutex failure_guard;
    const auto take_pieces = [&] {
        try {
            for (int index = next.fetch_add(1); index < pieces; index = next.fetch_add(1)) work(index);
        } catch (...) {
            const std::lock_guard<std::mutex> lock(failure_guard);
            failure = std::current_exception();
        }
    };
    std::vector<std::thread> helpers;
    try {
        for (int i = 1; i < std::min(threads, pieces); ++i) helpers.emplace_back(take_pieces);
    } catch (const std::system_error&) {
        // The system gives no more threads: those that run, and this one, do all the work.
    }
    take_pieces();
    for (std::thread& helper : helpers) helper.join();
    if (failure) std::rethrow_exception(failure);
}

}  // namespace nightjar
