#include "comm/link_trial.h"

#include <algorithm>
#include <bit>
#include <span>

#include <sched.h>

namespace bccl {
namespace {

constexpr int trial_lane = 0;                   ///< On which nothing else is sent before a communicator is made.
constexpr int pings = 12;                       ///< Of which the fastest counts.
constexpr size_t burst_bytes_min = 128 << 10;   ///< Bursts grow, and the connection's windows with them …
constexpr size_t burst_bytes_max = 4 << 20;
constexpr int64_t burst_ns_enough = 1'000'000;  ///< … until one takes so long.
constexpr double byte_ns_min = 1e-3;            ///< Less is no measurement.

/// One end of a connection that nobody else uses. Both ends do the same but for who leads.
class Trial {
 public:
  Trial(Endpoint& endpoint, Sender& sender, Receiver& receiver, Deadline deadline)
      : endpoint_(endpoint), sender_(sender), receiver_(receiver), deadline_(deadline) {}

  Result<LinkTerms> lead() {
    LinkTerms terms;
    for (int ping = 0; ping < pings; ++ping) {
      const int64_t start_ns = now_ns();
      BCCL_TRY(send(1, 1));
      BCCL_TRY(receive());
      const double one_way_ns = static_cast<double>(now_ns() - start_ns) / 2;
      terms.latency_ns = ping == 0 ? one_way_ns : std::min(terms.latency_ns, one_way_ns);
    }
    int64_t took_ns = 0;
    for (size_t bytes = burst_bytes_min; bytes <= burst_bytes_max && took_ns < burst_ns_enough; bytes *= 2) {
      const size_t slices = slices_in(bytes);
      const int64_t start_ns = now_ns();
      BCCL_TRY(send(1, static_cast<uint32_t>(slices)));
      BCCL_TRY(exchange(slices));
      took_ns = now_ns() - start_ns;
      // The partner began a message later, and its last slice was on its way as long as one.
      const double carrying_ns = static_cast<double>(took_ns) - 2 * terms.latency_ns;
      terms.byte_ns = std::max(byte_ns_min, carrying_ns / static_cast<double>(slices * endpoint_.slice_bytes_max()));
    }
    BCCL_TRY(send(1, 0));
    return terms;
  }

  Status follow() {
    for (int ping = 0; ping < pings; ++ping) {
      BCCL_TRY(receive());
      BCCL_TRY(send(1, 1));
    }
    while (const uint32_t slices = BCCL_TRY(receive())) BCCL_TRY(exchange(slices));
    return {};
  }

 private:
  size_t slices_in(size_t bytes) const { return std::max<size_t>(1, bytes / endpoint_.slice_bytes_max()); }

  /// So many slices each way at once, as collectives use links.
  Status exchange(size_t slices) {
    size_t sent = 0;
    size_t received = 0;
    while (sent < slices || received < slices) {
      const bool sends = sent < slices && try_send(endpoint_.slice_bytes_max(), 1);
      const bool receives = received < slices && try_receive();
      sent += sends ? 1 : 0;
      received += receives ? 1 : 0;
      if (!sends && !receives) BCCL_TRY(rest());
    }
    return {};
  }

  bool try_send(size_t bytes, uint32_t signature) {
    if (sender_.try_acquire(bytes) == nullptr) return false;
    sender_.commit(bytes, signature);
    return true;
  }
  bool try_receive() {
    const Arrival arrival = receiver_.try_peek();
    if (arrival.data == nullptr) return false;
    signature_ = arrival.signature;
    receiver_.release();
    return true;
  }
  Status send(size_t bytes, uint32_t signature) {
    while (!try_send(bytes, signature)) BCCL_TRY(rest());
    return {};
  }
  Result<uint32_t> receive() {
    while (!try_receive()) BCCL_TRY(rest());
    return signature_;
  }
  Status rest() {
    BCCL_TRY(endpoint_.poll());
    if (deadline_.passed()) return fail(Code::timeout, "measuring the links between hosts took too long");
    sched_yield();
    return {};
  }

  Endpoint& endpoint_;
  Sender& sender_;
  Receiver& receiver_;
  const Deadline deadline_;
  uint32_t signature_ = 0;  ///< Of the slice received last.
};

}  // namespace

std::vector<int> link_partners(int hosts, int host) {
  std::vector<int> distances{1, 2, static_cast<int>(std::bit_floor(static_cast<unsigned>(std::max(1, hosts - 1))))};
  distances.erase(std::unique(distances.begin(), distances.end()), distances.end());
  std::vector<int> partners;
  for (const int distance : distances) partners.push_back((host ^ distance) < hosts ? host ^ distance : -1);
  return partners;
}

Result<LinkTerms> measure_links(Endpoint& endpoint, const Groups& hosts, const Groups& machines, int rank,
                                Deadline deadline) {
  LinkTerms found;
  const int host = hosts.of(rank);
  if (hosts.leader(host) != rank) return found;
  for (const int partner : link_partners(hosts.count(), host)) {
    if (partner < 0 || machines.together(rank, hosts.leader(partner))) continue;
    const int peer = hosts.leader(partner);
    Sender* const sender = BCCL_TRY(endpoint.sender(std::span(&peer, 1), trial_lane));
    Receiver* const receiver = BCCL_TRY(endpoint.receiver(peer, trial_lane));
    Trial trial(endpoint, *sender, *receiver, deadline);
    if (rank < peer)
      found = slowest(found, BCCL_TRY(trial.lead()));
    else
      BCCL_TRY(trial.follow());
  }
  while (!endpoint.is_flushed() && !deadline.passed()) BCCL_TRY(endpoint.poll());
  BCCL_TRY(endpoint.give_back_pages());
  return found;
}

LinkTerms slowest(const LinkTerms& one, const LinkTerms& other) {
  return {std::max(one.latency_ns, other.latency_ns), std::max(one.byte_ns, other.byte_ns)};
}

}  // namespace bccl
