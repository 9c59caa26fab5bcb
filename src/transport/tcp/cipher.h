/// Encrypts one socket in both directions: a stream of records {length, box}, each box made by libsodium's
/// secretstream (XChaCha20-Poly1305), which keeps their order and finds every change. The keys come from the
/// handshake of this very connection: fresh nonces of both sides under the communicator's secret, a key a direction.
/// Whoever learns that secret can read what was recorded; it lives as long as its communicator.
#pragma once

#include <memory>
#include <span>
#include <vector>

#include <sodium.h>
#include <sys/uio.h>

#include "base/status.h"
#include "net/keyed_hash.h"
#include "net/stream_socket.h"

namespace bccl::tcp {

class Cipher {
 public:
  static constexpr size_t record_bytes_max = 32 << 10;  ///< Of plain bytes: stays in a core's own cache.

  /// Keys by direction. The first bytes in each are the stream's header, sent ahead of the first record.
  Cipher(const Tag& sending, const Tag& receiving);

  /// As Pipe's. An error EBADMSG: what came is not what the peer sent.
  Transfer send(int socket, std::span<const iovec> from);
  Transfer receive(int socket, std::span<const iovec> into);

  bool holds_back() const { return has_record_; }

 private:
  bool flush(int socket, Transfer& outcome);
  size_t give(std::span<const iovec> into, size_t given);
  bool open_next(Transfer& outcome);
  bool start_opening();

  crypto_secretstream_xchacha20poly1305_state sealing_;
  crypto_secretstream_xchacha20poly1305_state opening_;
  const Tag receiving_key_;
  bool opened_ = false;        ///< The peer's stream header has come.
  bool has_record_ = false;    ///< out_ holds more than this side's stream header, which leaves with the first record.
  std::vector<std::byte> out_;  ///< A sealed record on its way …
  size_t sent_ = 0;             ///< … and what of it has left.
  std::vector<std::byte> in_;   ///< Read from the socket, sealed; room for a record.
  size_t in_begin_ = 0, in_end_ = 0;
  std::vector<std::byte> plain_;  ///< An opened record …
  size_t plain_begin_ = 0;        ///< … and what of it has been given.
};

}  // namespace bccl::tcp
