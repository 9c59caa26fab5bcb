/// What a communicator is busy with, moved on step by step: a collective (operation.h), or messages between pairs of ranks
/// (messages.h). advance() never blocks; whoever drives an activity decides how to wait. One thread at a time.
#pragma once

#include <cstdint>
#include <string>

#include "plan/plan.h"

namespace bccl {

/// Smaller messages are cheaper copied than looked up, mapped and waited for, whatever the transport.
inline constexpr size_t referred_bytes_min = 4096;

enum class Progress : uint8_t {
  none,      ///< Nothing could move.
  some,      ///< Something moved; there is more to do.
  done,      ///< This rank's part is complete and its result is there.
  mismatch,  ///< A peer's slice is not what this rank expects: difference() says more.
};

/// A slice that belongs to another call than this rank made.
struct Difference {
  Rank peer = -1;
  bool same_call = false;      ///< Both ranks made the call, with other counts for each other.
  uint64_t bytes_expected = 0; ///< Where same_call: of the whole message …
  uint64_t bytes_sent = 0;     ///< … and what the peer sends, modulo 2³².
};

class Activity {
 public:
  virtual ~Activity() = default;

  virtual Progress advance() = 0;

  /// After advance() found nothing to do: looks again and again, for some tens of nanoseconds, at the one slice that
  /// everything waits for. True as soon as it is there; false also where there is no such slice.
  virtual bool glance() = 0;

  /// Whether advance() would move something; for a sleeper's last look.
  virtual bool can_move() = 0;

  /// Whether something waits for this peer; and in words what the first of all waits is for:
  /// "channel 0, step 3 waits to receive chunk 2 from rank 1".
  virtual bool waits_for(Rank peer) const = 0;
  virtual std::string describe_wait() const = 0;

  const Difference& difference() const { return difference_; }

  /// Whether some slice was read in memory that its sender lent. What was made of it is right if that sender's call had not
  /// failed by then.
  bool read_lent() const { return read_lent_; }

 protected:
  Difference difference_;
  bool read_lent_ = false;  ///< Since the start.
};

}  // namespace bccl
