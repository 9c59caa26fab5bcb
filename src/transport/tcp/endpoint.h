/// The TCP transport: one rank's endpoint towards peers that need not share its host. Each pair of ranks has a few
/// sockets, used in both directions and shared by all lanes; slices leave with the commit, small ones in one system
/// call, large ones striped over the sockets, and are read straight from the peer's sockets by whoever waits for them.
///
/// Frames: frame.h. Credits, ends and errors: link.h. How the sockets are made: meeting.h.
#pragma once

#include <map>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/exchange.h"
#include "transport/tcp/meeting.h"
#include "transport/tcp/options.h"
#include "transport/tcp/receiver.h"
#include "transport/tcp/sender.h"

namespace bccl::tcp {

class TcpEndpoint final : public Endpoint, private Words {
 public:
  /// Collective over the exchange: opens a listener, tells its addresses, and connects to `peers`: the ranks that this
  /// one is to reach by TCP, each of which must name this rank in turn. Errors name the rank, its host, the address
  /// and the remedy.
  static Result<std::unique_ptr<TcpEndpoint>> open(Exchange& exchange, std::span<const int> peers,
                                                   const Options& options, Deadline deadline);

  /// Says goodbye. Waits until the peers' hosts have everything that was sent, but no longer than the time after which
  /// a silent host counts as dead.
  ~TcpEndpoint() override;

  std::string_view transport() const override { return "tcp"; }
  Result<Sender*> sender(std::span<const int> peers, int lane) override;
  Result<Receiver*> receiver(int peer, int lane) override;
  int lanes() const override { return options_.lanes; }
  size_t slice_bytes_max() const override { return options_.slot_bytes; }
  Stores stores() const override { return Stores::cached; }
  int slices_max() const override { return options_.slices_max; }
  Status poll() override;
  bool is_flushed() const override;
  int wake_descriptor() const override { return epoll_.get(); }
  Words* words() override { return this; }
  Memory memory() const override;
  Status give_back_pages() override;
  Status fetch_pages() override;

 private:
  TcpEndpoint(std::string me, const Options& options, Staging staging);

  void leave(std::span<const int> peers, const Word& word) override;
  std::optional<Word> word_of(int peer) override;

  Status add_link(Pair pair);
  Status watch(Link& link, int operation, bool for_room);
  void adjust_watch(Link& link);
  Status check(int peer, int lane) const;
  Connection* connection(int peer, int lane);
  void look_around();

  const std::string me_;  ///< "rank 0 (host a)"
  const Options options_;
  const uint64_t generation_;
  Staging staging_;
  uint32_t slots_given_back_ = 0;  ///< The lowest ones, and perhaps some of them not.
  std::vector<std::unique_ptr<Link>> links_;
  std::map<int, Link*> link_to_;
  std::map<std::pair<int, int>, std::unique_ptr<Connection>> connections_;
  std::map<std::pair<std::vector<int>, int>, std::unique_ptr<TcpSender>> senders_;
  std::map<std::pair<int, int>, std::unique_ptr<TcpReceiver>> receivers_;
  FileDescriptor epoll_;  ///< All sockets.
  uint32_t polls_ = 0;
  int64_t next_look_ns_ = 0;
};

}  // namespace bccl::tcp
