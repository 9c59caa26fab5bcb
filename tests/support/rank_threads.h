/// Ranks as threads of the test program.
#pragma once

#include <thread>
#include <vector>

namespace bccl::test {

/// Calls body(rank) on a thread for each rank and returns when all have returned.
template <class Body>
void on_ranks(int ranks, const Body& body) {
  std::vector<std::thread> threads;
  for (int rank = 0; rank < ranks; ++rank) threads.emplace_back([&body, rank] { body(rank); });
  for (std::thread& thread : threads) thread.join();
}

}  // namespace bccl::test
