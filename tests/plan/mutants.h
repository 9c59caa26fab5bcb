/// Small changes to a set of plans, most of which make it wrong. What the verifier is tested with.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "plan/plan.h"

namespace bccl::test {

/// One change to one rank's plan. What `value` means depends on the kind.
struct Mutation {
  enum class Kind : uint8_t {
    drop_step,
    duplicate_step,
    swap_with_next,
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

/// All that apply to these plans, in a fixed order.
std::vector<Mutation> mutations(const std::vector<Plan>& plans);

/// At most `most` of each kind, chosen by the seed.
std::vector<Mutation> sample(const std::vector<Mutation>& all, size_t most, uint64_t seed);

/// The plan of the mutation's rank, changed. May equal the original.
Plan mutate(const Plan& plan, const Mutation& mutation);

std::string describe(const Mutation& mutation);

}  // namespace bccl::test
