/// Small changes to a set of plans, most of which make it wrong. What the verifier is tested with.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "plan/plan.h"

namespace bccl::test {

/// One change to one step of one rank's plan. What `value` means depends on the kind.
struct Mutation {
  enum class Kind : uint8_t {
    drop_step,
    duplicate_step,
    insert_copy,
    move_in_channel,
    move_to_channel,
    change_recv,
    drop_recv,
    add_recv,
    swap_recv,
    change_send,
    drop_send,
    add_send,
    change_from,
    drop_from,
    flip_from_buffer,
    change_from_at,
    change_to,
    drop_to,
    add_to,
    flip_to_buffer,
    change_chunks,
    resize,
    drop_after,
    change_after,
    toggle_completes,
    fewer_message_chunks,
  };

  Kind kind;
  Rank rank;
  int channel;
  int step;
  int value = 0;
};

/// Changes that belong together, to be made one after another.
using Mutant = std::vector<Mutation>;

/// Every change of every kind to every step, in a fixed order.
std::vector<Mutation> mutations(const std::vector<Plan>& plans);

/// Changes at both ends of a message, which single ones cannot make without leaving a send or a receive
/// alone: each message dropped, each step's chunks renamed together with those of its receivers, neighbours
/// swapped at both ends, each receipt and each sending moved to every other step; and a sample of messages
/// added.
std::vector<Mutant> message_mutants(const std::vector<Plan>& plans, uint64_t seed);

/// At most `most` for each kind of (first) change, chosen by the seed.
std::vector<Mutant> sample(const std::vector<Mutant>& all, size_t most, uint64_t seed);

/// The plan of the mutation's rank, changed. May equal the original.
Plan mutate(const Plan& plan, const Mutation& mutation);

std::string describe(const Mutation& mutation);
std::string describe(const Mutant& mutant);

}  // namespace bccl::test
