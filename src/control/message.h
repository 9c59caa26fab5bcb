/// What the leaders of hosts tell each other about one communicator, as messages {length, kind, payload} in a stream
/// of bytes. Pure functions of bytes: the sockets are steward.h's.
///
///     ask        how do your ranks fare?
///     report     so: a BoardReport for each rank of my host, ascending; the answer to an ask, or unasked
///     proposal   a rank of mine wants this error posted on all hosts: you decide
///     decision   this error is posted
///     farewell   my own rank has left: from now on I may go without meaning harm
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "node/board.h"
#include "node/envoy.h"

namespace bccl::control {

enum class Kind : uint32_t { ask = 1, report = 2, proposal = 3, decision = 4, farewell = 5 };
inline constexpr size_t message_header_bytes = 8;
inline constexpr size_t message_payload_max = size_t{1} << 20;  ///< Reports of 4,800 ranks of one host.

struct Message {
  Kind kind = Kind::ask;
  std::string payload = {};
  bool operator==(const Message&) const = default;
};
std::string pack(const Message& message);

/// Cuts a stream into messages. After an error it must not be used again.
class MessageReader {
 public:
  void feed(std::string_view bytes) { bytes_ += bytes; }
  /// Empty if more bytes are needed. The error: too long, or of no known kind.
  Result<std::optional<Message>> next();

 private:
  std::string bytes_;
};

std::string pack(const std::vector<BoardReport>& reports);
/// The error: not exactly so many.
Result<std::vector<BoardReport>> parse_reports(std::string_view payload, size_t ranks);

std::string pack(const Notice& notice);
/// Its code and sentence are what any rank may post, whatever came.
Result<Notice> parse_notice(std::string_view payload, int ranks);

}  // namespace bccl::control
