/// The Exchange of a rank that the root has let in. Its destructor tells the root that the rank leaves on
/// purpose, and why if it was interrupted.
#pragma once

#include <optional>

#include <sys/types.h>

#include "base/exchange.h"
#include "base/file_descriptor.h"
#include "bootstrap/authenticate.h"
#include "bootstrap/rendezvous.h"
#include "bootstrap/wire.h"

namespace bccl {

/// A rank's authenticated connection to the root.
struct Seat {
  FileDescriptor socket;
  SessionKeys keys;
  int rank = 0;
  int size = 0;
  std::string root;  ///< Its address, for messages.
};

/// How long a wait with this patience may last before it is asked again.
int64_t look_ms(const Patience& patience);

class JoinedExchange : public Exchange {
 public:
  JoinedExchange(Seat seat, const Secret& secret, Interrupt interrupt);
  ~JoinedExchange() override;
  JoinedExchange(const JoinedExchange&) = delete;
  JoinedExchange& operator=(const JoinedExchange&) = delete;

  int rank() const override { return seat_.rank; }
  int size() const override { return seat_.size; }
  const std::string& secret() const override { return secret_; }
  Result<std::vector<std::string>> all_gather(const std::string& mine, Deadline deadline) override;
  Status check() override;

 private:
  using Blobs = std::vector<std::string>;
  Error root_ended() const;
  Status look_for_interrupt();
  Result<Blobs> gather(const std::string& mine, Deadline deadline);
  Status send(FrameKind kind, const Payload& payload, Deadline deadline);
  Status take_frames(Blobs& blobs);
  Status read_what_waits(Blobs& blobs, bool* gone);
  Status wait_for(short events, Deadline deadline);
  size_t ranks() const { return static_cast<size_t>(seat_.size); }

  Seat seat_;
  std::string secret_;
  const Interrupt interrupt_;
  const pid_t pid_;
  FrameSealer sealer_;
  FrameReader reader_;
  int rounds_ = 0;
  std::optional<Error> failure_;  ///< The first one stays.
  std::optional<Error> interruption_;  ///< That caused it.
};

}  // namespace bccl
