#include "tuner/prices.h"

namespace bccl {
namespace {

// Of two virtual cores of a Zen 5 server, so that predictions come close to what `bccl tune` measured there
// (docs/performance.md).
constexpr LinkPrices near_cores = {.hop_ns = 100, .send_ns = 30, .receive_ns = 30, .received_byte_ns = 0.012};
constexpr LinkPrices far_cores = {.hop_ns = 400, .send_ns = 30, .receive_ns = 60, .received_byte_ns = 0.045};
constexpr LinkPrices by_network = {
    .send_ns = 2'000, .receive_ns = 2'000, .sent_byte_ns = 0.1, .received_byte_ns = 0.1};
constexpr LinkTerms assumed_link = {.latency_ns = 19'000, .byte_ns = 0.8};  ///< 10 Gbit/s.
/// The kernel copies, and works, on the cores of both ends.
constexpr LinkPrices by_loopback = {
    .hop_ns = 1'500, .send_ns = 1'500, .receive_ns = 500, .sent_byte_ns = 0.1, .received_byte_ns = 0.1};
constexpr double crowded_received_byte_ns = 0.022;  ///< Where some of the ranks that it comes from share the core, too.
constexpr double turn_ns = 1600;  ///< Of a rank that shares its core and finds nothing to do.
constexpr double cached_byte_ns = 0.006;
constexpr double memory_byte_ns = 0.04;

LinkPrices by_link(const LinkTerms& terms) {
  LinkPrices prices = by_network;
  prices.hop_ns = std::max(0.0, terms.latency_ns - prices.send_ns - prices.receive_ns);
  prices.link_byte_ns = terms.byte_ns;
  return prices;
}

}  // namespace

LinkTerms link_terms(const Facts& facts) {
  if (facts.link.known()) return facts.link;
  return facts.measured_link.known() ? facts.measured_link : assumed_link;
}

Prices prices_of(const Facts& facts, size_t bytes) {
  const int machines = facts.machine_count();
  const int cores = std::max(1, facts.cores / machines);
  const int ranks_here = std::max(1, facts.ranks / machines);
  // A rank reads one buffer and writes another.
  const bool in_cache = facts.l3_bytes == 0 || 2 * bytes * static_cast<size_t>(ranks_here) <= facts.l3_bytes;
  const double byte_ns = in_cache ? cached_byte_ns : memory_byte_ns;
  Prices prices{.beside = near_cores,
                .inside = facts.near ? near_cores : far_cores,
                .loopback = by_loopback,
                .between = by_link(link_terms(facts)),
                .call_ns = 40,
                .step_ns = 15,
                .read_byte_ns = byte_ns,
                .write_byte_ns = byte_ns,
                .stage_byte_ns = 0.010,
                .reduce_byte_ns = 0.005,
                .cores = cores};
  const int ranks_a_core = (ranks_here + cores - 1) / cores;
  if (ranks_a_core > 1) {
    prices.beside.hop_ns = prices.inside.hop_ns = turn_ns * ranks_a_core;
    prices.beside.received_byte_ns = prices.inside.received_byte_ns = crowded_received_byte_ns;
    prices.loopback.hop_ns += turn_ns * ranks_a_core;
  }
  return prices;
}

}  // namespace bccl
