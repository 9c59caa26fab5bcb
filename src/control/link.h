/// The connection to the leader of one other host: messages on one socket, and beside it a socket that carries
/// nothing, by which the kernels find out whether the other host lives although its leader may be stopped. Owned by
/// a Steward; nothing here blocks.
#pragma once

#include <optional>
#include <string>
#include <utility>

#include "base/status.h"
#include "control/message.h"
#include "transport/tcp/pipe.h"

namespace bccl::control {

/// An authenticated connection to the leader of a host, as it was made.
struct Line {
  int group = 0;  ///< Of the other host's ranks.
  tcp::Pipe messages;
  tcp::Pipe life;
};

/// Why a link is no more.
enum class Loss : uint8_t {
  none,
  closed,       ///< By the other side's kernel: the leader's process has ended, whatever way.
  unreachable,  ///< The other host did not answer for as long as is allowed.
  garbled,      ///< What came was no message.
};

class Link {
 public:
  explicit Link(Line line) : line_(std::move(line)) {}
  ~Link();  ///< Hangs up, for every process that has inherited the sockets, too.
  Link(const Link&) = delete;
  Link& operator=(const Link&) = delete;

  int group() const { return line_.group; }
  int messages_socket() const { return line_.messages.socket(); }
  int life_socket() const { return line_.life.socket(); }

  void send(const Message& message);
  bool wants_to_write() const { return !outbox_.empty() || line_.messages.holds_back(); }

  /// Reads and writes what can be.
  void advance();
  std::optional<Message> take_message();  ///< What has come, also before a loss.

  Loss loss() const { return loss_; }
  const std::string& reason() const { return reason_; }  ///< Of the loss, in words.

  // What the steward remembers of it.
  bool awaits_report = false;
  int64_t asked_ns = 0;
  bool farewell_heard = false;

 private:
  void read();
  void write();
  void lose(int error);

  Line line_;
  std::string outbox_;
  MessageReader inbox_;
  Loss loss_ = Loss::none;
  std::string reason_;
};

}  // namespace bccl::control
