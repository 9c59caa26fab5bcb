/// What the ranks of a measured library share besides it: a barrier in front of every timed call, everyone's
/// times, and a note that travels before the library can. Ranks are processes of one host and map the same
/// file. One object a rank, one thread; every rank makes the same calls in the same order.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>

namespace bccl::bench {

inline constexpr int ranks_max = 32;
inline constexpr int iterations_max = 4000;
inline constexpr size_t note_bytes_max = 256;

/// How ranks wait for each other. spin: for libraries that poll inside their calls; yields once ranks exceed
/// cores. sleep: for libraries with threads of their own, which need the cores; all then start at one agreed
/// instant.
enum class Waiting : uint8_t { spin, sleep };

struct SideMemory;

class SideChannel {
 public:
  /// `path`: an empty file, the same on all ranks. Throws if it cannot be mapped.
  SideChannel(const std::string& path, int rank, int ranks, Waiting waiting = Waiting::spin);
  ~SideChannel();
  SideChannel(const SideChannel&) = delete;
  SideChannel& operator=(const SideChannel&) = delete;

  int rank() const { return rank_; }
  int ranks() const { return ranks_; }
  int cores() const { return cores_; }  ///< Of the machine.
  bool crowded() const { return ranks_ > cores_; }

  /// Returns when all ranks have come. `progress` is called now and then meanwhile.
  void barrier(const std::function<void()>& progress = {});

  /// Rank 0 does `work` while all others sleep: the machine is as good as idle.
  void while_others_rest(const std::function<void()>& work);

  std::span<char, note_bytes_max> note();  ///< Written by one rank, read by others after a barrier().
  std::span<int64_t, iterations_max> times(int rank);  ///< Nanoseconds by iteration; written by that rank.

 private:
  void start_together() const;

  SideMemory* memory_;
  const int rank_;
  const int ranks_;
  const int cores_;
  const Waiting waiting_;
};

}  // namespace bccl::bench
