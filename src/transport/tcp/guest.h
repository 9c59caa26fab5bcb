/// Somebody who has called one of our listeners: a stranger until the proof has come. Whoever sends a wrong byte, or
/// waits for too long, is dropped; nobody is waited for. Owned by the meeting; nothing here blocks.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "net/stream_socket.h"
#include "transport/tcp/introduction.h"

namespace bccl::tcp {

class Guest {
 public:
  /// Whether we are the one that a caller wants.
  using Expected = std::function<bool(const Introduction&)>;

  Guest(Accepted accepted, const Secret& secret, int64_t deadline_ns);

  enum class State : uint8_t { greeting, proving, welcome, dropped };
  State state() const { return state_; }
  int socket() const { return socket_.get(); }
  int64_t deadline_ns() const { return deadline_ns_; }
  const std::string& from() const { return from_; }
  const Introduction& introduction() const { return introduction_; }

  void advance(const Expected& expected);
  FileDescriptor take_socket() { return std::move(socket_); }  ///< In `welcome` only.
  SessionKeys keys() const { return handshake_.keys(); }

 private:
  bool read_message(size_t bytes);
  void answer_hello(const Expected& expected);
  void check_proof();
  void send(const std::string& message);
  void refuse(Refusal reason);
  void drop();

  FileDescriptor socket_;
  std::string from_;
  int64_t deadline_ns_;
  State state_ = State::greeting;
  CalleeHandshake handshake_;
  Introduction introduction_;
  std::string inbox_;
};

}  // namespace bccl::tcp
