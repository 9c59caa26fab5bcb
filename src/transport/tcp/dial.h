/// One socket that this rank makes to a peer: calls one of its addresses after another until one answers as that peer,
/// or the meeting's time is over. Nothing here blocks: the meeting polls `socket` and advances. One thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "net/stream_socket.h"
#include "transport/tcp/introduction.h"

namespace bccl::tcp {

inline constexpr int64_t answer_ms_max = 3'000;  ///< An address that has not answered by then is given up for now.

class Dial {
 public:
  /// `first`: of the addresses, which to begin with.
  Dial(const Introduction& introduction, const Secret& secret, std::vector<Address> addresses, size_t first,
       size_t buffer_bytes);

  const Introduction& introduction() const { return introduction_; }
  bool done() const { return state_ == State::done; }
  int socket() const { return socket_.get(); }
  short poll_events() const;
  int64_t next_ns() const { return next_ns_; }  ///< To be advanced then even if the socket is quiet.

  void advance(int64_t now_ns);

  std::string problems() const;  ///< What became of each address.
  FileDescriptor take_socket() { return std::move(socket_); }  ///< Once done.
  SessionKeys keys() const { return handshake_->keys(); }
  const Address& address() const { return addresses_[at_]; }

 private:
  enum class State : uint8_t { waiting, connecting, greeted, proving, done };

  void connect(int64_t now_ns);
  void greet(int64_t now_ns);
  void hear(int64_t now_ns);
  void conclude(int64_t now_ns);
  bool read_message(size_t bytes, int64_t now_ns);
  bool write(const std::string& message, int64_t now_ns);
  void give_up(const std::string& why, int64_t now_ns);

  Introduction introduction_;
  Secret secret_;
  std::vector<Address> addresses_;
  std::vector<std::string> problems_;  ///< By address; empty: not tried.
  size_t at_;
  size_t buffer_bytes_;
  State state_ = State::waiting;
  int64_t next_ns_ = 0;
  int64_t pause_ms_ = 1;
  FileDescriptor socket_;
  std::optional<CallerHandshake> handshake_;
  std::string inbox_;
};

}  // namespace bccl::tcp
