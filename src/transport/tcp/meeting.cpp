#include "transport/tcp/meeting.h"

#include <algorithm>
#include <cerrno>
#include <list>
#include <memory>
#include <optional>

#include <poll.h>

#include "base/host.h"
#include "base/log.h"
#include "transport/tcp/cipher.h"
#include "transport/tcp/dial.h"
#include "transport/tcp/guest.h"
#include "transport/tcp/life.h"
#include "transport/tcp/routes.h"

namespace bccl::tcp {
namespace {

constexpr int64_t ns_per_ms = 1'000'000;
constexpr int64_t check_ms = 100;  // how often the exchange is asked whether somebody has died

/// The sockets of one pair so far.
struct Seats {
  struct Seat {
    FileDescriptor socket;
    Tag sending{}, receiving{};
    std::string address;
  };
  std::vector<Seat> seats;

  bool full() const {
    return !seats.empty() && std::ranges::all_of(seats, [](const Seat& seat) { return seat.socket.valid(); });
  }
};

class Meeting {
 public:
  Meeting(Exchange& exchange, const Gathered& gathered, std::vector<Listener> listeners, const Options& options)
      : exchange_(exchange),
        gathered_(gathered),
        me_(exchange.rank()),
        secret_(secret_for_tcp(exchange.secret())),
        listeners_(std::move(listeners)),
        options_(options) {}

  Status invite(int peer);
  Status run(Deadline deadline);
  std::vector<Pair> take_pairs();

 private:
  const Facts& facts(int rank) const { return gathered_.facts[static_cast<size_t>(rank)]; }
  bool complete() const {
    return std::ranges::all_of(pairs_, [](const auto& pair) { return pair.second.full(); });
  }
  void advance(int64_t now);
  void let_in(int64_t now);
  void seat(int peer, const Introduction& introduction, FileDescriptor socket, const Tag& sending, const Tag& receiving,
            std::string address);
  bool is_expected(const Introduction& introduction) const;
  Status wait(int64_t now, Deadline deadline) const;
  Error missing(Deadline deadline) const;

  Exchange& exchange_;
  const Gathered& gathered_;
  const int me_;
  const Secret secret_;
  std::vector<Listener> listeners_;
  const Options& options_;
  std::map<int, Seats> pairs_;
  std::list<Dial> dials_;
  std::list<Guest> guests_;
};

Status Meeting::invite(int peer) {
  Seats& seats = pairs_[peer];
  if (peer < me_) return {};  // it calls
  const Facts& theirs = facts(peer);
  const bool same_machine = !facts(me_).machine.empty() && facts(me_).machine == theirs.machine;
  Routes routes = routes_to(facts(me_).doors, theirs.doors, same_machine, !options_.interfaces.empty());
  if (routes.addresses.empty())
    return fail(Code::invalid_usage,
                "rank {} (host {}): rank {} (host {}) has no address that can be called from here; name an interface "
                "that leads there in BCCL_SOCKET_IFNAME",
                me_, facts(me_).host, peer, theirs.host);
  const auto data = std::max(static_cast<size_t>(options_.sockets), std::min<size_t>(routes.rails, sockets_max));
  const int count = static_cast<int>(data) + 1;
  seats.seats.resize(static_cast<size_t>(count));
  for (int socket = 0; socket < count; ++socket) {
    const Introduction introduction{me_, peer, socket, count, gathered_.world};
    dials_.emplace_back(introduction, secret_, routes.addresses, static_cast<size_t>(socket) % routes.rails,
                        options_.buffer_bytes);
  }
  return {};
}

bool Meeting::is_expected(const Introduction& who) const {
  const auto pair = pairs_.find(who.from);
  if (who.to != me_ || pair == pairs_.end() || who.from >= me_ || !equal_tags(who.world, gathered_.world)) return false;
  const size_t known = pair->second.seats.size();
  return who.sockets >= 2 && who.sockets <= sockets_max + 1 && who.socket < who.sockets &&
         (known == 0 || known == static_cast<size_t>(who.sockets));
}

void Meeting::seat(int peer, const Introduction& introduction, FileDescriptor socket, const Tag& sending,
                   const Tag& receiving, std::string address) {
  auto& seats = pairs_[peer].seats;
  if (seats.empty()) seats.resize(static_cast<size_t>(introduction.sockets));
  seats[static_cast<size_t>(introduction.socket)] = {std::move(socket), sending, receiving, std::move(address)};
}

void Meeting::let_in(int64_t now) {
  for (const Listener& listener : listeners_)
    while (auto connection = accept_from(listener.socket.get()).connection)
      guests_.emplace_back(std::move(*connection), secret_, now + answer_ms_max * ns_per_ms);
  const size_t expected = pairs_.size() * (sockets_max + 1);
  while (guests_.size() > strangers_max + expected) guests_.pop_front();
}

void Meeting::advance(int64_t now) {
  let_in(now);
  for (auto guest = guests_.begin(); guest != guests_.end();) {
    guest->advance([this](const Introduction& who) { return is_expected(who); });
    if (guest->state() == Guest::State::welcome) {
      const SessionKeys keys = guest->keys();
      const Introduction who = guest->introduction();
      seat(who.from, who, guest->take_socket(), keys.to_caller, keys.to_callee, guest->from());
    }
    const bool over = guest->state() >= Guest::State::welcome || now >= guest->deadline_ns();
    guest = over ? guests_.erase(guest) : std::next(guest);
  }
  for (auto dial = dials_.begin(); dial != dials_.end();) {
    dial->advance(now);
    if (!dial->done()) {
      ++dial;
      continue;
    }
    const SessionKeys keys = dial->keys();
    seat(dial->introduction().to, dial->introduction(), dial->take_socket(), keys.to_callee, keys.to_caller,
         to_string(dial->address()));
    dial = dials_.erase(dial);
  }
}

Status Meeting::wait(int64_t now, Deadline deadline) const {
  std::vector<pollfd> sockets;
  int64_t ms = std::min(deadline.left_ms(), check_ms);
  for (const Listener& listener : listeners_) sockets.push_back({listener.socket.get(), POLLIN, 0});
  for (const Guest& guest : guests_) sockets.push_back({guest.socket(), POLLIN, 0});
  for (const Dial& dial : dials_) {
    if (dial.poll_events() != 0) sockets.push_back({dial.socket(), dial.poll_events(), 0});
    ms = std::min(ms, (std::max<int64_t>(dial.next_ns() - now, 0) + ns_per_ms - 1) / ns_per_ms);
  }
  if (poll(sockets.data(), sockets.size(), static_cast<int>(ms)) < 0 && errno != EINTR)
    return fail_errno(errno, "cannot wait for the sockets of TCP");
  return {};
}

Error Meeting::missing(Deadline deadline) const {
  for (const Dial& dial : dials_) {
    const int peer = dial.introduction().to;
    return fail(Code::timeout,
                "rank {} (host {}) cannot reach rank {} (host {}) by TCP within {} ms ({}): open the ports between the "
                "hosts, or name an interface that leads there in BCCL_SOCKET_IFNAME",
                me_, facts(me_).host, peer, facts(peer).host, deadline.budget_ms(), dial.problems());
  }
  for (const auto& [peer, seats] : pairs_)
    if (!seats.full())
      return fail(Code::timeout,
                  "rank {} (host {}) has waited {} ms in vain for rank {} (host {}) to call it at {}: open the ports "
                  "between the hosts, or name an interface that leads here in BCCL_SOCKET_IFNAME",
                  me_, facts(me_).host, deadline.budget_ms(), peer, facts(peer).host,
                  to_string(listeners_.front().address));
  return fail(Code::internal_error, "rank {}: nobody is missing", me_);
}

Status Meeting::run(Deadline deadline) {
  int64_t next_check_ns = now_ns() + check_ms * ns_per_ms;
  while (!complete()) {
    const int64_t now = now_ns();
    advance(now);
    if (complete()) break;
    if (deadline.passed()) return missing(deadline);
    if (now >= next_check_ns) {
      BCCL_TRY(exchange_.check());
      next_check_ns = now + check_ms * ns_per_ms;
    }
    BCCL_TRY(wait(now, deadline));
  }
  return {};
}

std::vector<Pair> Meeting::take_pairs() {
  std::vector<Pair> taken;
  for (auto& [peer, seats] : pairs_) {
    Pair pair{{peer, facts(peer).host, seats.seats.front().address}, {}};
    for (size_t i = 0; i < seats.seats.size(); ++i) {
      Seats::Seat& seat = seats.seats[i];
      const bool life = i + 1 == seats.seats.size();
      watch_life(seat.socket.get(), options_.detection_ms, life);
      auto cipher = options_.encryption && !life ? std::make_unique<Cipher>(seat.sending, seat.receiving) : nullptr;
      pair.pipes.emplace_back(std::move(seat.socket), std::move(cipher));
    }
    log(LogLevel::info, "rank {}: {} sockets to {}", me_, pair.pipes.size() - 1, pair.peer.describe());
    taken.push_back(std::move(pair));
  }
  return taken;
}

/// This rank's doors: interfaces with the ports it listens on.
struct Doors {
  std::vector<Listener> listeners;
  std::vector<InterfaceAddress> addresses;
};

/// Nobody calls at link-local addresses (routes.cpp). Others may be on their way in or out, and are passed
/// over where one will do: the kernel shows an address of IPv6 a second or two before it lets anybody listen
/// there.
Result<Doors> open_doors(const Options& options) {
  auto all = BCCL_TRY(interface_addresses());
  const auto chosen = BCCL_TRY(select_interfaces(std::move(all), options.interfaces));
  Doors doors;
  std::optional<Error> refused;
  for (InterfaceAddress address : chosen) {
    if (options.family != 0 && (options.family == 6) != address.address.ipv6) continue;
    if (is_link_local(address.address)) continue;
    if (doors.listeners.size() == doors_max) break;
    Result<Listener> listener = listen_at(address.address, options.buffer_bytes);
    if (!listener.ok()) {
      refused = std::move(listener).take_error();
      if (refused->code != Code::invalid_argument) return std::move(*refused);
      log(LogLevel::info, "{}; going on without it", refused->sentence);
      continue;
    }
    doors.listeners.push_back(std::move(*listener));
    address.address.port = doors.listeners.back().address.port;
    doors.addresses.push_back(address);
  }
  if (!doors.listeners.empty()) return doors;
  if (refused) return std::move(*refused);
  return fail(Code::invalid_argument,
              "no interface has an address of IPv{} that other hosts can call: allow the other "
              "family, too",
              options.family);
}

}  // namespace

Result<Company> meet(Exchange& exchange, std::span<const int> peers, const Options& options, Deadline deadline) {
  Result<Doors> doors = open_doors(options);
  Facts mine{.terms = terms_of(options), .host = host_name(), .machine = this_machine_id()};
  if (doors.ok()) {
    mine.doors = doors->addresses;
  } else {
    mine.failure_code = static_cast<uint32_t>(doors.code());
    mine.failure = doors.sentence();
  }
  const Gathered gathered = BCCL_TRY(gather(exchange, mine, deadline));
  Meeting meeting{exchange, gathered, std::move(doors->listeners), options};
  for (const int peer : peers) BCCL_TRY(meeting.invite(peer));
  BCCL_TRY(meeting.run(deadline));
  return Company{fmt::format("rank {} (host {})", exchange.rank(), mine.host), meeting.take_pairs()};
}

}  // namespace bccl::tcp
