#include "random_plans.h"

#include <map>
#include <random>

namespace bccl::test {
namespace {

constexpr int ranks = 3;
constexpr int channels = 3;
constexpr int chunks = 12;  ///< Of scratch; all of one label, so that any may travel to any.

/// Writes steps one after another, as one run that is possible: a message is sent before it is received.
class RandomPlans {
 public:
  explicit RandomPlans(uint64_t seed) : random_(seed) {
    for (Rank rank = 0; rank < ranks; ++rank) {
      Plan plan;
      plan.algorithm = "random";
      plan.ranks = ranks;
      plan.rank = rank;
      plan.labels = 1;
      plan.layout[0] = plan.layout[1] = {0};
      plan.layout[2].resize(chunks);
      plan.channels.resize(channels);
      plans_.push_back(plan);
    }
  }

  std::vector<Plan> make() {
    for (int steps = 12 + below(30); steps > 0; --steps) add_step(below(ranks), below(channels));
    for (auto& [connection, messages] : open_) {
      const auto [sender, receiver, channel] = connection;
      for (; messages > 0; --messages) {
        Step step;
        step.to = scratch(below(chunks));
        step.recv = {sender};
        step.after = some_step(receiver, channel);
        add(step, receiver, channel);
      }
    }
    return plans_;
  }

 private:
  int below(int end) { return static_cast<int>(random_() % static_cast<uint64_t>(end)); }

  Chunks some_chunk(bool write) {
    const int kind = below(5);
    if (kind == 0 && !write) return source(0);
    return kind == 1 ? target(0) : scratch(below(chunks));
  }

  /// A step of another channel of the rank that was written earlier, or none.
  After some_step(Rank rank, int channel) {
    const int other = (channel + 1 + below(channels - 1)) % channels;
    const auto& steps = plans_[static_cast<size_t>(rank)].channels[static_cast<size_t>(other)];
    if (steps.empty() || below(3) == 0) return {};
    return {other, below(static_cast<int>(steps.size()))};
  }

  void add_step(Rank rank, int channel) {
    Step step;
    for (Rank peer = 0; peer < ranks; ++peer) {
      int& arrived = open_[{peer, rank, channel}];
      if (arrived > 0 && below(2) == 0) {
        --arrived;
        step.recv.push_back(peer);
      }
    }
    if (step.recv.empty() || below(2) == 0) step.from = some_chunk(false);
    const bool sends = below(2) == 0;
    if (!sends || below(2) == 0 || !step.from.present()) step.to = some_chunk(true);
    if (sends) step.send = {(rank + 1 + below(ranks - 1)) % ranks};
    if (sends) ++open_[{rank, step.send[0], channel}];
    step.after = some_step(rank, channel);
    add(step, rank, channel);
  }

  void add(const Step& step, Rank rank, int channel) {
    plans_[static_cast<size_t>(rank)].channels[static_cast<size_t>(channel)].push_back(step);
  }

  std::mt19937_64 random_;
  std::vector<Plan> plans_;
  std::map<std::tuple<Rank, Rank, int>, int>
      open_;  ///< Messages sent and not received, by sender, receiver, channel.
};

}  // namespace

std::vector<Plan> random_plans(uint64_t seed) { return RandomPlans(seed).make(); }

}  // namespace bccl::test
