#include "bootstrap/root.h"

#include <algorithm>
#include <cerrno>
#include <limits>

#include <unistd.h>

#include "base/clock.h"
#include "base/host.h"
#include "base/log.h"
#include "base/system_limit.h"
#include "bootstrap/process.h"

namespace bccl {
namespace {

constexpr int64_t ns_per_ms = 1'000'000;
constexpr int64_t never = std::numeric_limits<int64_t>::max();

bool is_wildcard(const Address& address) {
  return std::ranges::all_of(address.bytes, [](uint8_t byte) { return byte == 0; });
}

/// Where this host reaches a listener: nobody can connect to a wildcard address.
Address reachable(Address address) {
  if (is_wildcard(address)) {
    if (address.ipv6)
      address.bytes[15] = 1;
    else
      address.bytes = {127, 0, 0, 1};
  }
  return address;
}

/// What to do about an address that cannot be listened on.
Error advise(const Address& address, Error error) {
  if (error.code == Code::invalid_argument)
    error.sentence += ": give one of rank 0's host in BCCL_COMM_ID (or MASTER_ADDR)";
  else if (address.port != 0)
    error.sentence += "; give another port in BCCL_COMM_ID";
  return error;
}

}  // namespace

Root::Root(Poller& poller, const Secret& secret, std::string place)
    : poller_(poller),
      secret_(secret),
      roster_(std::move(place)),
      own_host_(host_name()),
      idle_since_ns_(now_ns()) {}

Root::~Root() {
  for (const auto& connection : connections_) connection->close();
  yield_port(0);
}

Result<std::unique_ptr<Root>> Root::open(Poller& poller, const std::vector<Address>& listen_on,
                                         const Secret& secret) {
  std::vector<std::unique_ptr<Door>> doors;
  std::vector<Address> addresses;
  Status refused = fail(Code::invalid_argument, "no address to listen on");
  for (const Address& address : listen_on) {
    Result<Listener> listener = listen_at(address);
    if (listener.ok()) {
      addresses.push_back(reachable(listener->address));
      doors.push_back(std::make_unique<Door>(Door{std::move(*listener)}));
    } else {
      refused = advise(address, std::move(listener).take_error());
      // A name may stand for addresses of other hosts, too. A port that is taken is an error: its owner would
      // get our ranks.
      if (refused.code() != Code::invalid_argument) return std::move(refused).take_error();
    }
  }
  if (doors.empty()) return std::move(refused).take_error();

  std::unique_ptr<Root> root{new Root{poller, secret, to_string(addresses.front())}};
  root->addresses_ = std::move(addresses);
  root->addresses_.resize(std::min<size_t>(root->addresses_.size(), root_addresses_max));
  root->doors_ = std::move(doors);
  for (auto& door : root->doors_)
    door->watch = BCCL_TRY(poller.watch(door->listener.socket.get(),
                                        [self = root.get(), at = door.get()] { self->accept(*at); }));
  log(LogLevel::info, "bootstrap: a root listens on {}", to_string(root->addresses_.front()));
  return root;
}

UniqueId Root::id() const { return {addresses_, secret_}; }

void Root::yield_port(uint16_t port) {
  if (port != 0 && is_gathering()) return;
  std::erase_if(doors_, [&](const auto& door) {
    if (port != 0 && door->listener.address.port != port) return false;
    poller_.forget(door->watch);
    hang_up(door->listener.socket);
    return true;
  });
}

void Root::accept(Door& door) {
  for (int i = 0; i < accepts_per_turn; ++i) {
    AcceptOutcome outcome = accept_from(door.listener.socket.get());
    if (outcome.connection) {
      let_in(std::move(*outcome.connection));
    } else if (outcome.error == EAGAIN || outcome.error == EWOULDBLOCK) {
      return;
    } else if (outcome.error != ECONNABORTED && outcome.error != EINTR) {
      note_shortage(outcome.error);
      if (drop_oldest_stranger()) continue;
      // The socket stays readable: look away, or the thread would spin.
      return pause_doors();
    }
  }
}

/// Out of descriptors or memory, most likely.
void Root::note_shortage(int error_number) {
  if (!shortage_.empty()) return;
  shortage_ = fail_limit(error_number, "bootstrap: the root cannot accept connections").sentence;
  log(LogLevel::warn, "{}", shortage_);
}

void Root::let_in(Accepted accepted) {
  const auto strangers =
      std::ranges::count_if(connections_, [](const auto& each) { return each->is_stranger(); });
  if (strangers >= strangers_max) drop_oldest_stranger();
  auto connection = std::make_unique<RootConnection>(poller_, std::move(accepted), secret_);
  connection->deadline_ns = now_ns() + handshake_ms_max * ns_per_ms;
  const Status watched = connection->watch([this, at = connection.get()] { hear(*at); });
  if (watched.ok())
    connections_.push_back(std::move(connection));
  else
    log(LogLevel::warn, "bootstrap: the root dropped a connection: {}", watched.sentence());
}

bool Root::drop_oldest_stranger() {
  const auto oldest =
      std::ranges::find_if(connections_, [](const auto& each) { return each->is_stranger(); });
  if (oldest == connections_.end()) return false;
  dismiss(**oldest, "newer ones came before it had proved anything");
  return true;
}

/// Whether to look at the doors cannot be refused: they are watched, and nothing else can fail.
void Root::pause_doors() {
  doors_resume_ns_ = now_ns() + accept_pause_ms * ns_per_ms;
  for (const auto& door : doors_) static_cast<void>(poller_.change(door->watch, Poller::Interest::none).ok());
}

void Root::resume_doors() {
  doors_resume_ns_ = 0;
  for (const auto& door : doors_)
    static_cast<void>(poller_.change(door->watch, Poller::Interest::reading).ok());
}

void Root::hear(RootConnection& connection) {
  if (connection.is_stranger())
    greet(connection);
  else
    listen_to(connection);
}

void Root::greet(RootConnection& stranger) {
  const auto message = stranger.read_message();
  if (!message.ok()) return dismiss(stranger, message.sentence());
  if (!message.value()) return;
  const auto who = stranger.answer(*message.value());
  if (who.ok()) {
    if (who.value()) admit(stranger, *who.value());
    return;
  }
  // A root that is done stays silent: the rank may want the next root on this port, and will try again.
  if (stranger.stage() == Stage::proving && is_gathering()) stranger.refuse(Refusal::wrong_secret);
  dismiss(stranger, who.sentence());
}

void Root::dismiss(RootConnection& stranger, const std::string& reason) {
  if (!dismissal_logged_)
    log(LogLevel::info, "bootstrap: the root dropped a connection from {}: {} (further ones are not logged)",
        stranger.from(), reason);
  dismissal_logged_ = true;
  stranger.close();
}

void Root::admit(RootConnection& stranger, const Introduction& who) {
  const Status entered = roster_.enter(who.rank, who.size, spell_process(who.host, who.pid));
  if (entered.ok()) {
    stranger.welcome();
    log(LogLevel::info, "bootstrap: {} of {} has come from {}", roster_.describe(who.rank), who.size,
        stranger.from());
  } else {
    stranger.turn_away({entered.code(), entered.sentence()});
    stranger.deadline_ns = now_ns() + farewell_ms_max * ns_per_ms;
  }
}

void Root::listen_to(RootConnection& member) {
  bool gone = false;
  const auto frames = member.read_frames(&gone);
  if (gone) return lose(member, false);
  Status taken;
  if (!frames.ok())
    taken = fail(frames.code(), "{}: {}", roster_.describe(member.who().rank), frames.sentence());
  else
    for (const Frame& frame : frames.value())
      if (taken.ok() && member.stage() == Stage::member) taken = take(member, frame);
  if (!taken.ok()) roster_.fail_with(std::move(taken).take_error());
}

Status Root::take(RootConnection& member, const Frame& frame) {
  if (frame.kind == FrameKind::goodbye) {
    if (!frame.payload.empty()) roster_.give_up(member.who().rank, parse_failure(frame.payload));
    lose(member, true);
    return {};
  }
  if (frame.kind != FrameKind::contribution)
    return fail(Code::remote_error, "{} sent a frame of an unknown kind",
                roster_.describe(member.who().rank));
  Contribution contribution = BCCL_TRY(parse_contribution(frame.payload));
  BCCL_TRY(roster_.contribute(member.who().rank, std::move(contribution.blob)));
  member.deadline_ns = now_ns() + int64_t{contribution.left_ms} * ns_per_ms;
  member.deadline_budget_ms = contribution.budget_ms;
  if (roster_.round_complete()) publish();
  return {};
}

void Root::lose(RootConnection& connection, bool on_purpose) {
  if (connection.stage() == Stage::member) roster_.leave(connection.who().rank, on_purpose);
  connection.close();
  idle_since_ns_ = now_ns();
}

bool Root::is_ours(const RootConnection& member) const {
  return member.who().pid == static_cast<uint32_t>(getpid()) && member.who().host == own_host_;
}

/// The ranks of this very process come last: once one of them has everything, the process may end.
void Root::publish() {
  const std::vector<Payload> payloads = pack_gathered(roster_.finish_round());
  for (const bool ours : {false, true})
    for (const auto& each : connections_)
      if (each->stage() == Stage::member && is_ours(*each) == ours) {
        each->deadline_ns = 0;
        for (const Payload& payload : payloads) each->send(FrameKind::gathered, payload);
        if (!ours) static_cast<void>(each->flush());  // who has gone is found in tend
      }
}

void Root::tell_failure(int64_t now) {
  failed_at_ns_ = now;
  log(LogLevel::info, "bootstrap: {}", roster_.failure()->sentence);
  const Payload payload{pack(*roster_.failure())};
  for (const bool ours : {false, true})  // in this order for the same reason
    for (const auto& each : connections_)
      if (each->stage() == Stage::member && is_ours(*each) == ours) {
        each->send(FrameKind::failure, payload);
        each->leave();
        each->deadline_ns = 0;  // the root's own end is theirs
        if (!ours) static_cast<void>(each->flush());  // who has gone is found in tend
      }
}

void Root::expire(int64_t now) {
  for (const auto& each : connections_) {
    if (each->deadline_ns == 0 || each->deadline_ns > now) continue;
    if (each->is_stranger())
      dismiss(*each, "it had not proved anything in time");
    else if (each->stage() == Stage::member)
      roster_.expire(each->deadline_budget_ms, shortage_);
    else
      each->close();
  }
}

void Root::flush() {
  for (const auto& each : connections_)
    if (each->stage() != Stage::closed && !each->flush()) lose(*each, false);
}

void Root::tend(int64_t now) {
  if (doors_resume_ns_ != 0 && doors_resume_ns_ <= now) resume_doors();
  expire(now);
  flush();  // may find that a member has died …
  if (roster_.failure() && failed_at_ns_ == 0) {
    tell_failure(now);
    flush();  // … and after a failure one more death changes nothing
  }
  std::erase_if(connections_, [](const auto& each) { return each->stage() == Stage::closed; });
}

int64_t Root::next_deadline_ns() const {
  int64_t next = never;
  for (const auto& each : connections_)
    if (each->deadline_ns != 0) next = std::min(next, each->deadline_ns);
  if (doors_resume_ns_ != 0) next = std::min(next, doors_resume_ns_);
  if (failed_at_ns_ != 0) return std::min(next, failed_at_ns_ + farewell_ms_max * ns_per_ms);
  return is_unused() ? std::min(next, idle_since_ns_ + unused_root_ms_max * ns_per_ms) : next;
}

bool Root::is_unused() const {
  return std::ranges::all_of(connections_, [](const auto& each) { return each->is_stranger(); });
}

bool Root::ended(int64_t now) const {
  if (failed_at_ns_ != 0)
    return now >= failed_at_ns_ + farewell_ms_max * ns_per_ms ||
           (roster_.all_entered() && connections_.empty());
  if (roster_.all_left()) return true;
  return is_unused() && now >= idle_since_ns_ + unused_root_ms_max * ns_per_ms;
}

}  // namespace bccl
