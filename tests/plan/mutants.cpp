#include "mutants.h"

#include <algorithm>
#include <iterator>
#include <map>
#include <random>
#include <tuple>

#include <fmt/format.h>

namespace bccl::test {
namespace {

using Kind = Mutation::Kind;

size_t at(int index) { return static_cast<size_t>(index); }
int length(const auto& list) { return static_cast<int>(list.size()); }

int steps_of(const Plan& plan) {
  int steps = 0;
  for (const Channel& channel : plan.channels) steps += length(channel);
  return steps;
}

/// How many values a kind can take at a step; 0: it does not apply.
int values(Kind kind, const Plan& plan, const Mutation& where) {
  const Channel& channel = plan.channels[at(where.channel)];
  const Step& step = channel[at(where.step)];
  switch (kind) {
    case Kind::drop_step:
    case Kind::duplicate_step:
    case Kind::toggle_completes:
      return 1;
    case Kind::insert_copy:
      return plan.labels;
    case Kind::move_in_channel:
      return length(channel);
    case Kind::move_to_channel:
      return length(plan.channels);
    case Kind::change_recv:
      return length(step.recv) * plan.ranks;
    case Kind::drop_recv:
      return length(step.recv);
    case Kind::swap_recv:
      return std::max(0, length(step.recv) - 1);
    case Kind::add_recv:
      return (length(step.recv) + 1) * plan.ranks;
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
    case Kind::change_chunks:
      return plan.labels;
    case Kind::resize:
      return 6;
    case Kind::drop_after:
      return step.after.present() ? 1 : 0;
    case Kind::change_after:
      return steps_of(plan) + 1;
    case Kind::fewer_message_chunks:
      return plan.message_chunks > 1 && where.channel == 0 && where.step == 0 ? 1 : 0;
  }
  return 0;
}

constexpr int messages_added = 500;
constexpr auto kinds = static_cast<int>(Kind::fewer_message_chunks) + 1;

/// The plan's step number `value`, counted through all channels; the one after the last does not exist.
After any_step(const Plan& plan, int value) {
  int channel = 0;
  while (channel < length(plan.channels) && value >= length(plan.channels[at(channel)]))
    value -= length(plan.channels[at(channel++)]);
  return {channel, value};
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
      step.recv.insert(step.recv.begin() + value / plan.ranks, value % plan.ranks);
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
    case Kind::change_chunks:
      if (step.from.present()) step.from.first = value;
      if (step.to.present()) step.to.first = value;
      break;
    case Kind::resize:
      resize(step, value);
      break;
    case Kind::drop_after:
      step.after = {};
      break;
    case Kind::change_after:
      step.after = any_step(plan, value);
      break;
    case Kind::toggle_completes:
      step.completes = !step.completes;
      break;
    default:
      break;
  }
  step.from_at = step.from.present() ? std::min(step.from_at, length(step.recv)) : 0;
}

/// One end of a message: entry `index` of a step's send or recv.
struct End {
  Rank rank;
  int channel;
  int step;
  int index;
};

struct Link {
  End from;
  End to;
};

using Connection = std::tuple<Rank, Rank, int>;  ///< Sender, receiver, channel.

/// All messages, matched first-in-first-out. The plans are right ones: every message has both ends.
std::vector<Link> links_of(const std::vector<Plan>& plans) {
  std::map<Connection, std::vector<End>> sent;
  std::map<Connection, std::vector<End>> received;
  for (const Plan& plan : plans)
    for (int channel = 0; channel < length(plan.channels); ++channel)
      for (int step = 0; step < length(plan.channels[at(channel)]); ++step) {
        const Step& of = plan.channels[at(channel)][at(step)];
        for (int k = 0; k < length(of.send); ++k)
          sent[{plan.rank, of.send[at(k)], channel}].push_back({plan.rank, channel, step, k});
        for (int k = 0; k < length(of.recv); ++k)
          received[{of.recv[at(k)], plan.rank, channel}].push_back({plan.rank, channel, step, k});
      }
  std::vector<Link> links;
  for (const auto& [connection, from] : sent)
    for (size_t k = 0; k < from.size(); ++k) links.push_back({from[k], received.at(connection).at(k)});
  return links;
}

Mutation change(Kind kind, const End& where, int value) {
  return {kind, where.rank, where.channel, where.step, value};
}

/// The other steps of the end's channel.
std::vector<int> others(const std::vector<Plan>& plans, const End& end) {
  std::vector<int> steps;
  for (int step = 0; step < length(plans[at(end.rank)].channels[at(end.channel)]); ++step)
    if (step != end.step) steps.push_back(step);
  return steps;
}

void rename_chunks(const std::vector<Plan>& plans, const std::vector<Link>& links, std::vector<Mutant>& all) {
  std::map<std::tuple<Rank, int, int>, std::vector<Link>> by_sender;
  for (const Link& link : links)
    by_sender[{link.from.rank, link.from.channel, link.from.step}].push_back(link);
  for (const auto& [sender, sent] : by_sender)
    for (int chunk = 0; chunk < plans[0].labels; ++chunk) {
      Mutant mutant{change(Kind::change_chunks, sent[0].from, chunk)};
      for (const Link& link : sent) mutant.push_back(change(Kind::change_chunks, link.to, chunk));
      all.push_back(mutant);
    }
}

void swap_neighbours(const std::vector<Link>& links, std::vector<Mutant>& all) {
  for (size_t k = 0; k + 1 < links.size(); ++k) {
    const auto& [from, to] = links[k];
    const auto& [next_from, next_to] = links[k + 1];
    const bool neighbours = from.rank == next_from.rank && from.channel == next_from.channel &&
                            from.step + 1 == next_from.step && to.rank == next_to.rank &&
                            to.step + 1 == next_to.step;
    if (neighbours)
      all.push_back({change(Kind::move_in_channel, from, from.step + 1),
                     change(Kind::move_in_channel, to, to.step + 1)});
  }
}

void add_messages(const std::vector<Plan>& plans, uint64_t seed, std::vector<Mutant>& all) {
  std::mt19937_64 random(seed);
  const auto below = [&](size_t end) { return static_cast<int>(random() % end); };
  for (int drawn = 0; drawn < messages_added; ++drawn) {
    const Plan& sender = plans[at(below(plans.size()))];
    const Plan& receiver = plans[at(below(plans.size()))];
    const int channel = below(sender.channels.size());
    const auto of = at(channel);
    if (sender.rank == receiver.rank || sender.channels[of].empty() || receiver.channels[of].empty())
      continue;
    const End from{sender.rank, channel, below(sender.channels[of].size()), 0};
    const End to{receiver.rank, channel, below(receiver.channels[of].size()), 0};
    const size_t places = receiver.channels[of][at(to.step)].recv.size() + 1;
    all.push_back({change(Kind::add_send, from, receiver.rank),
                   change(Kind::add_recv, to, below(places) * receiver.ranks + sender.rank)});
  }
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

std::vector<Mutant> message_mutants(const std::vector<Plan>& plans, uint64_t seed) {
  const std::vector<Link> links = links_of(plans);
  std::vector<Mutant> all;
  for (const Link& link : links) {
    const Mutation drop_send = change(Kind::drop_send, link.from, link.from.index);
    const Mutation drop_recv = change(Kind::drop_recv, link.to, link.to.index);
    all.push_back({drop_send, drop_recv});
    for (End other = link.to; const int step : others(plans, link.to)) {
      other.step = step;
      all.push_back({drop_recv, change(Kind::add_recv, other, link.from.rank)});
    }
    for (End other = link.from; const int step : others(plans, link.from)) {
      other.step = step;
      all.push_back({drop_send, change(Kind::add_send, other, link.to.rank)});
    }
  }
  rename_chunks(plans, links, all);
  swap_neighbours(links, all);
  add_messages(plans, seed, all);
  return all;
}

std::vector<Mutant> sample(const std::vector<Mutant>& all, size_t most, uint64_t seed) {
  std::mt19937_64 random(seed);
  std::map<Kind, std::vector<Mutant>> by_kind;
  for (const Mutant& mutant : all) by_kind[mutant.front().kind].push_back(mutant);
  std::vector<Mutant> chosen;
  for (auto& [kind, list] : by_kind) {
    if (list.size() > most) std::shuffle(list.begin(), list.end(), random);
    list.resize(std::min(most, list.size()));
    chosen.insert(chosen.end(), list.begin(), list.end());
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
    case Kind::insert_copy: {
      Step copy;
      copy.from = source(mutation.value);
      copy.to = target(mutation.value);
      channel.insert(here, copy);
      break;
    }
    case Kind::move_in_channel:
    case Kind::move_to_channel: {
      const bool stays = mutation.kind == Kind::move_in_channel;
      const Step moved = *here;
      channel.erase(here);
      Channel& other = stays ? channel : mutant.channels[at(mutation.value)];
      const int place = stays ? mutation.value : mutation.step;
      other.insert(other.begin() + std::min(place, length(other)), moved);
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
  static constexpr const char* names[] = {
      "drop_step",           "duplicate_step", "insert_copy", "move_in_channel", "move_to_channel",
      "change_recv",         "drop_recv",      "add_recv",    "swap_recv",       "change_send",
      "drop_send",           "add_send",       "change_from", "drop_from",       "flip_from_buffer",
      "change_from_at",      "change_to",      "drop_to",     "add_to",          "flip_to_buffer",
      "change_chunks",       "resize",         "drop_after",  "change_after",    "toggle_completes",
      "fewer_message_chunks"};
  static_assert(std::size(names) == kinds);
  return fmt::format("{}({}) at rank {}, channel {}, step {}", names[static_cast<int>(mutation.kind)],
                     mutation.value, mutation.rank, mutation.channel, mutation.step);
}

std::string describe(const Mutant& mutant) {
  std::string words;
  for (const Mutation& mutation : mutant) words += (words.empty() ? "" : "; ") + describe(mutation);
  return words;
}

}  // namespace bccl::test
