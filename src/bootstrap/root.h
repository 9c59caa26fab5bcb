/// The root of one communicator's bootstrap: listens, lets in who proves that it knows the secret, and relays
/// blobs. Owned by the RootServer and called under its lock, by its thread (and, when it opens, by the
/// opener's). It reacts to sockets and deadlines; everything that has to be said is written at the end of a
/// turn, in `tend`.
///
/// A stranger costs one descriptor for handshake_ms_max at most, and there are strangers_max of them at most;
/// the oldest goes first. A rank gets through even a flood of them: it needs two turns of the server's
/// thread, in which no more than accepts_per_turn newcomers each can push it out.
#pragma once

#include <array>
#include <list>
#include <memory>
#include <vector>

#include "net/poller.h"
#include "bootstrap/root_connection.h"
#include "bootstrap/roster.h"

namespace bccl {

inline constexpr int strangers_max = 256;
inline constexpr int accepts_per_turn = 16;
inline constexpr int64_t farewell_ms_max = 30'000;  ///< A failed root tells late ranks why for so long.
inline constexpr int64_t unused_root_ms_max =
    3'600'000;                                   ///< A root that no rank is connected to ends after it.
inline constexpr int64_t accept_pause_ms = 100;  ///< After the process ran out of descriptors.

class Root {
 public:
  /// Listens on all the addresses that this host has (port 0: any); an error if there is none, or one is in
  /// use.
  static Result<std::unique_ptr<Root>> open(Poller& poller, const std::vector<Address>& listen_on,
                                            const Secret& secret);
  ~Root();

  /// How to reach it from this host; from others, too, unless it listens on a wildcard address.
  UniqueId id() const;

  /// A root that is done (all are in, or it failed) leaves a port that the next root wants.
  void yield_port(uint16_t port);

  /// Ends a turn: what is due at `now` happens, and what is queued is sent.
  void tend(int64_t now);
  int64_t next_deadline_ns() const;  ///< When to be tended even if nothing happens.
  bool ended(int64_t now) const;

 private:
  using Stage = RootConnection::Stage;
  struct Door {
    Listener listener;
    uint64_t watch = 0;
  };

  Root(Poller& poller, const Secret& secret, std::string place);
  void accept(Door& door);
  void let_in(Accepted accepted);
  bool drop_oldest_stranger();
  void note_shortage(int error_number);
  void pause_doors();
  void resume_doors();

  void hear(RootConnection& connection);
  void greet(RootConnection& stranger);
  void dismiss(RootConnection& stranger, const std::string& reason);
  void admit(RootConnection& stranger, const Introduction& who);
  void listen_to(RootConnection& member);
  Status take(RootConnection& member, const Frame& frame);
  void lose(RootConnection& connection, bool on_purpose);

  void publish();
  void tell_failure(int64_t now);
  void expire(int64_t now);
  void flush();
  bool is_ours(const RootConnection& member) const;
  bool is_unused() const;
  bool is_gathering() const { return !roster_.failure() && !roster_.all_entered(); }

  Poller& poller_;
  Secret secret_;
  std::vector<Address> addresses_;
  std::vector<std::unique_ptr<Door>> doors_;
  std::list<std::unique_ptr<RootConnection>> connections_;  ///< In the order in which they came.
  Roster roster_;
  std::string own_host_;

  int64_t idle_since_ns_;
  int64_t failed_at_ns_ = 0;
  int64_t doors_resume_ns_ = 0;
  std::string shortage_;  ///< What kept connections out, if anything did.
  bool dismissal_logged_ = false;
};

}  // namespace bccl
