// bccl between hosts that share nothing but a network: every collective, by every way to reduce.
#include <map>

#include <catch2/catch.hpp>

#include "ranks_on_hosts.h"

namespace bccl::test {
namespace {

constexpr const char* chosen = "BCCL_ALGO=auto";
constexpr const char* hierarchical = "BCCL_ALGO=hierarchical";
constexpr const char* one_shot = "BCCL_ALGO=one_shot";
constexpr const char* direct = "BCCL_ALGO=direct";
constexpr const char* ring = "BCCL_ALGO=ring";
constexpr const char* fixed_order = "BCCL_REDUCTION_ORDER=fixed";

/// The bits of the same sum of floats, by the settings of the communicator that made it. All ranks have the
/// same.
using Bits = std::map<std::string, std::string>;

Bits bits_in(const std::string& output) {
  Bits bits;
  for (const std::string& line : lines_of(output)) {
    const size_t colon = line.find(": bits ");
    if (colon != std::string::npos) bits[line.substr(0, colon)] = line.substr(colon);
  }
  return bits;
}

/// With each of these settings; the canonical ones among them give the same bits.
void check_collectives(const std::vector<int>& ranks_of_hosts, const std::vector<std::string>& settings) {
  Hosts hosts{static_cast<int>(ranks_of_hosts.size())};
  std::vector<std::string> words{"collectives"};
  words.insert(words.end(), settings.begin(), settings.end());
  RanksOnHosts ranks(hosts, ranks_of_hosts, words);
  Bits bits;
  for (int rank = 0; rank < ranks.size(); ++rank) {
    const Outcome outcome = ranks[rank].end();
    INFO("rank " << rank << " of " << ranks.size() << "\n" << outcome.output << outcome.errors);
    CHECK(outcome.status == 0);
    if (rank == 0) bits = bits_in(outcome.output);
    CHECK(bits.size() == settings.size());
    CHECK(bits_in(outcome.output) == bits);
  }
  for (const std::string canonical : {direct, one_shot})
    if (bits.contains(canonical)) CHECK(bits[canonical] == bits[fixed_order]);
  if (bits.contains(ring)) CHECK(bits[ring] != bits[fixed_order]);  // or the sum would show nothing
}

TEST_CASE(
    "Every collective is right on two hosts of two ranks, and what has the same order gives the same bits") {
  check_collectives({2, 2}, {chosen, hierarchical, one_shot, direct, ring, fixed_order});
}

TEST_CASE("Every collective is right on hosts of three ranks and of one, flat and hierarchical") {
  check_collectives({3, 1}, {chosen, hierarchical, direct, ring, fixed_order});
}

TEST_CASE("Every collective is right on four hosts of two ranks, flat and hierarchical") {
  check_collectives({2, 2, 2, 2}, {chosen, hierarchical, fixed_order});
}

}  // namespace
}  // namespace bccl::test
