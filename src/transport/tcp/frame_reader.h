/// Cuts the stream of socket 0 into headers and inline payload. Of one Link; nothing here blocks or allocates.
///
/// It reads ahead, so that one system call fetches a small slice together with its header, or the rest of a large one
/// together with the headers behind it; of a large slice what was not read ahead goes straight to where it belongs. Where
/// the header of the next large slice has come with the end of one, nothing is made of it until somebody asks again: he may
/// say first where he wants that slice.
#pragma once

#include <array>
#include <cstddef>

#include "base/status.h"
#include "transport/tcp/frame.h"
#include "transport/tcp/pipe.h"

namespace bccl::tcp {

/// Where the payload that follows a header on socket 0 belongs.
struct Destination {
  std::byte* data = nullptr;
  size_t bytes = 0;
  size_t padding = 0;  ///< Bytes that come before it and belong nowhere.
};

/// Makes sense of headers.
class FrameSink {
 public:
  virtual ~FrameSink() = default;
  /// An error: this peer does not speak our protocol.
  virtual Result<Destination> take(const Header& header) = 0;
  /// The payload of the last header with any has come. True: nothing more is asked for now.
  virtual bool payload_complete() = 0;
};

class FrameReader {
 public:
  explicit FrameReader(FrameSink& sink) : sink_(sink) {}

  /// One read, at most, and what follows from it. `drained`: there is nothing more to read now.
  struct Outcome {
    Transfer transfer;
    bool drained = false;
  };
  /// `large`: the next slice is expected to be.
  Result<Outcome> read(Pipe& pipe, bool large);

 private:
  Status parse();
  bool deliver(size_t bytes);

  FrameSink& sink_;
  Destination rest_;  ///< Of a payload that has come in part. If it is not empty, nothing is ahead.
  size_t payload_bytes_ = 0;  ///< Of the last frame that had any.
  std::array<std::byte, 16 << 10> ahead_;
  size_t begin_ = 0;
  size_t end_ = 0;
};

}  // namespace bccl::tcp
