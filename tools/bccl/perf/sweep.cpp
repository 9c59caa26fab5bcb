#include "tools/bccl/perf/sweep.h"

#include <algorithm>
#include <cstring>

#include "base/clock.h"
#include "tools/bccl/perf/number_format.h"

namespace bccl::tool {
namespace {

Status checked(bcclResult_t result) {
  if (result == bcclSuccess) return {};
  return fail(static_cast<Code>(result), "{}", bcclGetLastError(nullptr));
}

bcclDataType_t api_type(DataType type) { return static_cast<bcclDataType_t>(type); }

}  // namespace

Result<Sweep> Sweep::make(const PerfOptions& options, SweepPlace place, Barrier& barrier, Report* report) {
  int rank = 0, ranks = 1;
  BCCL_TRY(checked(bcclCommUserRank(place.comm, &rank)));
  BCCL_TRY(checked(bcclCommCount(place.comm, &ranks)));
  Sweep sweep(options, place, barrier, report, rank, ranks);
  BCCL_TRY(sweep.take_memory());
  return sweep;
}

Sweep::Sweep(const PerfOptions& options, SweepPlace place, Barrier& barrier, Report* report, int rank,
             int ranks)
    : options_(options),
      collective_(*options.collective),
      comm_(place.comm),
      world_(place.world),
      barrier_(barrier),
      report_(report),
      progress_(report != nullptr),
      rank_(rank),
      ranks_(ranks) {}

Status Sweep::take_memory() {
  const size_t bytes = bytes_needed() + guard_bytes;
  send_ = BCCL_TRY(RankMemory::make(options_.memory, bytes));
  receive_ = BCCL_TRY(RankMemory::make(options_.memory, bytes));
  return {};
}

/// By either buffer, on this rank, of the largest call.
size_t Sweep::bytes_needed() const {
  size_t bytes = 0;
  for (const DataType type : options_.types) {
    CallShape shape{rank_, ranks_, rank_, counts_of(options_, type, ranks_).back()};
    const Traffic traffic = traffic_of(shape.count);
    shape.traffic = &traffic;
    const DataLayout layout = collective_.layout(shape);
    const size_t elements =
        std::max({layout.sent, layout.extent, collective_.has_blocks ? shape.blocks() : 0});
    bytes = std::max(bytes, elements * bytes_of(type));
  }
  return bytes;
}

Traffic Sweep::traffic_of(size_t count) const {
  const int ranks = collective_.has_traffic ? ranks_ : 0;
  return {options_.traffic, options_.seed, ranks, count * static_cast<size_t>(ranks)};
}

Result<int64_t> Sweep::run() {
  if (report_ != nullptr) report_->begin();
  for (const DataType type : options_.types) BCCL_TRY(run_ops(type));
  if (report_ != nullptr) report_->end();
  return wrong_;
}

Status Sweep::run_ops(DataType type) {
  std::vector<std::optional<ReduceOp>> ops{options_.ops.begin(), options_.ops.end()};
  if (!collective_.reduces) ops.assign(1, std::nullopt);
  const bool every_root = collective_.has_root && options_.root == all_roots;
  const int first_root = every_root ? 0 : options_.root, last_root = every_root ? ranks_ - 1 : options_.root;
  for (const std::optional<ReduceOp> op : ops) {
    const Pattern pattern = op ? Pattern(type, *op, ranks_) : Pattern::of_any_bits(type);
    const bcclRedOp_t api_op = op ? BCCL_TRY(open_op(type, *op)) : bcclSum;
    for (int root = first_root; root <= last_root; ++root)
      BCCL_TRY(run_sizes({type, op, root, api_op, pattern}));
    if (op == ReduceOp::premul_sum) BCCL_TRY(checked(bcclRedOpDestroy(api_op, comm_)));
  }
  return {};
}

Result<bcclRedOp_t> Sweep::open_op(DataType type, ReduceOp op) {
  if (op != ReduceOp::premul_sum) return static_cast<bcclRedOp_t>(op);
  uint64_t scalar = Pattern(type, op, ranks_).scalar(rank_);
  bcclRedOp_t made;
  BCCL_TRY(checked(bcclRedOpCreatePreMulSum(&made, &scalar, api_type(type), bcclScalarHostImmediate, comm_)));
  return made;
}

Status Sweep::run_sizes(const Series& series) {
  for (const size_t count : counts_of(options_, series.type, ranks_)) {
    const Traffic traffic = traffic_of(count);
    CallShape shape{rank_, ranks_, series.root, count, false, &traffic};
    Row row{.count = count, .type = series.type, .op = series.op};
    row.bytes = (collective_.has_blocks ? shape.blocks() : count) * bytes_of(series.type);
    if (collective_.has_root) row.root = series.root;
    row.bus_factor = collective_.has_traffic ? traffic.bus_factor() : collective_.bus_factor(ranks_);
    progress_.show(fmt::format("{} {}: {} bytes", name_of(row.type), op_text(row), row.bytes));
    row.out_of_place = BCCL_TRY(measure({series, shape, collective_.layout(shape)}));
    shape.in_place = true;
    if (collective_.may_be_in_place)
      row.in_place = BCCL_TRY(measure({series, shape, collective_.layout(shape)}));
    progress_.clear();
    if (report_ != nullptr) report_->row(row);
  }
  return {};
}

Result<Measurement> Sweep::measure(const Call& call) {
  int64_t wrong = 0;
  if (options_.check) wrong += BCCL_TRY(checked_call(call));
  prepare_timing(call);
  BCCL_TRY(timed_calls(call));
  if (options_.check) {
    if (!call.shape.in_place) wrong += wrong_elements(call);
    wrong += BCCL_TRY(checked_call(call));
  }
  BCCL_TRY(combine_times());
  Measurement measurement = summarize(iteration_ns_);
  if (!options_.check) return measurement;
  measurement.wrong = BCCL_TRY(sum_over_ranks(wrong));
  wrong_ += std::max(wrong, measurement.wrong);  // if the collective is wrong, so may be its sum
  return measurement;
}

/// New values, and a receive buffer that holds nothing right: what a call leaves out or takes from an older
/// one shows.
Result<int64_t> Sweep::checked_call(const Call& call) {
  const Pattern& pattern = call.series.pattern;
  ++salt_;
  if (!call.shape.in_place) pattern.fill(send_->data(), call.layout.sent, rank_, salt_);
  prepare(receive_->data(), call.layout, call.shape.in_place, rank_, pattern, salt_);
  BCCL_TRY(perform(call));
  return wrong_elements(call);
}

int64_t Sweep::wrong_elements(const Call& call) const {
  const Pattern& pattern = call.series.pattern;
  size_t wrong = count_wrong(receive_->data(), call.layout, pattern, salt_);
  if (!call.shape.in_place) wrong += pattern.wrong_inputs(send_->data(), call.layout.sent, rank_, salt_);
  return static_cast<int64_t>(wrong);
}

/// In place, results are the next iteration's inputs: values that the reduction leaves as they are keep the
/// numbers away from infinities and denormals, which some arithmetic takes longer over.
void Sweep::prepare_timing(const Call& call) {
  const Series& series = call.series;
  if (!call.shape.in_place) {
    if (!options_.check) series.pattern.fill(send_->data(), call.layout.sent, rank_, salt_);
    return;
  }
  const size_t width = bytes_of(series.type);
  std::memset(receive_->data(), 0, call.layout.extent * width);
  if (series.op != ReduceOp::prod) return;
  const uint64_t one = is_floating(series.type) ? encode(1, series.type) : 1;
  for (size_t i = 0; i < call.layout.extent; ++i) store_bits(receive_->data() + i * width, one, series.type);
}

Status Sweep::timed_calls(const Call& call) {
  for (int i = 0; i < options_.warmup; ++i) {
    BCCL_TRY(barrier_.wait());
    BCCL_TRY(perform(call));
  }
  iteration_ns_.assign(static_cast<size_t>(options_.iterations), 0);
  for (double& time : iteration_ns_) {
    BCCL_TRY(barrier_.wait());
    const int64_t begin = now_ns();
    BCCL_TRY(perform(call));
    time = static_cast<double>(now_ns() - begin) * collective_.time_share;
  }
  return {};
}

Status Sweep::perform(const Call& call) {
  const size_t width = bytes_of(call.series.type);
  std::byte* const receive = receive_->data();
  CallArguments arguments{send_->data(), receive, api_type(call.series.type), call.series.api_op, comm_};
  if (call.shape.in_place) {
    arguments.send = receive + call.layout.send_at * width;
    arguments.receive = receive + call.layout.receive_at * width;
  }
  return checked(collective_.call(call.shape, arguments));
}

/// An iteration took as long as its slowest rank.
Status Sweep::combine_times() {
  double* times = iteration_ns_.data();
  return checked(bcclAllReduce(times, times, iteration_ns_.size(), bcclFloat64, bcclMax, world_, nullptr));
}

Result<int64_t> Sweep::sum_over_ranks(int64_t value) {
  BCCL_TRY(checked(bcclAllReduce(&value, &value, 1, bcclInt64, bcclSum, world_, nullptr)));
  return value;
}

}  // namespace bccl::tool
