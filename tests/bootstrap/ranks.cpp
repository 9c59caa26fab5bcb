#include "ranks.h"

#include <catch2/catch.hpp>

#include "../support/rank_threads.h"
#include "net/keyed_hash.h"

namespace bccl::test {

Address loopback(uint16_t port) { return {.bytes = {127, 0, 0, 1}, .port = port}; }

UniqueId open_loopback_root() {
  auto id = open_root({loopback()}, random_tag());
  INFO(id.sentence());
  REQUIRE(id.ok());
  return std::move(id).value();
}

std::string blob_of(int rank, int round, size_t bytes) {
  std::string blob(bytes, static_cast<char>('a' + rank % 26));
  if (bytes > 0) blob[0] = static_cast<char>('A' + round % 26);
  return blob;
}

std::string gather_rounds(Exchange& exchange, int rounds, size_t bytes, int64_t budget_ms) {
  for (int round = 0; round < rounds; ++round) {
    const auto blobs =
        exchange.all_gather(blob_of(exchange.rank(), round, bytes), Deadline::after_ms(budget_ms));
    if (!blobs.ok()) return blobs.sentence();
    if (blobs.value().size() != static_cast<size_t>(exchange.size())) return "wrong number of blobs";
    for (int rank = 0; rank < exchange.size(); ++rank)
      if (blobs.value()[static_cast<size_t>(rank)] != blob_of(rank, round, bytes))
        return fmt::format("round {}: not the blob of rank {}", round, rank);
  }
  return "";
}

std::vector<std::string> as_ranks(const UniqueId& id, int size, const RankBody& body) {
  std::vector<std::string> found(static_cast<size_t>(size));
  on_ranks(size, [&](int rank) {
    auto exchange = join(id, rank, size, Deadline::after_ms(patience_ms));
    found[static_cast<size_t>(rank)] = exchange.ok() ? body(**exchange) : exchange.sentence();
  });
  return found;
}

std::vector<std::string> all_fine(int size) { return std::vector<std::string>(static_cast<size_t>(size)); }

}  // namespace bccl::test
