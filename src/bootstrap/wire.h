/// What travels on a connection once it is authenticated: frames {length, kind, tag, payload}. The tag is
/// BLAKE2b, keyed for this connection and direction, over a counter, the kind, the length and the payload's
/// hash: a frame that was altered, inserted, dropped, repeated or reflected is found out. Hashing the payload
/// apart from the tag lets the root hash what it sends to all ranks once. Values; each object belongs to one
/// thread.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "bootstrap/authenticate.h"
#include "bootstrap/roster.h"

namespace bccl {

enum class FrameKind : uint32_t {
  contribution = 1,  ///< rank → root: my blob of the next all_gather
  gathered = 2,      ///< root → rank: some of the blobs, in the order of ranks
  failure = 3,       ///< root → rank: why nothing more will come
  goodbye = 4,       ///< rank → root: I close on purpose; and why, if the others are to fail because of it
};

inline constexpr size_t frame_header_bytes = 4 + 4 + 32;
inline constexpr size_t frame_payload_bytes_max = blob_bytes_max + 64;
inline constexpr size_t sentence_bytes_max = 4096;  ///< Longer sentences of failures are cut.

/// The bytes of a frame and their hash; copies share them.
class Payload {
 public:
  explicit Payload(std::string bytes);

  const std::string& bytes() const { return *bytes_; }
  const Tag& hash() const { return hash_; }

 private:
  std::shared_ptr<const std::string> bytes_;
  Tag hash_;
};

/// Makes the headers of one direction of a connection, in the order in which the frames are sent.
class FrameSealer {
 public:
  explicit FrameSealer(const Tag& key) : key_(key) {}
  std::string header(FrameKind kind, const Payload& payload);

 private:
  Tag key_;
  uint64_t counter_ = 0;
};

struct Frame {
  FrameKind kind;
  std::string payload;
};

/// Cuts a stream of bytes into frames and checks each. After an error it must not be used again.
class FrameReader {
 public:
  explicit FrameReader(const Tag& key) : key_(key) {}

  void feed(std::string_view bytes) { bytes_ += bytes; }
  /// Empty if more bytes are needed. The error: too long, or its tag is wrong.
  Result<std::optional<Frame>> next();

 private:
  Tag key_;
  uint64_t counter_ = 0;
  std::string bytes_;
  size_t used_ = 0;
};

struct Contribution {
  uint32_t left_ms = 0;    ///< Until the sender's deadline.
  uint32_t budget_ms = 0;  ///< What that deadline was made with, for messages.
  std::string blob;
};
std::string pack(const Contribution& contribution);
Result<Contribution> parse_contribution(std::string_view payload);

/// The blobs of a round as payloads of `gathered` frames.
std::vector<Payload> pack_gathered(const std::vector<std::string>& blobs);
/// Appends the blobs of one such payload; never more than `size` in all.
Status parse_gathered(std::string_view payload, size_t size, std::vector<std::string>& blobs);

std::string pack(const Error& failure);
Error parse_failure(std::string_view payload);

}  // namespace bccl
