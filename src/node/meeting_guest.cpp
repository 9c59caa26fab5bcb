#include <utility>

#include "node/doorbell.h"
#include "node/meeting.h"
#include "node/packet.h"

namespace bccl {
namespace {

class MeetingGuest {
 public:
  MeetingGuest(const ProofKey& key, const Party& party, int member, Deadline deadline)
      : key_(key), party_(party), members_(party.here()), member_(member), deadline_(deadline) {}

  Result<NodeDescriptors> run(FileDescriptor socket) {
    // A flood of strangers may crowd us out before our proof was looked at: then come again. When the host
    // has given up, nobody listens any more, and connecting ends the loop.
    for (;;) {
      BCCL_TRY(connect_locally(socket.get(), party_.meeting, deadline_));
      Result<NodeDescriptors> met = meet(socket.get());
      if (met.ok() || met.code() != Code::remote_error || deadline_.passed()) return met;
      socket = BCCL_TRY(open_local_socket());
    }
  }

 private:
  Result<NodeDescriptors> meet(int socket) {
    BCCL_TRY(introduce(socket));
    return trade(socket);
  }

  Status introduce(int socket) {
    const Greeting greeting{greeting_magic, member_, random_nonce()};
    BCCL_TRY(send_packet(socket, bytes_of_struct(greeting), {}, deadline_));
    const Packet packet = BCCL_TRY(receive_packet(socket, 0, deadline_));
    const std::optional<Challenge> challenge = struct_in<Challenge>(packet);
    if (!challenge)
      return fail(Code::internal_error, "{} answered with a malformed challenge", members_.describe(0));
    const Dialogue dialogue{member_, greeting.nonce, challenge->nonce};
    if (!ProofKey::same(challenge->proof, key_.of_host(dialogue)))
      return fail(Code::internal_error, "{} does not know the job's secret", members_.describe(0));
    const Answer answer{key_.of_guest(dialogue)};
    return send_packet(socket, bytes_of_struct(answer), {}, deadline_);
  }

  Result<NodeDescriptors> trade(int socket) {
    const std::vector<int> mine = members_.members_of_process(member_);
    std::vector<FileDescriptor> doorbells;
    std::vector<int> numbers;
    for (size_t i = 0; i < mine.size(); ++i) {
      doorbells.push_back(BCCL_TRY(make_doorbell()));
      numbers.push_back(doorbells.back().get());
    }
    BCCL_TRY(send_descriptors(socket, numbers, deadline_));
    const size_t before_doorbells = party_.spans_hosts() ? 2 : 1;
    std::vector<FileDescriptor> all = BCCL_TRY(
        receive_descriptors(socket, before_doorbells + static_cast<size_t>(members_.size()), deadline_));
    NodeDescriptors descriptors;
    descriptors.memory = std::move(all.front());
    if (party_.spans_hosts()) descriptors.control_bell = std::move(all[1]);
    descriptors.doorbells.assign(
        std::make_move_iterator(all.begin() + static_cast<std::ptrdiff_t>(before_doorbells)),
        std::make_move_iterator(all.end()));
    return descriptors;
  }

  const ProofKey& key_;
  const Party& party_;
  const Members& members_;
  const int member_;
  const Deadline deadline_;
};

}  // namespace

Result<NodeDescriptors> attend_meeting(FileDescriptor socket, const ProofKey& key, const Party& party,
                                       int member, Deadline deadline) {
  Result<NodeDescriptors> met = MeetingGuest(key, party, member, deadline).run(std::move(socket));
  if (met.ok()) return met;
  return fail(met.code(), "{} could not get the node's memory from {}: {}", party.here().describe(member),
              party.here().describe(0), met.sentence());
}

}  // namespace bccl
