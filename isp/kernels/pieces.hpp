// Work in a row of pieces, shared out to threads: each goes on from one piece to the next, so that it can use again
// what it has made; one that is done early takes over half of what another has left.
#pragma once

#include <functional>

namespace nightjar {

// How many threads `wanted` means; 0 or less is all processors.
int threads_for(int wanted);

// Calls work(thread, piece) for each piece 0 ... pieces - 1 once, on at most `threads` threads, numbered from 0. What
// one of them throws is thrown here when all have ended.
void run_pieces(int threads, int pieces, const std::function<void(int thread, int piece)>& work);

}  // namespace nightjar
