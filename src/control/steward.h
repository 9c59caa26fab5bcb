/// What the leader of a host does, for one communicator, so that ranks of different hosts know of each other: it asks
/// the other leaders how their ranks fare when a rank here wants to know, tells them the same, and settles with them
/// on the one error that breaks the communicator.
///
///   who decides?   The first proposal that reaches the deciding host, which is the lowest one that this host has a
///                  link to. Every leader passes on the first decision that it hears, so a decision that has left the
///                  deciding host reaches all that can be reached.
///   who is lost?   A leader whose connection ends without a farewell is dead; all ranks of a host that does not answer
///                  any more are lost. Both are known here, and become an error only if a rank needs them.
///   when is it     When no rank is left here, or no link. It outlives the leader's own rank, so that the others of its
///   over?          host are still told of, as long as the leader's process lives.
///
/// Called by one thread at a time, under the service's lock. Nothing here blocks.
#pragma once

#include <list>
#include <memory>
#include <optional>
#include <vector>

#include "control/link.h"
#include "node/envoy.h"

namespace bccl::control {

class Steward {
 public:
  Steward(std::unique_ptr<Envoy> envoy, std::vector<Line> lines);

  int bell() const { return envoy_->bell(); }
  std::list<Link>& links() { return links_; }

  /// Does all that there is to do: to be called when the bell rang or a socket is ready, and at next_look_ns().
  void tend(int64_t now_ns);
  /// To be called after it, when nobody watches the sockets of lost links any more.
  void drop_lost_links();
  int64_t next_look_ns() const { return next_look_ns_; }  ///< INT64_MAX: only when something happens.
  bool over() const { return over_; }

 private:
  void hear(Link& link);
  void take(Link& link, const Message& message);
  void take_reports(Link& link, const std::string& payload);
  void lose(Link& link);
  void ask(int64_t now_ns);
  void say_farewell();
  Message report() const;

  void settle();
  void decide(const Notice& notice);
  Link* deciding_link();

  const std::unique_ptr<Envoy> envoy_;
  std::list<Link> links_;
  std::optional<Notice> proposal_;  ///< Of this host, or of another that takes this one for the deciding one.
  int proposed_to_ = -1;            ///< The group.
  bool settled_ = false;
  bool farewell_said_ = false;
  bool over_ = false;
  int64_t next_look_ns_;
};

}  // namespace bccl::control
