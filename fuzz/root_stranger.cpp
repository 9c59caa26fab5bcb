/// A stranger's bytes, in pieces, on a connection that the root has accepted: it is never let in, and never
/// gets an answer that depends on the secret.
#include <sys/socket.h>

#include "bootstrap/root_connection.h"
#include "input.h"

using namespace bccl;
using fuzz::Input;
using fuzz::require;

namespace {

/// One turn of the root on this connection; false once the root would drop it.
bool turn(RootConnection& connection) {
  auto message = connection.read_message();
  require(message.ok() == message.sentence().empty(), "an error has a sentence");
  if (!message.ok()) return false;
  if (!*message) return true;
  auto who = connection.answer(**message);
  require(!who.ok() || !*who, "nobody is let in who does not know the secret");
  if (!who.ok()) connection.refuse(Refusal::wrong_secret);
  return who.ok() && connection.flush();
}

/// What the root has said so far.
std::string hear(int socket) {
  std::array<char, 4096> bytes;
  const Transfer transfer = read_some(socket, bytes);
  return {bytes.data(), transfer.bytes};
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  int ends[2];
  require(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends) == 0, "there are sockets");
  const FileDescriptor stranger{ends[0]};
  Poller poller;
  require(poller.open().ok(), "there is a poller");
  RootConnection connection{poller, Accepted{FileDescriptor{ends[1]}, "a stranger"},
                            fuzz::filled<secret_bytes>(7)};
  require(connection.watch([] {}).ok(), "the connection is watched");

  bool stays = true;
  for (Input input{data, size}; stays && !input.at_end();) {
    static_cast<void>(write_some(stranger.get(), input.take(size_t{1} + input.byte())));
    stays = turn(connection);
  }
  require(connection.is_stranger(), "a stranger remains one");
  require(hear(stranger.get()).size() <= challenge_bytes + prefix_bytes,
          "a stranger hears a challenge, a refusal");
  connection.close();
  poller.close();
  return 0;
}
