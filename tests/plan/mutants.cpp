#include "mutants.h"

#include <algorithm>
#include <map>
#include <random>

#include <fmt/format.h>

namespace bccl::test {
namespace {

using Kind = Mutation::Kind;

size_t at(int index) { return static_cast<size_t>(index); }
int length(const auto& list) { return static_cast<int>(list.size()); }

/// How many values a kind can take at a step; 0: it does not apply.
int values(Kind kind, const Plan& plan, const Mutation& where) {
  const Channel& channel = plan.channels[at(where.channel)];
  const Step& step = channel[at(where.step)];
  switch (kind) {
    case Kind::drop_step:
    case Kind::duplicate_step:
    case Kind::toggle_completes:
      return 1;
    case Kind::swap_with_next:
      return where.step + 1 < length(channel) ? 1 : 0;
    case Kind::move_to_channel:
      return length(plan.channels);
    case Kind::change_recv:
      return length(step.recv) * plan.ranks;
    case Kind::drop_recv:
      return length(step.recv);
    case Kind::swap_recv:
      return std::max(0, length(step.recv) - 1);
    case Kind::add_recv:
    case Kind::add_send:
      return plan.ranks;
    case Kind::change_send:
      return length(step.send) * plan.ranks;
    case Kind::drop_send:
      return length(step.send);
    case Kind::change_from:
      return step.from.present() ? length(plan.labels_of(step.from.buffer)) : 0;
    case Kind::drop_from:
      return step.from.present() ? 1 : 0;
    case Kind::flip_from_buffer:
      return step.from.present() ? buffer_count : 0;
    case Kind::change_from_at:
      return step.from.present() ? length(step.recv) + 1 : 0;
    case Kind::change_to:
      return step.to.present() ? length(plan.labels_of(step.to.buffer)) : 0;
    case Kind::drop_to:
      return step.to.present() ? 1 : 0;
    case Kind::add_to:
      return step.to.present() ? 0 : 1;
    case Kind::flip_to_buffer:
      return step.to.present() ? buffer_count : 0;
    case Kind::resize:
      return 6;
    case Kind::drop_after:
      return step.after.present() ? 1 : 0;
    case Kind::change_after:
      return 8;
    case Kind::fewer_message_chunks:
      return plan.message_chunks > 1 && where.channel == 0 && where.step == 0 ? 1 : 0;
  }
  return 0;
}

constexpr auto kinds = static_cast<int>(Kind::fewer_message_chunks) + 1;

/// Another step of another channel, if there is one.
After some_step(const Plan& plan, const Mutation& mutation) {
  std::vector<After> candidates;
  for (int channel = 0; channel < length(plan.channels); ++channel)
    for (int step = 0; channel != mutation.channel && step < length(plan.channels[at(channel)]); ++step)
      candidates.push_back({channel, step});
  if (candidates.empty()) return plan.channels[at(mutation.channel)][at(mutation.step)].after;
  return candidates[at(mutation.value) * 7 % candidates.size()];
}

void resize(Step& step, int value) {
  const auto grow = [&](Chunks& chunks) {
    if (!chunks.present()) return;
    if (value % 3 == 0) ++chunks.count;
    if (value % 3 == 1) --chunks.count;
    if (value % 3 == 2) --chunks.first, ++chunks.count;
  };
  grow(step.from);
  if (value < 3) grow(step.to);
}

void change_step(Step& step, const Plan& plan, const Mutation& mutation) {
  const int value = mutation.value;
  switch (mutation.kind) {
    case Kind::change_recv:
      step.recv[at(value / plan.ranks)] = value % plan.ranks;
      break;
    case Kind::drop_recv:
      step.recv.erase(step.recv.begin() + value);
      break;
    case Kind::add_recv:
      step.recv.push_back(value);
      break;
    case Kind::swap_recv:
      std::swap(step.recv[at(value)], step.recv[at(value + 1)]);
      break;
    case Kind::change_send:
      step.send[at(value / plan.ranks)] = value % plan.ranks;
      break;
    case Kind::drop_send:
      step.send.erase(step.send.begin() + value);
      break;
    case Kind::add_send:
      step.send.push_back(value);
      break;
    case Kind::change_from:
      step.from.first = value;
      break;
    case Kind::drop_from:
      step.from = {};
      break;
    case Kind::flip_from_buffer:
      step.from.buffer = static_cast<Buffer>(value);
      break;
    case Kind::change_from_at:
      step.from_at = value;
      break;
    case Kind::change_to:
      step.to.first = value;
      break;
    case Kind::drop_to:
      step.to = {};
      break;
    case Kind::add_to:
      step.to = target(step.from.first, step.from.count);
      break;
    case Kind::flip_to_buffer:
      step.to.buffer = static_cast<Buffer>(value);
      break;
    case Kind::resize:
      resize(step, value);
      break;
    case Kind::drop_after:
      step.after = {};
      break;
    case Kind::change_after:
      step.after = some_step(plan, mutation);
      break;
    case Kind::toggle_completes:
      step.completes = !step.completes;
      break;
    default:
      break;
  }
  step.from_at = step.from.present() ? std::min(step.from_at, length(step.recv)) : 0;
}

}  // namespace

std::vector<Mutation> mutations(const std::vector<Plan>& plans) {
  std::vector<Mutation> all;
  for (int kind = 0; kind < kinds; ++kind)
    for (const Plan& plan : plans)
      for (int channel = 0; channel < length(plan.channels); ++channel)
        for (int step = 0; step < length(plan.channels[at(channel)]); ++step) {
          Mutation mutation{static_cast<Kind>(kind), plan.rank, channel, step};
          const int count = values(mutation.kind, plan, mutation);
          for (mutation.value = 0; mutation.value < count; ++mutation.value) all.push_back(mutation);
        }
  return all;
}

std::vector<Mutation> sample(const std::vector<Mutation>& all, size_t most, uint64_t seed) {
  std::mt19937_64 random(seed);
  std::map<Kind, std::vector<Mutation>> by_kind;
  for (const Mutation& mutation : all) by_kind[mutation.kind].push_back(mutation);
  std::vector<Mutation> chosen;
  for (auto& [kind, list] : by_kind) {
    if (list.size() > most) std::shuffle(list.begin(), list.end(), random);
    chosen.insert(chosen.end(), list.begin(), list.begin() + static_cast<long>(std::min(most, list.size())));
  }
  return chosen;
}

Plan mutate(const Plan& plan, const Mutation& mutation) {
  Plan mutant = plan;
  Channel& channel = mutant.channels[at(mutation.channel)];
  const auto here = channel.begin() + mutation.step;
  switch (mutation.kind) {
    case Kind::drop_step:
      channel.erase(here);
      break;
    case Kind::duplicate_step:
      channel.insert(here, Step(*here));
      break;
    case Kind::swap_with_next:
      std::iter_swap(here, here + 1);
      break;
    case Kind::move_to_channel: {
      const Step moved = *here;
      channel.erase(here);
      Channel& other = mutant.channels[at(mutation.value)];
      other.insert(other.begin() + std::min(mutation.step, length(other)), moved);
      break;
    }
    case Kind::fewer_message_chunks:
      --mutant.message_chunks;
      break;
    default:
      change_step(*here, plan, mutation);
  }
  return mutant;
}

std::string describe(const Mutation& mutation) {
  static constexpr const char* names[kinds] = {
      "drop_step",  "duplicate_step", "swap_with_next",   "move_to_channel",     "change_recv",
      "drop_recv",  "add_recv",       "swap_recv",        "change_send",         "drop_send",
      "add_send",   "change_from",    "drop_from",        "flip_from_buffer",    "change_from_at",
      "change_to",  "drop_to",        "add_to",           "flip_to_buffer",      "resize",
      "drop_after", "change_after",   "toggle_completes", "fewer_message_chunks"};
  return fmt::format("{}({}) at rank {}, channel {}, step {}", names[static_cast<int>(mutation.kind)],
                     mutation.value, mutation.rank, mutation.channel, mutation.step);
}

}  // namespace bccl::test
