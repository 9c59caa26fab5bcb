#include "transport/tcp/endpoint.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

#include <poll.h>
#include <sys/epoll.h>

#include "base/system_limit.h"
#include "memory/pages.h"
#include "node/fork.h"

namespace bccl::tcp {
namespace {

constexpr uint32_t polls_per_look = 16;
constexpr int64_t look_after_ns = 50'000'000;
constexpr size_t extra_slots = 8;  ///< Beyond those promised.

}  // namespace

Result<std::unique_ptr<TcpEndpoint>> TcpEndpoint::open(Exchange& exchange, std::span<const int> peers,
                                                       const Options& options, Deadline deadline) {
  for (const int peer : peers)
    if (peer < 0 || peer >= exchange.size() || peer == exchange.rank() || std::ranges::count(peers, peer) > 1)
      return fail(Code::internal_error, "rank {}: cannot have rank {} as a peer by TCP", exchange.rank(), peer);
  Company company = BCCL_TRY(meet(exchange, peers, options, deadline));
  const size_t connections = peers.size() * static_cast<size_t>(options.lanes);
  const size_t slots = connections * slices_promised + extra_slots;
  Staging staging{BCCL_TRY(SlotMemory::map(slots, options.slot_bytes)), static_cast<uint32_t>(slots)};
  auto endpoint = std::unique_ptr<TcpEndpoint>(
      new TcpEndpoint(std::move(company.me), options, std::move(staging)));
  if (!endpoint->epoll_.valid()) return fail_limit(errno, "cannot watch the sockets of TCP");
  for (Pair& pair : company.pairs) BCCL_TRY(endpoint->add_link(std::move(pair)));
  return endpoint;
}

TcpEndpoint::TcpEndpoint(std::string me, const Options& options, Staging staging)
    : me_(std::move(me)),
      options_(options),
      generation_(process_generation()),
      staging_(std::move(staging)),
      epoll_(epoll_create1(EPOLL_CLOEXEC)) {}

TcpEndpoint::~TcpEndpoint() {
  if (generation_ != process_generation()) return;  // a forked child's: the sockets are its parent's
  const Deadline deadline = Deadline::after_ms(options_.detection_ms);
  // A peer that sends to closed sockets would make the kernel throw away what has not reached that peer yet.
  const auto all_parted = [&] {
    bool all = true;
    for (const auto& link : links_) all &= link->part();
    return all;
  };
  while (!all_parted() && !deadline.passed()) ::poll(nullptr, 0, 1);
  for (const auto& link : links_) link->hang_up();
}

Status TcpEndpoint::add_link(Pair pair) {
  const size_t slots = static_cast<size_t>(options_.lanes) * static_cast<size_t>(options_.slices_max);
  auto memory = BCCL_TRY(SlotMemory::map(slots, options_.slot_bytes));
  const int rank = pair.peer.rank;
  links_.push_back(std::make_unique<Link>(me_, std::move(pair.peer), std::move(pair.pipes), std::move(memory), options_));
  link_to_[rank] = links_.back().get();
  return watch(*links_.back(), EPOLL_CTL_ADD, false);
}

Status TcpEndpoint::watch(Link& link, int operation, bool for_room) {
  for (int socket = 0; socket < link.sockets(); ++socket) {
    epoll_event event{};
    event.events = EPOLLIN | (for_room ? EPOLLOUT : 0U);
    event.data.ptr = &link;
    if (epoll_ctl(epoll_.get(), operation, link.socket(socket), &event) != 0)
      return fail_limit(errno, "cannot watch a socket of TCP");
  }
  return {};
}

Status TcpEndpoint::check(int peer, int lane) const {
  if (!link_to_.contains(peer))
    return fail(Code::invalid_argument, "{}: there is no connection to rank {} by TCP", me_, peer);
  if (lane < 0 || lane >= options_.lanes)
    return fail(Code::invalid_argument, "{}: lane {} does not exist: lanes are 0 to {}", me_, lane, options_.lanes - 1);
  return {};
}

Connection* TcpEndpoint::connection(int peer, int lane) {
  auto& connection = connections_[{peer, lane}];
  if (!connection) {
    connection = std::make_unique<Connection>(*link_to_[peer], lane, staging_.pool);
    staging_.pool.add_connection();  // there are slots for all
  }
  return connection.get();
}

Result<Sender*> TcpEndpoint::sender(std::span<const int> peers, int lane) {
  if (peers.empty()) return fail(Code::invalid_argument, "{}: a sender needs a peer", me_);
  for (const int peer : peers) {
    BCCL_TRY(check(peer, lane));
    if (std::ranges::count(peers, peer) > 1)
      return fail(Code::invalid_argument, "{}: a sender names rank {} twice", me_, peer);
  }
  auto& sender = senders_[{std::vector<int>(peers.begin(), peers.end()), lane}];
  if (sender) return sender.get();
  std::vector<Connection*> connections;
  for (const int peer : peers) connections.push_back(connection(peer, lane));
  sender = std::make_unique<TcpSender>(staging_, std::move(connections), links_);
  return sender.get();
}

Result<Receiver*> TcpEndpoint::receiver(int peer, int lane) {
  BCCL_TRY(check(peer, lane));
  auto& receiver = receivers_[{peer, lane}];
  if (!receiver) receiver = std::make_unique<TcpReceiver>(*link_to_[peer], lane);
  return receiver.get();
}

Status TcpEndpoint::poll() {
  for (const auto& link : links_)
    if (!link->is_flushed()) link->flush();
  if (++polls_ % polls_per_look == 0) look_around();
  for (const auto& link : links_)
    if (link->error()) return *link->error();
  return {};
}

/// Reads what nobody has asked for, so that no lane waits for another's reader and no socket stays readable; tells
/// peers what they may send; and, now and then, sees whether everybody lives.
void TcpEndpoint::look_around() {
  std::array<epoll_event, 64> events;
  const int found = epoll_wait(epoll_.get(), events.data(), static_cast<int>(events.size()), 0);
  for (int i = 0; i < found; ++i) static_cast<Link*>(events[static_cast<size_t>(i)].data.ptr)->read();
  const int64_t now = now_ns();
  const bool is_time = now >= next_look_ns_;
  if (is_time) next_look_ns_ = now + look_after_ns;
  for (const auto& link : links_) {
    link->settle_credits();
    if (is_time) link->look_after(now);
    adjust_watch(*link);
  }
}

/// Sleepers are woken by room in full sockets, too; and no more by what has ended.
void TcpEndpoint::adjust_watch(Link& link) {
  const Watch wanted = link.has_ended() ? Watch::none : link.is_flushed() ? Watch::arrivals : Watch::arrivals_and_room;
  if (link.watch == wanted || link.watch == Watch::none) return;
  link.watch = wanted;
  // It can fail for want of kernel memory only, and then a sleeper is woken later.
  static_cast<void>(
      watch(link, wanted == Watch::none ? EPOLL_CTL_DEL : EPOLL_CTL_MOD, wanted == Watch::arrivals_and_room).ok());
}

void TcpEndpoint::leave(std::span<const int> peers, const Word& word) {
  for (const int peer : peers)
    if (const auto link = link_to_.find(peer); link != link_to_.end()) link->second->leave_word(word);
}

std::optional<Word> TcpEndpoint::word_of(int peer) {
  const auto link = link_to_.find(peer);
  return link == link_to_.end() ? std::nullopt : link->second->word();
}

bool TcpEndpoint::is_flushed() const {
  return std::ranges::all_of(links_, [](const auto& link) { return link->is_flushed(); });
}

Endpoint::Memory TcpEndpoint::memory() const {
  Memory memory{.reserved = staging_.memory.bytes(), .staging = staging_.pool.touched() * options_.slot_bytes};
  for (const auto& link : links_) {
    memory.reserved += link->slots().bytes();
    memory.staging += link->slots().touched_bytes();
  }
  memory.touched = memory.staging;
  return memory;
}

Status TcpEndpoint::give_back_pages() {
  slots_given_back_ = staging_.pool.touched();
  for (const uint32_t slot : staging_.pool.vacate())
    BCCL_TRY(return_own_pages({staging_.memory.slot(slot), staging_.memory.slot_bytes()}));
  for (const auto& link : links_) BCCL_TRY(link->slots().give_back_pages());
  return {};
}

Status TcpEndpoint::fetch_pages() {
  const size_t bytes = size_t{std::exchange(slots_given_back_, 0)} * staging_.memory.slot_bytes();
  BCCL_TRY(bccl::fetch_pages({staging_.memory.slot(0), bytes}));
  for (const auto& link : links_) BCCL_TRY(link->slots().fetch_pages());
  return {};
}

}  // namespace bccl::tcp
