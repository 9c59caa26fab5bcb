/// Time of a whole bootstrap on one host: open a root, join, two all_gathers of facts, leave. Ranks are
/// threads, and starting them is part of it.
#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include <benchmark/benchmark.h>

#include "bootstrap/keyed_hash.h"
#include "bootstrap/rendezvous.h"

namespace bccl {
namespace {

constexpr size_t fact_bytes = 2048;
constexpr int64_t budget_ms = 30'000;

bool exchange_facts(const UniqueId& id, int rank, int size) {
  auto exchange = join(id, rank, size, Deadline::after_ms(budget_ms));
  if (!exchange.ok()) return false;
  const std::string facts(fact_bytes, 'x');
  for (int round = 0; round < 2; ++round)
    if (!(*exchange)->all_gather(facts, Deadline::after_ms(budget_ms)).ok()) return false;
  return true;
}

void bootstrap(benchmark::State& state) {
  const int size = static_cast<int>(state.range(0));
  for (auto _ : state) {
    const auto id = open_root({RootAddress{.bytes = {127, 0, 0, 1}}}, random_tag());
    std::atomic<int> succeeded{0};
    std::vector<std::thread> ranks;
    for (int rank = 0; rank < size && id.ok(); ++rank)
      ranks.emplace_back([&, rank] { succeeded += exchange_facts(id.value(), rank, size); });
    for (std::thread& rank : ranks) rank.join();
    if (succeeded != size) state.SkipWithError("the bootstrap failed");
  }
}
BENCHMARK(bootstrap)->ArgName("ranks")->Arg(2)->Arg(8)->Arg(64)->UseRealTime()->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace bccl

BENCHMARK_MAIN();
