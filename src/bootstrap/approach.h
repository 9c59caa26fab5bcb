/// One address of the root, tried until it lets this rank in, refuses it, or the caller gives up. Nothing
/// here blocks: the caller polls `socket` and advances. One thread.
///
/// Several approaches may lead to the same root, and a rank must not come in twice. So an approach stops at
/// `challenged`, and the caller lets one at a time go on.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "bootstrap/authenticate.h"
#include "net/stream_socket.h"
#include "bootstrap/wire.h"

namespace bccl {

class Approach {
 public:
  enum class State {
    waiting,  ///< for its first or next try
    connecting,
    greeted,     ///< hello is sent
    challenged,  ///< the challenge is here; may prove
    proving,     ///< the proof is sent
    listening,   ///< the root has proved itself, too, and is about to say why it turns this rank away
    welcome,
    turned_away,  ///< by the root: final
    refused,  ///< by a peer that proved nothing, or there is no common protocol: final here, not elsewhere
  };

  Approach(const Address& address, const Secret& secret, const Introduction& me, int64_t start_ns);

  State state() const { return state_; }
  bool is_under_way() const { return state_ != State::waiting && state_ < State::welcome; }
  bool was_tried() const { return problem_.has_value() || state_ != State::waiting; }
  const Address& address() const { return address_; }
  const std::optional<Error>& problem() const { return problem_; }  ///< Of the last try.

  int socket() const { return socket_.get(); }
  short poll_events() const;  ///< 0: nothing to wait for.
  std::optional<int64_t> next_ns() const {
    return next_ns_;
  }  ///< To be advanced then even if the socket is quiet.

  void advance(int64_t now);
  void hasten(int64_t now);  ///< The first try begins now.
  void prove(int64_t now);   ///< In `challenged` only.

  FileDescriptor take_socket() { return std::move(socket_); }  ///< In `welcome` only.
  SessionKeys keys() const { return handshake_->keys(); }

 private:
  void connect(int64_t now);
  void greet(int64_t now);
  void hear(int64_t now);
  void conclude(int64_t now);
  void listen(int64_t now);
  bool read_message(size_t bytes, int64_t now);
  bool write(const std::string& message, int64_t now);
  void retry(Error problem, int64_t now);
  void end(State state, Error problem);

  Address address_;
  Secret secret_;
  Introduction me_;
  State state_ = State::waiting;
  std::optional<int64_t> next_ns_;
  int64_t pause_ms_;
  FileDescriptor socket_;
  std::optional<RankHandshake> handshake_;
  std::string inbox_;
  std::optional<FrameReader> reader_;
  std::optional<Error> problem_;
};

}  // namespace bccl
