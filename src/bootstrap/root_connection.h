/// One connection that a root has accepted: first a stranger, then (if it proves that it knows the secret) a
/// member, or on its way out. Moves bytes and knows the handshake; what they mean is the root's business.
/// Owned by one Root, called under the server's lock. Nothing here blocks.
#pragma once

#include <deque>
#include <optional>
#include <string>
#include <vector>

#include "bootstrap/authenticate.h"
#include "net/poller.h"
#include "net/stream_socket.h"
#include "bootstrap/wire.h"

namespace bccl {

class RootConnection {
 public:
  enum class Stage {
    greeting,  ///< a stranger who has to say hello
    proving,   ///< a stranger who has to answer the challenge
    member,
    leaving,  ///< it will get what is queued, and is not listened to
    closed,
  };

  RootConnection(Poller& poller, Accepted accepted, const Secret& secret);
  ~RootConnection() { close(); }
  RootConnection(const RootConnection&) = delete;
  RootConnection& operator=(const RootConnection&) = delete;

  Status watch(Poller::Callback callback);
  void close();

  Stage stage() const { return stage_; }
  bool is_stranger() const { return stage_ == Stage::greeting || stage_ == Stage::proving; }
  const std::string& from() const { return from_; }
  const Introduction& who() const { return who_; }

  /// The next message of a stranger's handshake, once it is whole. The error says why this is no rank.
  Result<std::optional<std::string>> read_message();
  /// Answers it: a challenge to a hello; the introduction, once proved, to a proof.
  Result<std::optional<Introduction>> answer(std::string_view message);
  void refuse(Refusal reason);  ///< Told to a stranger as the last thing.

  void welcome();                    ///< The stranger is a member from now on.
  void turn_away(const Error& why);  ///< The stranger gets the verdict and the reason, and is leaving.

  /// What a member has sent since. The error: it has gone (`*gone`), or sends what no rank would.
  Result<std::vector<Frame>> read_frames(bool* gone);
  void send(FrameKind kind, const Payload& payload);
  void leave() { stage_ = Stage::leaving; }  ///< After what is queued.

  /// Writes what is queued, as far as it goes now; false if the peer has gone.
  bool flush();

  int64_t deadline_ns = 0;  ///< Of a stranger's handshake, a member's round, or a farewell; 0: none.
  int64_t deadline_budget_ms = 0;

 private:
  struct Outgoing {
    std::string head;
    std::optional<Payload> body;
  };
  void finish_handshake(Verdict verdict);

  Poller& poller_;
  FileDescriptor socket_;
  std::string from_;
  uint64_t watch_ = 0;
  Stage stage_ = Stage::greeting;

  RootHandshake handshake_;
  std::string inbox_;
  Introduction who_;
  std::optional<FrameReader> reader_;
  std::optional<FrameSealer> sealer_;

  std::deque<Outgoing> outbox_;
  size_t sent_bytes_ = 0;  ///< of the first in the outbox
  bool waits_for_room_ = false;
};

}  // namespace bccl
