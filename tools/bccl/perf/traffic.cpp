#include "tools/bccl/perf/traffic.h"

#include <algorithm>
#include <numeric>
#include <random>

#include "plan/partition.h"

namespace bccl::tool {
namespace {

std::vector<uint32_t> random_weights(uint64_t seed, int ranks, int sender) {
  constexpr uint64_t sizes = 1000;
  std::seed_seq mixed{static_cast<uint32_t>(seed), static_cast<uint32_t>(seed >> 32),
                      static_cast<uint32_t>(sender)};
  std::mt19937_64 random(mixed);
  std::vector<uint32_t> weights(static_cast<size_t>(ranks));
  for (uint32_t& weight : weights) {
    const uint64_t drawn = random();
    weight = drawn % 8 == 0 ? 0 : 1 + static_cast<uint32_t>((drawn >> 8) % sizes);
  }
  // Somebody has to get what is sent.
  if (std::ranges::count(weights, 0U) == ranks) weights[static_cast<size_t>(sender)] = 1;
  return weights;
}

std::vector<uint32_t> weights_of(TrafficKind kind, uint64_t seed, int ranks, int sender) {
  constexpr uint32_t most = 1'000'000;
  if (kind == TrafficKind::random) return random_weights(seed, ranks, sender);
  std::vector<uint32_t> weights(static_cast<size_t>(ranks), 1);
  if (kind == TrafficKind::skewed)
    for (size_t to = 0; to < weights.size(); ++to) weights[to] = most / static_cast<uint32_t>(to + 1);
  return weights;
}

}  // namespace

Traffic::Traffic(TrafficKind kind, uint64_t seed, int ranks, size_t sent)
    : ranks_(ranks), sent_(sent), by_sender_(row(ranks)), by_receiver_(row(ranks)) {
  for (int from = 0; from < ranks; ++from) {
    const Partition blocks = Partition::weights(sent, weights_of(kind, seed, ranks, from));
    for (int to = 0; to < ranks; ++to)
      by_sender_[row(from) + static_cast<size_t>(to)] = by_receiver_[row(to) + static_cast<size_t>(from)] =
          blocks.part(to).count;
  }
}

size_t Traffic::received_by(int rank) const {
  return std::accumulate(receives_of(rank), receives_of(rank) + ranks_, size_t{0});
}

size_t Traffic::begin_of(int from, int to) const {
  return std::accumulate(sends_of(from), sends_of(from) + to, size_t{0});
}

double Traffic::bus_factor() const {
  size_t most = 0;
  for (int rank = 0; rank < ranks_; ++rank) {
    const size_t kept = sends_of(rank)[rank];
    most = std::max({most, sent_ - kept, received_by(rank) - kept});
  }
  return sent_ > 0 ? static_cast<double>(most) / static_cast<double>(sent_) : 0;
}

}  // namespace bccl::tool
