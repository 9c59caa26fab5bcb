/// Strangers on the host's own socket say what the input wants, descriptors attached: the leader of a node
/// waits for its ranks all the same, says who is missing, and gives nobody the memory.
#include "input.h"
#include "node/doorbell.h"
#include "node/meeting.h"
#include "node/packet.h"

using namespace bccl;
using fuzz::Input;
using fuzz::require;

namespace {

/// Two ranks in two processes; the other one never comes.
class TwoProcesses final : public Exchange {
 public:
  int rank() const override { return 0; }
  int size() const override { return 2; }
  const std::string& secret() const override { return secret_; }
  Result<std::vector<std::string>> all_gather(const std::string& mine, Deadline) override {
    MemberFacts other;
    std::memcpy(&other, mine.data(), sizeof other);
    other.process[0] ^= 1;
    return std::vector{mine, std::string(bytes_of(other))};
  }

 private:
  static std::string_view bytes_of(const MemberFacts& facts) {
    return {reinterpret_cast<const char*>(&facts), sizeof facts};
  }
  std::string secret_ = std::string(32, 's');
};

/// A greeting in the right form, its nonce and perhaps its rank made up.
Greeting greeting_from(Input& input) {
  Greeting greeting{greeting_magic, 1, {}};
  if (input.below(4) == 0) greeting.member = static_cast<int8_t>(input.byte());
  std::ranges::copy(input.take(4), greeting.nonce.begin());
  return greeting;
}

void say_something(Input& input, int socket) {
  const Greeting greeting = greeting_from(input);
  const std::string_view bytes = input.below(2) == 0 ? bytes_of_struct(greeting) : input.take(input.byte());
  const std::vector<int> descriptors(static_cast<size_t>(input.below(4)), socket);
  static_cast<void>(send_packet(socket, bytes, descriptors, Deadline::after_ms(0)).ok());
}

std::vector<FileDescriptor> let_strangers_call(Input& input, const std::string& meeting) {
  std::vector<FileDescriptor> strangers;
  while (!input.at_end() && strangers.size() < 8) {
    Result<FileDescriptor> socket = open_local_socket();
    require(socket.ok() && connect_locally(socket->get(), meeting, Deadline::after_ms(1000)).ok(),
            "anyone may call");
    for (int packets = input.below(4); packets > 0; --packets) say_something(input, socket->get());
    if (input.below(2) == 0) strangers.push_back(std::move(*socket));  // else it hangs up
  }
  return strangers;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  TwoProcesses exchange;
  const std::string meeting = random_meeting_name();
  Result<FileDescriptor> listener = listen_locally(meeting);
  require(listener.ok(), "the leader listens");
  const MemberFacts mine = local_facts(true, {});
  Result<Members> members = Members::gather(exchange, mine, Deadline::after_ms(0));
  Result<ProofKey> key = ProofKey::make(exchange.secret(), meeting);
  require(members.ok() && key.ok(), "the leader is prepared");
  Party party(*members, Groups::by_key(members->host_keys()), 0);
  party.meeting = meeting;
  party.arena_bytes = {4096, 4096};

  Input input{data, size};
  const std::vector<FileDescriptor> strangers = let_strangers_call(input, meeting);
  const auto met = host_meeting(std::move(*listener), *key, party, exchange, Deadline::after_ms(0));
  require(met.code() == Code::timeout && met.sentence().find("rank 1") != std::string::npos,
          "rank 1 is missing");
  for (const FileDescriptor& stranger : strangers) {
    auto heard = try_receive_packet(stranger.get(), packet_descriptors_max);
    require(!heard.ok() || !*heard || (*heard)->descriptors.empty(), "nobody is given a descriptor");
  }
  return 0;
}
