/// What the two ends of a data connection tell and prove to each other: the handshake of net/handshake.h, with the
/// communicator's secret, bound to both ranks, to the socket's place in the pair, to the wire version and, by the hash
/// of all facts, to every host that takes part. A caller that has not proved itself gets no more than a nonce or a
/// refusal.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "net/handshake.h"
#include "transport/tcp/frame.h"

namespace bccl::tcp {

inline constexpr Protocol protocol{.version = wire_version,
                                   .caller_label = "bccl tcp: the caller proves itself",
                                   .callee_label = "bccl tcp: the callee proves itself",
                                   .to_callee_label = "bccl tcp: key to the callee",
                                   .to_caller_label = "bccl tcp: key to the caller"};

enum class Refusal : uint8_t { other_version = 1, not_here = 2, wrong_secret = 3 };
inline constexpr uint8_t verdict_welcome = 1;  ///< A verdict's only detail.

/// Whom a caller wants, and what for.
struct Introduction {
  int from = 0;
  int to = 0;
  int socket = 0;   ///< Of the pair's, from 0.
  int sockets = 0;  ///< Of the pair.
  Tag world{};

  std::string pack() const;
  static Introduction unpack(std::string_view body);
};
inline constexpr size_t introduction_bytes = 4 + 4 + 1 + 1 + sizeof(Tag);
inline constexpr size_t hello_bytes = hello_bytes_with(introduction_bytes);
inline constexpr size_t proof_bytes = proof_bytes_with(0);

/// The key of the handshakes, from the communicator's secret.
Secret secret_for_tcp(const std::string& secret);

}  // namespace bccl::tcp
