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

#include "plan/layout.h"
#include "plan/partition.h"
#include "plan/plan.h"

namespace bccl {

enum class Placement { in_place, out_of_place };

/// Sources and targets are vectors by rank: their chunks one after another, as the plans' layouts list them. In
/// place, what both hold lies in the source.
template <class T>
class Interpreter {
 public:
  using Vectors = std::vector<std::vector<T>>;

  Interpreter(const std::vector<Plan>& plans, const Partition& partition, Placement placement)
      : plans_(plans), partition_(partition), placement_(placement) {}

  /// Returns every rank's target, or nothing if the plans come to a halt before their end.
  std::optional<Vectors> run(const Vectors& sources, uint32_t seed) {
    done_.clear();
    queues_.clear();
    memory_.clear();
    std::vector<std::pair<size_t, size_t>> open;
    for (size_t rank = 0; rank < plans_.size(); ++rank) {
      fill(rank, sources[rank]);
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
    return targets();
  }

 private:
  using Connection = std::tuple<size_t, size_t, size_t>;  ///< Sender, receiver, channel.
  using Values = std::vector<std::vector<T>>;             ///< Of some chunks.
  /// A rank's cells, and for each buffer which of them its chunks are.
  struct Memory {
    Values cells;
    std::vector<size_t> cell_of[buffer_count];
  };

  const Channel& channel_of(std::pair<size_t, size_t> at) const {
    return plans_[at.first].channels[at.second];
  }
  size_t elements(int label) const { return partition_.part(label).count; }

  void fill(size_t rank, const std::vector<T>& source) {
    Memory& memory = memory_.emplace_back();
    std::map<int, size_t> given;  // The cell of each label of the source.
    auto next = source.begin();
    for (int buffer = 0; buffer < buffer_count; ++buffer)
      for (const int label : plans_[rank].layout[buffer]) {
        const bool aliased = buffer == 1 && placement_ == Placement::in_place && given.contains(label);
        memory.cell_of[buffer].push_back(aliased ? given[label] : memory.cells.size());
        if (aliased) continue;
        memory.cells.emplace_back(elements(label), T{});
        if (buffer != 0) continue;
        given[label] = memory.cells.size() - 1;
        std::copy_n(next, elements(label), memory.cells.back().begin());
        next += static_cast<ptrdiff_t>(elements(label));
      }
  }

  Vectors targets() const {
    Vectors targets;
    for (const Memory& memory : memory_) {
      std::vector<T>& target = targets.emplace_back();
      for (const size_t cell : memory.cell_of[1])
        target.insert(target.end(), memory.cells[cell].begin(), memory.cells[cell].end());
    }
    return targets;
  }

  bool try_step(size_t rank, size_t channel) {
    size_t& done = done_[rank][channel];
    if (done == plans_[rank].channels[channel].size()) return false;
    const Step& step = plans_[rank].channels[channel][done];
    const bool waits = step.after.present() && done_[rank][static_cast<size_t>(step.after.channel)] <=
                                                   static_cast<size_t>(step.after.step);
    if (waits) return false;
    if (!is_empty(step.extent(), rank) && !carry_out(step, rank, channel)) return false;
    ++done;
    return true;
  }

  bool carry_out(const Step& step, size_t rank, size_t channel) {
    std::vector<Values> inputs;
    for (const Rank peer : step.recv)
      if (queues_[{static_cast<size_t>(peer), rank, channel}].empty()) return false;
    for (const Rank peer : step.recv) {
      auto& queue = queues_[{static_cast<size_t>(peer), rank, channel}];
      inputs.push_back(std::move(queue.front()));
      queue.pop_front();
    }
    if (step.from.present()) {
      Values local;
      for (int k = 0; k < step.from.count; ++k) local.push_back(cell(step.from, k, rank));
      inputs.insert(inputs.begin() + step.from_at, std::move(local));
    }
    for (size_t input = 1; input < inputs.size(); ++input)
      for (size_t chunk = 0; chunk < inputs[0].size(); ++chunk)
        for (size_t i = 0; i < inputs[0][chunk].size(); ++i)
          combine(inputs[0][chunk][i], inputs[input].at(chunk).at(i));
    for (int k = 0; k < step.to.count; ++k) cell(step.to, k, rank) = inputs[0].at(static_cast<size_t>(k));
    for (const Rank peer : step.send)
      queues_[{rank, static_cast<size_t>(peer), channel}].push_back(inputs[0]);
    return true;
  }

  /// Of a barrier nothing is wanted but that all have come: the largest number may come in more than once.
  void combine(T& sum, const T& more) const {
    sum = may_repeat(plans_[0].collective) ? std::max(sum, more) : sum + more;
  }

  bool is_empty(const Chunks& chunks, size_t rank) {
    for (int k = 0; k < chunks.count; ++k)
      if (!cell(chunks, k, rank).empty()) return false;
    return true;
  }

  std::vector<T>& cell(const Chunks& chunks, int k, size_t rank) {
    Memory& memory = memory_[rank];
    return memory.cells[memory.cell_of[static_cast<int>(chunks.buffer)].at(static_cast<size_t>(chunks.first + k))];
  }

  const std::vector<Plan>& plans_;
  const Partition& partition_;
  Placement placement_;
  std::vector<Memory> memory_;             ///< By rank.
  std::vector<std::vector<size_t>> done_;  ///< By rank and channel: steps that have run.
  std::map<Connection, std::deque<Values>> queues_;
};

}  // namespace bccl
