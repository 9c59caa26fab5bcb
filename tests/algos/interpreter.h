/// Carries out a set of plans on vectors, all ranks in one thread, one channel's step at a time in a random
/// but seeded order. Knows nothing of slices and slots: messages of any length queue up. What the executor
/// must agree with, in the fewest words.
#pragma once

#include <algorithm>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <random>
#include <tuple>
#include <vector>

#include "plan/partition.h"
#include "plan/plan.h"

namespace bccl {

enum class Placement { in_place, out_of_place };

template <class T>
class Interpreter {
 public:
  using Vectors = std::vector<std::vector<T>>;

  Interpreter(const std::vector<Plan>& plans, const Partition& partition, Placement placement)
      : plans_(plans), partition_(partition), placement_(placement) {}

  /// Returns every rank's target, or nothing if the plans come to a halt before their end.
  std::optional<Vectors> run(const Vectors& sources, uint32_t seed) {
    sources_ = sources;
    targets_ = sources;
    if (placement_ == Placement::out_of_place)
      for (auto& target : targets_) std::fill(target.begin(), target.end(), T{});
    done_.clear();
    queues_.clear();
    std::vector<std::pair<size_t, size_t>> open;
    for (size_t rank = 0; rank < plans_.size(); ++rank) {
      done_.emplace_back(plans_[rank].channels.size(), 0);
      for (size_t channel = 0; channel < plans_[rank].channels.size(); ++channel)
        open.emplace_back(rank, channel);
    }
    std::mt19937 random{seed};
    for (bool moved = true; moved;) {
      moved = false;
      std::shuffle(open.begin(), open.end(), random);
      for (const auto& [rank, channel] : open) moved |= try_step(rank, channel);
    }
    const auto finished = [&](const auto& at) { return done_[at.first][at.second] == channel_of(at).size(); };
    if (!std::all_of(open.begin(), open.end(), finished)) return std::nullopt;
    return targets_;
  }

 private:
  using Connection = std::tuple<size_t, size_t, size_t>;  ///< Sender, receiver, channel.

  const Channel& channel_of(std::pair<size_t, size_t> at) const {
    return plans_[at.first].channels[at.second];
  }

  bool try_step(size_t rank, size_t channel) {
    size_t& done = done_[rank][channel];
    if (done == plans_[rank].channels[channel].size()) return false;
    const Step& step = plans_[rank].channels[channel][done];
    const Extent extent = extent_of(step.extent());
    const bool waits = step.after.present() && done_[rank][static_cast<size_t>(step.after.channel)] <=
                                                   static_cast<size_t>(step.after.step);
    if (waits) return false;
    if (extent.count > 0 && !carry_out(step, rank, channel)) return false;
    ++done;
    return true;
  }

  bool carry_out(const Step& step, size_t rank, size_t channel) {
    std::vector<std::vector<T>> inputs;
    for (const Rank peer : step.recv)
      if (queues_[{static_cast<size_t>(peer), rank, channel}].empty()) return false;
    for (const Rank peer : step.recv) {
      auto& queue = queues_[{static_cast<size_t>(peer), rank, channel}];
      inputs.push_back(std::move(queue.front()));
      queue.pop_front();
    }
    if (step.from.present()) inputs.insert(inputs.begin() + step.from_at, read(step.from, rank));
    for (size_t input = 1; input < inputs.size(); ++input)
      for (size_t i = 0; i < inputs[0].size(); ++i) inputs[0][i] += inputs[input].at(i);
    if (step.to.present())
      std::copy(inputs[0].begin(), inputs[0].end(), targets_[rank].begin() + first(step.to));
    for (const Rank peer : step.send)
      queues_[{rank, static_cast<size_t>(peer), channel}].push_back(inputs[0]);
    return true;
  }

  std::vector<T> read(const Chunks& chunks, size_t rank) const {
    const bool original = chunks.buffer == Buffer::source && placement_ == Placement::out_of_place;
    const std::vector<T>& buffer = original ? sources_[rank] : targets_[rank];
    return {buffer.begin() + first(chunks),
            buffer.begin() + first(chunks) + static_cast<ptrdiff_t>(extent_of(chunks).count)};
  }

  ptrdiff_t first(const Chunks& chunks) const { return static_cast<ptrdiff_t>(extent_of(chunks).first); }

  Extent extent_of(const Chunks& chunks) const {
    const Extent last = partition_.part(chunks.first + chunks.count - 1);
    const size_t begin = partition_.part(chunks.first).first;
    return {begin, last.first + last.count - begin};
  }

  const std::vector<Plan>& plans_;
  const Partition& partition_;
  Placement placement_;
  Vectors sources_;
  Vectors targets_;
  std::vector<std::vector<size_t>> done_;  ///< By rank and channel: steps that have run.
  std::map<Connection, std::deque<std::vector<T>>> queues_;
};

}  // namespace bccl
