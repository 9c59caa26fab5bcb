/// All that goes on between this rank and one peer: the sockets of the pair, the lanes that share them, and how it
/// ends. Whatever comes is read as soon as anybody asks, for there is a slot for each slice that the peer may have in
/// flight: so no lane can hold up another, and the sockets never fill for want of a reader that is at work.
///
/// Credits: a connection holds slices_max slices, from commit to release. Releases are told with the next slice that
/// goes back on the lane, or else when half of them are owed, or when nothing else has happened for a while.
///
/// Ends: a peer says goodbye before it closes. One that closes without, or whose host is silent for too long, has died.
///
/// Owned by one TcpEndpoint; one thread; nothing here blocks or, until there is an error, allocates once made.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/status.h"
#include "base/word.h"
#include "transport/tcp/frame_reader.h"
#include "transport/tcp/inlet.h"
#include "transport/tcp/lane.h"
#include "transport/tcp/options.h"
#include "transport/tcp/outlet.h"
#include "transport/tcp/peer.h"
#include "transport/tcp/slots.h"

namespace bccl::tcp {

/// What the epoll of the endpoint watches a link's sockets for.
enum class Watch : uint8_t { none, arrivals, arrivals_and_room };

class Link final : private FrameSink {
 public:
  /// `pipes`: for data, in their order; then one that tells whether the peer's host lives, and carries words only.
  Link(std::string me, Peer peer, std::vector<Pipe> pipes, SlotMemory memory, const Options& options);
  ~Link() override = default;
  Link(const Link&) = delete;
  Link& operator=(const Link&) = delete;

  const Peer& peer() const { return peer_; }
  Lane& lane(int index) { return lanes_[static_cast<size_t>(index)]; }
  SlotStack& slots() { return slots_; }

  // ---- sending ----

  /// Room for one more slice; reads what the peer has told if there seems to be none.
  bool has_room(int lane);
  /// Sends at once what the sockets take. The lender hears of it when all has left, or never will.
  void send(int lane, const std::byte* data, size_t bytes, uint32_t signature, Lender& lender, uint32_t loan);
  void flush();
  bool is_flushed() const;

  // ---- receiving ----

  /// The oldest slice of the lane if all of it is here, or nullptr; reads if it seems not to be.
  const Incoming* peek(int lane);
  void release(int lane);

  // ---- upkeep ----

  void read();          ///< All that has come.
  void settle_credits();  ///< Tells what is owed if nothing has been released for some of these calls.
  /// Says goodbye, after which nothing may be sent; asked again until it is true: the peer's host has everything, or
  /// never will.
  bool part();
  void hang_up();
  void look_after(int64_t now_ns);  ///< Now and then: ends that nobody asked for, and silence.
  Watch watch = Watch::arrivals;
  int sockets() const { return static_cast<int>(pipes_.size()); }
  int socket(int index) const { return pipes_[static_cast<size_t>(index)].socket(); }

  /// Words go by the socket that shows life, where no slice is in their way, and after errors, too.
  void leave_word(const Word& word);
  std::optional<Word> word();

  /// Why the link is of no use any more. A peer that has left in an orderly way is an error once something is wanted
  /// of it.
  const std::optional<Error>& error() const { return error_; }
  bool has_ended() const { return left_ || error_; }

 private:
  Result<Destination> take(const Header& header) override;
  bool payload_complete() override {
    --inline_slice_->parts_left;
    return has_wanted();
  }
  bool has_wanted() { return wanted_ != nullptr && wanted_->queue.count() > 0 && wanted_->queue.front().complete(); }
  size_t send_whole(const HeaderBytes& header, const std::byte* data, size_t bytes);
  Result<Destination> take_slice(const Header& header);
  Status take_credits(const Header& header);
  Error garbage(const std::string& what) const;

  void read_for(Lane* wanted);
  bool read_frames();
  void pay(int lane);
  void flush(size_t socket);
  int parts_for(size_t bytes) const;
  void stop_sending(int error_number);
  void give_up_loans();
  void read_life();
  void end_of(size_t socket, int error_number);
  void check_acknowledgements(int64_t now_ns);
  void fail_with(Error error);
  void miss(std::string_view what);

  const std::string me_;
  const Peer peer_;
  const int slices_max_;
  const size_t slot_bytes_;
  const size_t stripe_bytes_min_;
  const int64_t detection_ms_;
  std::vector<Pipe> pipes_;
  std::vector<Outlet> outlets_;  ///< By data socket.
  std::vector<Inlet> inlets_;    ///< By data socket; the first is not used.
  FrameReader reader_{*this};
  std::vector<Lane> lanes_;
  std::vector<Departure> departures_;  ///< One for each slice that may be in flight …
  std::vector<Departure*> free_departures_;  ///< … and those of none.
  SlotStack slots_;
  Incoming* inline_slice_ = nullptr;
  Lane* wanted_ = nullptr;     ///< Whose slice is asked for at the moment, if it is one lane's.
  int next_socket_ = 0;
  uint32_t owed_ = 0;          ///< On all lanes.
  int calls_since_release_ = 0;
  bool can_send_ = true;
  bool parting_ = false;
  bool left_ = false;          ///< The goodbye has come.
  int64_t ended_ns_ = 0;       ///< When a socket other than the first was found closed.
  int end_error_ = 0;
  int64_t looked_ns_ = 0;
  int64_t stalled_ns_ = 0;     ///< Since when sent bytes are not acknowledged.
  std::string word_in_part_;
  std::optional<Word> word_;
  std::optional<Error> error_;
};

}  // namespace bccl::tcp
