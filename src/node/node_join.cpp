#include <optional>
#include <utility>

#include <sodium.h>

#include "base/log.h"
#include "memory/pages.h"
#include "node/doorbell.h"
#include "node/fork.h"
#include "node/handover.h"
#include "node/joining.h"
#include "node/meeting.h"
#include "node/node.h"
#include "node/node_memory.h"
#include "node/packet.h"

namespace bccl {
namespace {

Status ready_to_join() {
  if (sodium_init() < 0)
    return fail(Code::system_error, "the system has no source of random numbers for libsodium");
  return {};
}

/// Nobody has to be met if every group is one process.
bool any_meeting(const Members& all, const Groups& groups) {
  for (int rank = 0; rank < all.size(); ++rank)
    if (!all.same_process(rank, groups.leader(groups.of(rank)))) return true;
  return false;
}

/// One attempt of all ranks to join their presumed groups.
class Attempt {
 public:
  Attempt(Exchange& exchange, const Members& all, const Groups& groups, Deadline deadline, int memory_node)
      : exchange_(exchange), deadline_(deadline), memory_node_(memory_node), party_(all, groups, exchange.rank()) {}

  /// Collective: the memory of this rank's group, or how the groups have to be refined.
  Result<std::shared_ptr<NodeMemory>> run(size_t arena_bytes, std::optional<Round>& refused) {
    const Round invited = BCCL_TRY(conclude(prepare(arena_bytes)));
    if (invited.any_refused()) return give_up(invited, refused);
    BCCL_TRY(accept_invitations(invited, party_));
    if (any_meeting(party_.all(), party_.groups())) {
      const Round reached = BCCL_TRY(conclude(reach()));
      if (reached.any_refused()) return give_up(reached, refused);
    }
    const Result<std::shared_ptr<NodeMemory>> memory = speaks() ? fetch() : take_offer(party_.meeting, deadline_);
    const Offer offer = speaks() ? Offer(party_.meeting, memory) : Offer();
    const Round joined = BCCL_TRY(conclude(lock(memory)));
    if (joined.any_refused()) return give_up(joined, refused);
    return memory;
  }

 private:
  /// So that a rank that lacks what it needs fails the others at once.
  Result<std::string> prepare(size_t arena_bytes) {
    Invitation invitation{.arena_bytes = arena_bytes, .meeting = {}};
    if (me() == 0) invitation.meeting = random_meeting_name();
    const bool met = party_.here().members_of_process(0).size() < static_cast<size_t>(party_.here().size());
    if (met && speaks())
      socket_ = BCCL_TRY(me() == 0 ? listen_locally(invitation.meeting) : open_local_socket());
    return pack(invitation);
  }

  Result<std::string> reach() {
    if (speaks() && me() != 0) BCCL_TRY(reach_locally(socket_.get(), party_.meeting));
    return std::string{};
  }

  /// The leader's process makes the memory, the others fetch it; in either case by one rank, who speaks for its
  /// process.
  Result<std::shared_ptr<NodeMemory>> fetch() {
    const ProofKey key = BCCL_TRY(ProofKey::make(exchange_.secret(), party_.meeting));
    NodeDescriptors descriptors =
        BCCL_TRY(me() == 0 ? host_meeting(std::move(socket_), key, party_, exchange_, deadline_)
                           : attend_meeting(std::move(socket_), key, party_, me(), deadline_));
    return NodeMemory::map(std::move(descriptors), party_);
  }

  Result<std::string> lock(const Result<std::shared_ptr<NodeMemory>>& memory) {
    if (!memory.ok()) return Error{memory.code(), memory.sentence()};
    BCCL_TRY(memory.value()->lock(exchange_.rank()));
    place(memory.value()->arena(exchange_.rank()));
    return std::string{};
  }

  /// Before anybody touches it: peers do so when this round is over, and the first to look at a page would decide.
  void place(std::span<std::byte> arena) const {
    if (memory_node_ < 0) return;
    if (const Status placed = prefer_node(arena, memory_node_); !placed.ok())
      log(LogLevel::info, "{}: its staging memory lies where it is touched first: {}",
          party_.all().describe(exchange_.rank()), placed.sentence());
  }

  static std::shared_ptr<NodeMemory> give_up(const Round& round, std::optional<Round>& refused) {
    refused = round;
    return nullptr;
  }

  Result<Round> conclude(const Result<std::string>& mine) {
    return bccl::conclude(exchange_, party_.all(), party_.groups(), mine, deadline_);
  }
  int me() const { return party_.member_of(exchange_.rank()); }
  bool speaks() const { return party_.here().speaker(me()) == me(); }

  Exchange& exchange_;
  const Deadline deadline_;
  const int memory_node_;
  Party party_;
  FileDescriptor socket_;  ///< A leader's listens.
};

}  // namespace

Result<std::unique_ptr<Node>> Node::join(Exchange& exchange, const ArenaBytes& arena_bytes, Deadline deadline,
                                         const JoinOptions& options) {
  const int rank = exchange.rank();
  const bool exact_sleep = register_ringers() && options.order == SleepOrder::membarrier;
  const Members all =
      BCCL_TRY(Members::gather(exchange, local_facts(exact_sleep, ready_to_join(), options.identity), deadline));
  Groups groups = Groups::by_key(all.host_keys());
  for (;;) {  // every attempt but the last splits a group
    const auto here = static_cast<int>(groups.members(groups.of(rank)).size());
    std::optional<Round> refused;
    std::shared_ptr<NodeMemory> memory =
        BCCL_TRY(Attempt(exchange, all, groups, deadline, options.memory_node).run(arena_bytes(here), refused));
    if (!refused) return std::unique_ptr<Node>(new Node(rank, std::move(memory)));
    Groups refined = groups.without(refused->refused);
    if (refined == groups) return fail(Code::system_error, "{}", refused->refusal);
    log(LogLevel::info, "ranks that seem to be on one host are taken apart: {}", refused->refusal);
    groups = std::move(refined);
  }
}

}  // namespace bccl
