// Work handed out in pieces to threads: whoever is free takes the next one.
#pragma once

#include <functional>

namespace nightjar {

// How many threads `wanted` means; 0 or less is all processors.
int threads_for(int wanted);

// Calls work(0) ... work(pieces - 1), each once, in any order, on at most `threads` threads. What one of them throws is
// thrown here when all have ended.
void run_pieces(int threads, int pieces, const std::function<void(int)>& work);

}  // namespace nightjar
