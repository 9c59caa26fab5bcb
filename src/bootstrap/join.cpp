#include <algorithm>
#include <cerrno>
#include <limits>

#include <poll.h>
#include <unistd.h>

#include "base/host.h"
#include "bootstrap/approach.h"
#include "bootstrap/joined_exchange.h"
#include "bootstrap/process.h"
#include "bootstrap/rendezvous.h"
#include "bootstrap/roster.h"

namespace bccl {
namespace {

constexpr int64_t ns_per_ms = 1'000'000;
constexpr int64_t stagger_ms = 50;  // the best address gets this much of a start before the next one
constexpr int64_t other_addresses_ms =
    1000;  // after a refusal: how long the others may still turn out better
constexpr int64_t grace_ms = 100;  // so long no interrupt counts: a rank that was let in can tell the others that it goes

using State = Approach::State;

/// All ways to one root at once; the first that lets the rank in wins.
class Arrival {
 public:
  Arrival(const UniqueId& id, const Introduction& me, int64_t now) {
    int64_t start = now;
    for (const Address& address : id.addresses) {
      approaches_.emplace_back(address, id.secret, me, start);
      start += stagger_ms * ns_per_ms;
    }
  }

  void advance(int64_t now) {
    for (size_t i = 0; i < approaches_.size(); ++i) {
      approaches_[i].advance(now);
      if (approaches_[i].problem() && i + 1 < approaches_.size()) approaches_[i + 1].hasten(now);
    }
    if (!has_proved())
      if (Approach* next = find(State::challenged)) next->prove(now);
    if (refused_at_ns_ == 0 && find(State::refused) != nullptr) refused_at_ns_ = now;
  }

  Approach* welcomed() { return find(State::welcome); }

  /// A refusal that cannot get better by waiting, if there is one.
  std::optional<Error> refusal(int64_t now) {
    const auto is_hopeful = [](const Approach& each) { return each.is_under_way() || !each.was_tried(); };
    const Approach* by = find(State::turned_away);
    if (by == nullptr && refused_at_ns_ != 0 &&
        (std::ranges::none_of(approaches_, is_hopeful) ||
         now > refused_at_ns_ + other_addresses_ms * ns_per_ms))
      by = find(State::refused);
    if (by == nullptr) return std::nullopt;
    if (by->state() == State::turned_away) return by->problem();
    return fail(by->problem()->code, "{}: {}", to_string(by->address()), by->problem()->sentence);
  }

  std::string problems() const {
    std::vector<std::string> each_of_them;
    for (const Approach& each : approaches_)
      each_of_them.push_back(
          fmt::format("{}: {}", to_string(each.address()),
                      each.problem() ? each.problem()->sentence : std::string{"no answer"}));
    return fmt::format("{}", fmt::join(each_of_them, "; "));
  }

  Status wait(int64_t now, const Patience& patience) const {
    std::vector<pollfd> sockets;
    int64_t ms = look_ms(patience);
    for (const Approach& each : approaches_) {
      if (each.poll_events() != 0) sockets.push_back({each.socket(), each.poll_events(), 0});
      if (each.next_ns())
        ms = std::min(ms, (std::max<int64_t>(*each.next_ns() - now, 0) + ns_per_ms - 1) / ns_per_ms);
    }
    if (refused_at_ns_ != 0) ms = std::min(ms, other_addresses_ms);
    if (poll(sockets.data(), sockets.size(), static_cast<int>(ms)) < 0 && errno != EINTR)
      return fail_errno(errno, "cannot wait for the sockets of the bootstrap");
    return {};
  }

 private:
  /// The root knows this rank from one of the approaches, or is about to; also one that is over by now, for
  /// the verdict and another challenge may come in the same turn.
  bool has_proved() {
    for (const State state : {State::proving, State::listening, State::welcome, State::turned_away})
      if (find(state) != nullptr) return true;
    return false;
  }

  Approach* find(State state) {
    const auto found = std::ranges::find(approaches_, state, &Approach::state);
    return found == approaches_.end() ? nullptr : &*found;
  }

  std::vector<Approach> approaches_;
  int64_t refused_at_ns_ = 0;
};

Result<Seat> arrive(const UniqueId& id, const Introduction& me, const Patience& patience) {
  const int64_t begin = now_ns();
  Arrival arrival{id, me, begin};
  while (true) {
    const int64_t now = now_ns();
    arrival.advance(now);
    if (Approach* way = arrival.welcomed())
      return Seat{way->take_socket(), way->keys(), me.rank, me.size, to_string(way->address())};
    if (const auto refusal = arrival.refusal(now)) return *refusal;
    if (patience.deadline.passed())
      return fail(Code::timeout,
                  "cannot reach the root within {} ({}): is its process alive, and its host reachable?",
                  spell_ms(patience.deadline.budget_ms()), arrival.problems());
    if (patience.interrupt && now > begin + grace_ms * ns_per_ms) BCCL_TRY(patience.interrupt());
    BCCL_TRY(arrival.wait(now, patience));
  }
}

}  // namespace

Result<std::unique_ptr<Exchange>> join(const UniqueId& id, int rank, int size, const Patience& patience) {
  if (size < 1 || static_cast<uint32_t>(size) > ranks_max || rank < 0 || rank >= size)
    return fail(Code::invalid_argument,
                "rank {} of {} ranks: ranks count from 0, and there are 1 to {} of them", rank, size,
                ranks_max);
  if (id.addresses.empty())
    return fail(Code::invalid_argument, "rank {}: the unique id holds no address", rank);
  const Introduction me{rank, size, static_cast<uint32_t>(getpid()), host_name()};
  Result<Seat> seat = arrive(id, me, patience);
  if (!seat.ok()) return fail(seat.code(), "rank {} of {}: {}", rank, size, seat.sentence());
  return std::unique_ptr<Exchange>{std::make_unique<JoinedExchange>(std::move(*seat), id.secret, patience.interrupt)};
}

}  // namespace bccl
