#include <utility>

#include <sodium.h>

#include "node/doorbell.h"
#include "node/fork.h"
#include "node/handover.h"
#include "node/meeting.h"
#include "node/node.h"
#include "node/node_memory.h"
#include "node/packet.h"

namespace bccl {
namespace {

/// What a rank brings to the first gathering, so that a rank that lacks it fails the others at once.
struct Preparation {
  std::string meeting;    // rank 0's
  FileDescriptor socket;  // rank 0's listens
};

Result<Preparation> prepare(bool leader) {
  if (sodium_init() < 0)
    return fail(Code::system_error, "the system has no source of random numbers for libsodium");
  Preparation prepared;
  if (leader) prepared.meeting = random_meeting_name();
  prepared.socket = BCCL_TRY(leader ? listen_locally(prepared.meeting) : open_local_socket());
  return prepared;
}

/// Rank 0's process makes the memory, the others fetch it; in either case by one rank, who speaks for its
/// process.
Result<std::shared_ptr<NodeMemory>> fetch_memory(Exchange& exchange, const Members& members,
                                                 FileDescriptor socket, Deadline deadline) {
  const ProofKey key = BCCL_TRY(ProofKey::make(exchange.secret(), members.meeting()));
  const int rank = exchange.rank();
  NodeDescriptors descriptors =
      BCCL_TRY(rank == 0 ? host_meeting(std::move(socket), key, members, exchange, deadline)
                         : attend_meeting(std::move(socket), key, members, rank, deadline));
  return NodeMemory::map(std::move(descriptors), members);
}

/// How near an error is to the cause: others make a rank wait in vain, or tell it that they have failed.
int weight_of(Code code) {
  if (code == Code::success) return 0;
  if (code == Code::remote_error) return 1;
  return code == Code::timeout ? 2 : 3;
}

/// Gathers how everyone fared; the same verdict on every rank. Of several errors the cause counts, not what
/// it brought about on other ranks.
Status confirm(Exchange& exchange, const Members& members, const Status& mine, Deadline deadline) {
  const std::string blob = std::string(1, static_cast<char>(mine.code())) + mine.sentence();
  const auto gathered = exchange.all_gather(blob, deadline);
  if (!gathered.ok() && !mine.ok() && mine.code() != Code::remote_error)
    return Error{mine.code(), mine.sentence()};
  const std::vector<std::string> verdicts = BCCL_TRY(Result(gathered));
  Status verdict;
  for (int rank = 0; rank < members.size(); ++rank) {
    const std::string& theirs = verdicts[static_cast<size_t>(rank)];
    if (theirs.empty()) return fail(Code::internal_error, "{} confirmed nothing", members.describe(rank));
    if (theirs.front() == static_cast<char>(Code::success)) continue;
    const Code code = error_code_from(static_cast<uint8_t>(theirs.front()));
    if (weight_of(code) > weight_of(verdict.code()))
      verdict = fail(code, "{}: {}", members.describe(rank), theirs.substr(1));
  }
  return verdict;
}

}  // namespace

Result<std::unique_ptr<Node>> Node::join(Exchange& exchange, size_t arena_bytes, Deadline deadline,
                                         SleepOrder order) {
  const int rank = exchange.rank();
  const bool exact_sleep = register_ringers() && order == SleepOrder::membarrier;
  Result<Preparation> prepared = prepare(rank == 0);
  const Status ready = prepared.ok() ? Status{} : Status{Error{prepared.code(), prepared.sentence()}};
  const MemberFacts mine =
      local_facts(arena_bytes, exact_sleep, prepared.ok() ? prepared->meeting : std::string{}, ready);
  const Members members = BCCL_TRY(Members::gather(exchange, mine, deadline));

  const bool speaker = members.speaker(rank) == rank;
  const std::string meeting = members.meeting();
  const Result<std::shared_ptr<NodeMemory>> memory =
      speaker ? fetch_memory(exchange, members, std::move(prepared->socket), deadline)
              : take_offer(meeting, deadline);
  const Offer offer = speaker ? Offer(meeting, memory) : Offer();
  const Status locked =
      memory.ok() ? memory.value()->lock(rank) : Status{Error{memory.code(), memory.sentence()}};
  BCCL_TRY(confirm(exchange, members, locked, deadline));
  return std::unique_ptr<Node>(new Node(rank, memory.value()));
}

}  // namespace bccl
