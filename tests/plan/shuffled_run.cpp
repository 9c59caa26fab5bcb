#include "shuffled_run.h"

#include <algorithm>
#include <deque>
#include <map>
#include <random>
#include <set>
#include <tuple>

#include <fmt/format.h>

namespace bccl::test {
namespace {

constexpr int windows = 2;

struct Slice {
  std::vector<int> labels;
  std::vector<std::string> values;
  Chunks lies_in{};  ///< If present: read there, of this rank and window, and not from values.
  Rank rank = 0;
  int window = 0;
};

/// One channel of one rank at work.
struct Worker {
  Rank rank;
  int channel;
  int window = 0;
  int step = 0;
  bool holds = false;  ///< Has taken the step's inputs and waits for room.
  Slice result{};
};

bool adds_up(Collective collective) {
  return collective == Collective::all_reduce || collective == Collective::reduce_scatter ||
         collective == Collective::reduce || collective == Collective::barrier;
}

/// Labels that each rank gives to, or gets from, each other; or that there are at all, where the whole buffer goes
/// everywhere.
int labels_each(const Plan& of) {
  switch (of.collective) {
    case Collective::all_to_all: return of.labels / (of.ranks * of.ranks);
    case Collective::all_gather:
    case Collective::reduce_scatter:
    case Collective::gather:
    case Collective::scatter: return of.labels / of.ranks;
    default: return of.labels;
  }
}

/// What a rank is to have in its target when the collective is over.
std::vector<int> wanted_labels(const Plan& of) {
  const int each = labels_each(of);
  std::vector<int> wanted;
  for (int label = 0; label < of.labels; ++label) {
    switch (of.collective) {
      case Collective::all_reduce:
      case Collective::barrier:
      case Collective::broadcast:
      case Collective::all_gather: wanted.push_back(label); break;
      case Collective::reduce:
      case Collective::gather:
        if (of.rank == of.root) wanted.push_back(label);
        break;
      case Collective::reduce_scatter:
      case Collective::scatter:
        if (label / each == of.rank) wanted.push_back(label);
        break;
      case Collective::all_to_all:
        if (label / each % of.ranks == of.rank) wanted.push_back(label);
        break;
    }
  }
  return wanted;
}

/// The rank that a label comes from, where nothing is added up.
Rank giver(const Plan& of, int label) {
  switch (of.collective) {
    case Collective::all_gather:
    case Collective::gather: return label / labels_each(of);
    case Collective::all_to_all: return label / labels_each(of) / of.ranks;
    default: return of.root;
  }
}

class ShuffledRun {
 public:
  ShuffledRun(const std::vector<Plan>& plans, const Conditions& conditions)
      : plans_(plans), conditions_(conditions), random_(conditions.seed) {
    for (const Plan& plan : plans)
      for (size_t channel = 0; channel < plan.channels.size(); ++channel)
        workers_.push_back({plan.rank, static_cast<int>(channel)});
    std::shuffle(workers_.begin(), workers_.end(), random_);
    for (const Plan& plan : plans)
      for (int window = 0; window < windows; ++window) fill(plan, window);
  }

  Outcome run() {
    Outcome outcome;
    outcome.wrong = nonsense();
    while (outcome.wrong.empty() && act()) outcome.wrong = wrong_;
    if (outcome.wrong.empty()) outcome.wrong = judge_end(outcome.targets);
    return outcome;
  }

 private:
  const Plan& plan(Rank rank) const { return plans_[static_cast<size_t>(rank)]; }
  const Channel& channel(const Worker& worker) const {
    return plan(worker.rank).channels[static_cast<size_t>(worker.channel)];
  }
  const Step& step(const Worker& worker) const { return channel(worker)[static_cast<size_t>(worker.step)]; }
  bool done(const Worker& worker) const { return worker.window == windows || channel(worker).empty(); }

  void fill(const Plan& of, int window) {
    for (size_t chunk = 0; chunk < of.layout[1].size(); ++chunk)
      cell(of.rank, window, Buffer::target, static_cast<int>(chunk)) = "garbage";
    for (size_t chunk = 0; chunk < of.layout[0].size(); ++chunk)
      cell(of.rank, window, Buffer::source, static_cast<int>(chunk)) =
          fmt::format("{}.{}.{}", of.rank, of.layout[0][chunk], window);
    for (size_t chunk = 0; chunk < of.layout[2].size(); ++chunk)
      cell(of.rank, window, Buffer::scratch, static_cast<int>(chunk)) = "garbage";
  }

  std::string& cell(Rank rank, int window, Buffer buffer, int chunk) {
    if (buffer == Buffer::scratch) window = 0;
    if (buffer == Buffer::target && conditions_.in_place) {
      const auto& source = plan(rank).layout[0];
      const auto same = std::find(source.begin(), source.end(), plan(rank).layout[1][static_cast<size_t>(chunk)]);
      if (same != source.end()) return cell(rank, window, Buffer::source, static_cast<int>(same - source.begin()));
    }
    return memory_[{rank, window, static_cast<int>(buffer), chunk}];
  }

  /// Things that no executor could even try.
  std::string nonsense() const {
    for (const Plan& of : plans_) {
      const auto outside = [&](const Chunks& chunks) {
        return chunks.count < 0 || chunks.first < 0 ||
               static_cast<size_t>(chunks.first + chunks.count) >
                   of.layout[static_cast<int>(chunks.buffer)].size();
      };
      for (const Channel& steps : of.channels) {
        for (const Step& each : steps) {
          if (outside(each.from) || outside(each.to)) return "chunk out of bounds";
          if (each.inputs() > 1 && !adds_up(of.collective)) return "adds up what is only to be moved";
          if (each.inputs() == 0 || !(each.from.present() || each.to.present())) return "no input or no size";
          if (each.to.present() && each.to.buffer == Buffer::source) return "writes the source";
          if (!each.to.present() && each.send.empty()) return "no output";
          if (each.from.present() && each.to.present() && each.from.count != each.to.count)
            return "two sizes";
          if (each.from_at > static_cast<int>(each.recv.size())) return "from_at out of bounds";
          if (each.extent().count > of.message_chunks) return "step too large";
          for (const auto* peers : {&each.recv, &each.send}) {
            if (std::set<Rank>(peers->begin(), peers->end()).size() < peers->size())
              return "peer named twice";
            for (const Rank peer : *peers)
              if (peer < 0 || peer >= of.ranks || peer == of.rank) return "peer that is none";
          }
          if (each.after.present() && (static_cast<size_t>(each.after.channel) >= of.channels.size() ||
                                       static_cast<size_t>(each.after.step) >=
                                           of.channels[static_cast<size_t>(each.after.channel)].size()))
            return "after nothing";
        }
      }
    }
    return {};
  }

  /// Moves one worker on; false if none can move.
  bool act() {
    const bool keep_order = conditions_.by_rank && random_() % 16 != 0;
    if (!keep_order) std::shuffle(workers_.begin(), workers_.end(), random_);
    return std::any_of(workers_.begin(), workers_.end(), [&](Worker& worker) { return move(worker); });
  }

  bool move(Worker& worker) {
    if (done(worker)) return false;
    if (worker.holds) return room(worker) && (give(worker), true);
    if (!after_has_run(worker) || !arrived(worker)) return false;
    if (conditions_.in_one_go && !room(worker)) return false;
    take(worker);
    worker.holds = true;
    if (conditions_.in_one_go || step(worker).send.empty()) give(worker);
    return true;
  }

  bool after_has_run(const Worker& worker) const {
    const After& after = step(worker).after;
    return !after.present() || std::any_of(workers_.begin(), workers_.end(), [&](const Worker& other) {
      return other.rank == worker.rank && other.channel == after.channel &&
             std::tie(other.window, other.step) > std::tie(worker.window, after.step);
    });
  }

  bool arrived(Worker& worker) {
    const auto& peers = step(worker).recv;
    return std::all_of(peers.begin(), peers.end(), [&](Rank peer) {
      return !connections_[{peer, worker.rank, worker.channel}].empty();
    });
  }

  bool room(Worker& worker) {
    const auto& peers = step(worker).send;
    return conditions_.slots == 0 || std::all_of(peers.begin(), peers.end(), [&](Rank peer) {
             return connections_[{worker.rank, peer, worker.channel}].size() <
                    static_cast<size_t>(conditions_.slots);
           });
  }

  void take(Worker& worker) {
    const Step& now = step(worker);
    const auto& layout = plan(worker.rank).layout[static_cast<int>(now.extent().buffer)];
    worker.result = {};
    for (int k = 0; k < now.extent().count; ++k)
      worker.result.labels.push_back(layout[static_cast<size_t>(now.extent().first + k)]);

    std::vector<std::vector<std::string>> inputs;
    for (const Rank peer : now.recv) {
      auto& connection = connections_[{peer, worker.rank, worker.channel}];
      if (connection.front().labels != worker.result.labels) wrong_ = "a message has other labels";
      inputs.push_back(read(connection.front()));
      connection.pop_front();
    }
    if (!wrong_.empty()) return;
    if (now.from.present()) {
      std::vector<std::string> local;
      for (int k = 0; k < now.from.count; ++k)
        local.push_back(cell(worker.rank, worker.window, now.from.buffer, now.from.first + k));
      inputs.insert(inputs.begin() + now.from_at, std::move(local));
    }
    for (int k = 0; k < now.extent().count; ++k)
      worker.result.values.push_back(combine(inputs, k, now.completes));
    for (int k = 0; k < now.to.count; ++k)
      cell(worker.rank, worker.window, now.to.buffer, now.to.first + k) =
          worker.result.values[static_cast<size_t>(k)];
  }

  std::vector<std::string> read(const Slice& slice) {
    std::vector<std::string> values = slice.values;
    for (int k = 0; k < slice.lies_in.count; ++k)
      values[static_cast<size_t>(k)] = cell(slice.rank, slice.window, slice.lies_in.buffer, slice.lies_in.first + k);
    return values;
  }

  /// What a step stores, or only passes on, lies there; scratch is used again too soon.
  static Chunks lies_in(const Step& step) {
    const Chunks& at = step.to.present() ? step.to : step.recv.empty() ? step.from : Chunks{};
    return at.present() && at.buffer != Buffer::scratch ? at : Chunks{};
  }

  static std::string combine(const std::vector<std::vector<std::string>>& inputs, int k, bool completes) {
    std::string value = inputs[0][static_cast<size_t>(k)];
    for (size_t at = 1; at < inputs.size(); ++at) value += '+' + inputs[at][static_cast<size_t>(k)];
    if (inputs.size() > 1) value = '(' + value + ')';
    return completes ? '[' + value + ']' : value;
  }

  void give(Worker& worker) {
    if (conditions_.by_reference) {
      worker.result.lies_in = lies_in(step(worker));
      worker.result.rank = worker.rank;
      worker.result.window = worker.window;
    }
    for (const Rank peer : step(worker).send)
      connections_[{worker.rank, peer, worker.channel}].push_back(worker.result);
    worker.holds = false;
    if (++worker.step < static_cast<int>(channel(worker).size())) return;
    worker.step = 0;
    ++worker.window;
  }

  std::string judge_end(std::vector<std::string>& targets) {
    for (const Worker& worker : workers_)
      if (!done(worker)) return fmt::format("deadlock: rank {} stands at step {}", worker.rank, worker.step);
    for (const auto& [connection, slices] : connections_)
      if (!slices.empty()) return "a message is left over";
    for (int window = 0; window < windows; ++window) {
      std::map<int, std::string> first;  // By label.
      for (const Plan& of : plans_) {
        if (of.layout[1] != wanted_labels(of)) return "a target holds other labels than the collective says";
        for (size_t chunk = 0; chunk < of.layout[1].size(); ++chunk) {
          const int label = of.layout[1][chunk];
          const std::string& value = cell(of.rank, window, Buffer::target, static_cast<int>(chunk));
          if (value != first.try_emplace(label, value).first->second && of.collective != Collective::barrier)
            return "two ranks have other bits: " + value;
          const bool right = adds_up(of.collective)
                                 ? is_full(value, label, window)
                                 : value == fmt::format("{}.{}.{}", giver(of, label), label, window);
          if (!right) return "wrong result: " + value;
          targets.push_back(value);
        }
      }
    }
    return {};
  }

  /// "[…]" around every rank's contribution to this label and window, once: completed once, when full. In a barrier they
  /// may be there more than once, and something may be added to what is complete.
  bool is_full(const std::string& value, int label, int window) const {
    const bool repeats = plans_[0].collective == Collective::barrier;
    const bool completed_once = value.front() == '[' && value.rfind('[') == 0 && value.back() == ']';
    if (plans_.size() > 1 && !(repeats ? value.find('[') != std::string::npos : completed_once)) return false;
    std::multiset<std::string> found;
    std::string leaf;
    for (const char letter : value + ' ') {
      if ((letter >= '0' && letter <= '9') || letter == '.') {
        leaf += letter;
      } else if (!leaf.empty()) {
        if (!repeats || !found.contains(leaf)) found.insert(leaf);
        leaf.clear();
      }
    }
    std::multiset<std::string> wanted;
    for (size_t rank = 0; rank < plans_.size(); ++rank)
      wanted.insert(fmt::format("{}.{}.{}", rank, label, window));
    return found == wanted && value.find("garbage") == std::string::npos;
  }

  const std::vector<Plan>& plans_;
  Conditions conditions_;
  std::mt19937_64 random_;
  std::vector<Worker> workers_;
  std::map<std::tuple<Rank, int, int, int>, std::string> memory_;         ///< Rank, window, buffer, chunk.
  std::map<std::tuple<Rank, Rank, int>, std::deque<Slice>> connections_;  ///< Sender, receiver, channel.
  std::string wrong_;
};

}  // namespace

Outcome run_shuffled(const std::vector<Plan>& plans, const Conditions& conditions) {
  return ShuffledRun(plans, conditions).run();
}

namespace {

std::string judge(const std::vector<Plan>& plans, const std::vector<bool>& in_places, bool by_reference, int rounds,
                  uint64_t seed) {
  std::vector<std::string> first;
  for (int round = 0; round < rounds; ++round) {
    for (const auto& [slots, in_one_go] :
         {std::pair{1, false}, {2, true}, {2, false}, {0, true}, {0, false}}) {
      for (const bool in_place : in_places) {
        if (in_place && plans[0].collective == Collective::all_to_all) continue;
        const bool by_rank = seed / 2 % 2 == 0;
        const Conditions conditions{slots, in_one_go, in_place, by_reference, by_rank, seed++};
        const Outcome outcome = run_shuffled(plans, conditions);
        if (!outcome.wrong.empty()) return outcome.wrong;
        if (first.empty()) first = outcome.targets;
        if (first != outcome.targets) return "two runs have other bits";
      }
    }
  }
  return {};
}

}  // namespace

std::string judge(const std::vector<Plan>& plans, int rounds, uint64_t seed) {
  return judge(plans, {false, true}, false, rounds, seed);
}

std::string judge_by_reference(const std::vector<Plan>& plans, bool in_place, int rounds, uint64_t seed) {
  return judge(plans, {in_place}, true, rounds, seed);
}

}  // namespace bccl::test
