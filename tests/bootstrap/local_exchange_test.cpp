#include <catch2/catch.hpp>

#include "../support/rank_threads.h"
#include "bootstrap/roster.h"
#include "ranks.h"

namespace bccl::test {
namespace {

using Catch::Contains;

std::vector<std::string> on_local_ranks(std::vector<std::unique_ptr<Exchange>>& exchanges,
                                        const std::function<std::string(Exchange&)>& body) {
  std::vector<std::string> found(exchanges.size());
  on_ranks(static_cast<int>(exchanges.size()),
           [&](int rank) { found[static_cast<size_t>(rank)] = body(*exchanges[static_cast<size_t>(rank)]); });
  return found;
}

TEST_CASE("ranks that are threads gather each other's blobs, round after round") {
  const int size = GENERATE(1, 2, 7);
  auto exchanges = local_exchanges(size);
  CHECK(on_local_ranks(exchanges, [](Exchange& exchange) { return gather_rounds(exchange, 100); }) ==
        all_fine(size));
}

TEST_CASE("ranks that are threads know their rank, their number and one secret") {
  const auto exchanges = local_exchanges(3);
  for (int rank = 0; rank < 3; ++rank) {
    const Exchange& exchange = *exchanges[static_cast<size_t>(rank)];
    CHECK(exchange.rank() == rank);
    CHECK(exchange.size() == 3);
    CHECK(exchange.secret().size() >= 32);
    CHECK(exchange.secret() == exchanges[0]->secret());
  }
  CHECK(exchanges[0]->secret() != local_exchanges(3)[0]->secret());
}

TEST_CASE("a thread that never comes is named when the time is over") {
  const auto exchanges = local_exchanges(3);
  const auto blobs = exchanges[0]->all_gather("", Deadline::after_ms(20));
  CHECK(blobs.code() == Code::timeout);
  CHECK_THAT(blobs.sentence(),
             Contains("ranks 1 (a thread of this process) and 2 (a thread of this process) have"));
}

TEST_CASE("a thread that leaves fails those that wait for it at once") {
  auto exchanges = local_exchanges(2);
  std::string found;
  on_ranks(2, [&](int rank) {
    if (rank == 0)
      found = exchanges[0]->all_gather("", Deadline::after_ms(patience_ms)).sentence();
    else
      exchanges[1].reset();
  });
  CHECK_THAT(found, Contains("rank 1 (a thread of this process) left before all_gather 1"));
}

TEST_CASE("a blob past the limit is refused without harm") {
  const auto exchanges = local_exchanges(1);
  const auto budget = Deadline::after_ms(patience_ms);
  CHECK(exchanges[0]->all_gather(std::string(blob_bytes_max + 1, 'x'), budget).code() ==
        Code::invalid_argument);
  CHECK(exchanges[0]->all_gather(std::string(blob_bytes_max, 'x'), budget).ok());
}

}  // namespace
}  // namespace bccl::test
