/// What a step costs besides moving its bytes: a rank's plan walked by Operation over connections that always
/// have room and always have something; and what preparing a plan costs, which is paid once.
///
///   bench_interpreter --benchmark_filter=advance
#include <array>
#include <map>
#include <memory>
#include <stdexcept>
#include <string_view>
#include <vector>

#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include "algos/catalogue.h"
#include "exec/operation.h"

namespace bccl {
namespace {

constexpr size_t slice_bytes_max = 64 << 10;
constexpr uint32_t signature = 1;

/// Memory that all slices share: what is in it does not matter.
std::byte* scrap() {
  alignas(64) static std::array<std::byte, slice_bytes_max> memory;
  return memory.data();
}

class OpenSender final : public Sender {
 public:
  std::byte* try_acquire(size_t) override { return scrap(); }
  void commit(size_t, uint32_t) override {}
};

/// Has the slices ready that the plan expects, in their order, again and again.
class ReadyReceiver final : public Receiver {
 public:
  void expect(size_t bytes) { bytes_.push_back(bytes); }
  Arrival try_peek() override { return {scrap(), bytes_[next_], signature}; }
  void release() override {
    if (++next_ == bytes_.size()) next_ = 0;
  }

 private:
  std::vector<size_t> bytes_;
  size_t next_ = 0;
};

class ReadyEndpoint final : public Endpoint {
 public:
  std::string_view transport() const override { return "ready"; }
  Result<Sender*> sender(std::span<const int>, int) override { return &sender_; }
  Result<Receiver*> receiver(int peer, int lane) override { return &receivers_[{peer, lane}]; }
  int lanes() const override { return 64; }
  size_t slice_bytes_max() const override { return bccl::slice_bytes_max; }
  Stores stores() const override { return Stores::cached; }
  int slices_max() const override { return slices_promised; }
  Status poll() override { return {}; }
  Memory memory() const override { return {}; }

 private:
  OpenSender sender_;
  std::map<std::pair<int, int>, ReadyReceiver> receivers_;
};

std::unique_ptr<BoundPlan> bind(const Algorithm& algorithm, int ranks, Endpoint& endpoint) {
  auto bound =
      BoundPlan::bind(algorithm.build({.ranks = ranks, .channels = 1, .groups = {}}, 0), endpoint, 1);
  if (!bound.ok()) throw std::runtime_error(bound.sentence());
  return std::move(bound).value();
}

/// Tells the receivers what one run of the plan takes. Nothing is sent for an empty part.
void make_ready(const BoundPlan& plan, const Geometry& geometry) {
  for (int channel = 0; channel < plan.channels(); ++channel)
    for (const BoundStep& step : plan.steps(channel, 0)) {
      size_t bytes = 0;
      for (int k = 0; k < step.extent.count; ++k)
        bytes += geometry.piece({step.extent.buffer, step.extent.first + k, 1}, 0).bytes;
      if (bytes == 0) continue;
      for (Receiver* receiver : step.receivers) static_cast<ReadyReceiver*>(receiver)->expect(bytes);
    }
}

/// One window, a cache line a chunk: so few bytes that they hardly count.
size_t small_bytes(const Plan& plan) { return 64 * static_cast<size_t>(plan.labels); }

void advance(benchmark::State& state, const Algorithm& algorithm) {
  const auto ranks = static_cast<int>(state.range(0));
  ReadyEndpoint endpoint;
  const auto plan = bind(algorithm, ranks, endpoint);
  const size_t bytes = small_bytes(plan->plan());
  const GeometryRequest request{
      .elements = bytes, .element_bytes = 1, .slice_bytes_max = slice_bytes_max, .weights = {}};
  const Recipe recipe{
      .plan = plan.get(), .geometry = Geometry(plan->plan(), request), .kernel = [](const Pass&) {}};
  make_ready(*plan, recipe.geometry);
  std::vector<std::byte> source(bytes);
  std::vector<std::byte> target(bytes);
  Operation operation;
  for (auto _ : state) {
    operation.start(recipe, {.source = source.data(), .target = target.data(), .signature = signature});
    Progress progress = Progress::some;
    while (progress == Progress::some) progress = operation.advance();
    if (progress != Progress::done) state.SkipWithError("the plan did not end");
  }
  size_t steps = 0;
  for (int channel = 0; channel < plan->channels(); ++channel) steps += plan->steps(channel, 0).size();
  state.counters["a_step"] =
      benchmark::Counter(static_cast<double>(steps),
                         benchmark::Counter::kIsIterationInvariantRate | benchmark::Counter::kInvert);
}

void build(benchmark::State& state, const Algorithm& algorithm) {
  const Shape shape{.ranks = static_cast<int>(state.range(0)), .channels = 1, .groups = {}};
  for (auto _ : state) benchmark::DoNotOptimize(algorithm.build(shape, 0));
}

void bind_plan(benchmark::State& state, const Algorithm& algorithm) {
  ReadyEndpoint endpoint;
  for (auto _ : state) benchmark::DoNotOptimize(bind(algorithm, static_cast<int>(state.range(0)), endpoint));
}

void geometry(benchmark::State& state, const Algorithm& algorithm) {
  const Plan plan =
      algorithm.build({.ranks = static_cast<int>(state.range(0)), .channels = 1, .groups = {}}, 0);
  for (auto _ : state)
    benchmark::DoNotOptimize(Geometry(
        plan, {.elements = 1 << 20, .element_bytes = 4, .slice_bytes_max = slice_bytes_max, .weights = {}}));
}

void add(std::string_view name, const Algorithm& algorithm,
         void (*body)(benchmark::State&, const Algorithm&)) {
  benchmark::RegisterBenchmark(fmt::format("{}/{}", name, algorithm.name).c_str(),
                               [&algorithm, body](benchmark::State& state) { body(state, algorithm); })
      ->ArgName("ranks")
      ->Arg(2)
      ->Arg(8)
      ->Arg(64);
}

}  // namespace
}  // namespace bccl

int main(int argc, char** argv) {
  for (const bccl::Algorithm& algorithm : bccl::algorithms(bccl::Collective::all_reduce)) bccl::add("advance", algorithm, bccl::advance);
  for (const bccl::Algorithm& algorithm : bccl::algorithms(bccl::Collective::all_reduce)) bccl::add("build", algorithm, bccl::build);
  for (const bccl::Algorithm& algorithm : bccl::algorithms(bccl::Collective::all_reduce)) bccl::add("bind", algorithm, bccl::bind_plan);
  for (const bccl::Algorithm& algorithm : bccl::algorithms(bccl::Collective::all_reduce))
    bccl::add("geometry", algorithm, bccl::geometry);
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 1;
  benchmark::RunSpecifiedBenchmarks();
}
