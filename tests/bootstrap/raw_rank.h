/// A rank that knows the secret, and then does what no rank would. Every byte it sends and gets is kept.
#pragma once

#include <string>

#include "bootstrap/authenticate.h"
#include "bootstrap/wire.h"
#include "plain_socket.h"

namespace bccl::test {

class RawRank {
 public:
  RawRank(const UniqueId& id, int rank, int size, const std::string& host = "elsewhere", uint32_t pid = 4711);

  void say_hello();
  void prove();
  bool welcomed();  ///< Reads the verdict.
  void enter();     ///< All three; throws if it is not welcome.

  void send(FrameKind kind, const std::string& payload);
  Frame receive();
  PlainSocket& socket() { return socket_; }

  const std::string& hello() const { return hello_; }
  const std::string& challenge() const { return challenge_; }
  const std::string& proof() const { return proof_; }
  const std::string& verdict() const { return verdict_; }

 private:
  PlainSocket socket_;
  RankHandshake handshake_;
  std::string hello_, challenge_, proof_, verdict_;
  std::optional<FrameSealer> sealer_;
  std::optional<FrameReader> reader_;
};

}  // namespace bccl::test
