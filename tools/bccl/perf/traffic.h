/// How many elements every rank sends to every other: the counts of an all_to_all_v. A value, the same on all
/// ranks that make it of the same arguments. Every rank sends as many in total; how many a rank receives, and
/// how the blocks differ, is what the kinds differ in.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace bccl::tool {

enum class TrafficKind : uint8_t {
  uniform,  ///< Blocks of one size: what all_to_all moves.
  skewed,   ///< Rank d receives from each in proportion to 1 / (d + 1): rank 0 is the one that all want.
  random,   ///< Any sizes, about one block in eight empty; a seed says which.
};

inline constexpr std::string_view traffic_names[] = {"uniform", "skewed", "random"};
constexpr std::string_view name_of(TrafficKind kind) { return traffic_names[static_cast<int>(kind)]; }

class Traffic {
 public:
  /// `sent`: elements that each rank sends.
  Traffic(TrafficKind kind, uint64_t seed, int ranks, size_t sent);

  /// Elements from rank to rank, as the calls take them: one a peer.
  const size_t* sends_of(int rank) const { return &by_sender_[row(rank)]; }
  const size_t* receives_of(int rank) const { return &by_receiver_[row(rank)]; }
  size_t received_by(int rank) const;
  /// Where the block for `to` begins among those that `from` sends.
  size_t begin_of(int from, int to) const;

  /// What the rank with the most to do sends to others or receives from them, in units of what each sends.
  double bus_factor() const;

 private:
  size_t row(int rank) const { return static_cast<size_t>(rank) * static_cast<size_t>(ranks_); }

  int ranks_;
  size_t sent_;
  std::vector<size_t> by_sender_;    ///< ranks × ranks, a sender a row.
  std::vector<size_t> by_receiver_;  ///< The same, a receiver a row.
};

}  // namespace bccl::tool
