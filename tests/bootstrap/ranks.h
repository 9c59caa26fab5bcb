/// Ranks of one bootstrap as threads of the test program. What they find is returned as text, for Catch2's
/// checks belong to one thread.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "bootstrap/rendezvous.h"

namespace bccl::test {

inline constexpr int64_t patience_ms = 30'000;  ///< For what works: reached only if it does not.

Address loopback(uint16_t port = 0);
/// A root on a loopback port that the system chooses.
UniqueId open_loopback_root();

std::string blob_of(int rank, int round, size_t bytes);
/// So many rounds of blobs of so many bytes; empty if every rank's came, else what went wrong.
std::string gather_rounds(Exchange& exchange, int rounds, size_t bytes = 100,
                          int64_t budget_ms = patience_ms);

/// Joins as every rank, each on a thread of its own, and returns what `body` made of it, or why joining
/// failed.
using RankBody = std::function<std::string(Exchange& exchange)>;
std::vector<std::string> as_ranks(const UniqueId& id, int size, const RankBody& body);

std::vector<std::string> all_fine(int size);  ///< What as_ranks returns if all bodies were content.

}  // namespace bccl::test
