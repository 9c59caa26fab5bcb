#include "tools/bccl/perf/sweep.h"

#include <algorithm>
#include <cstring>

#include "base/clock.h"
#include "tools/bccl/perf/number_format.h"

namespace bccl::tool {
namespace {

/// Bytes behind the result that no call may touch.
constexpr size_t guard_bytes = 64;
constexpr int guard_value = 0x5a;

Status checked(bcclResult_t result) {
  if (result == bcclSuccess) return {};
  return fail(static_cast<Code>(result), "{}", bcclGetLastError(nullptr));
}

}  // namespace

Result<Sweep> Sweep::make(const PerfOptions& options, bcclComm_t comm, Barrier& barrier, Report* report) {
  RankMemory send = BCCL_TRY(RankMemory::make(options.memory, options.bytes_max + guard_bytes));
  RankMemory receive = BCCL_TRY(RankMemory::make(options.memory, options.bytes_max + guard_bytes));
  Sweep sweep(options, comm, barrier, report, std::move(send), std::move(receive));
  BCCL_TRY(checked(bcclCommUserRank(comm, &sweep.rank_)));
  BCCL_TRY(checked(bcclCommCount(comm, &sweep.ranks_)));
  return sweep;
}

Sweep::Sweep(const PerfOptions& options, bcclComm_t comm, Barrier& barrier, Report* report,
             RankMemory send, RankMemory receive)
    : options_(options),
      comm_(comm),
      barrier_(barrier),
      report_(report),
      send_(std::move(send)),
      receive_(std::move(receive)),
      progress_(report != nullptr) {}

Result<int64_t> Sweep::run() {
  if (report_ != nullptr) report_->begin();
  for (DataType type : options_.types) {
    for (ReduceOp op : options_.ops) {
      const bcclRedOp_t api_op = BCCL_TRY(open_op(type, op));
      BCCL_TRY(run_sizes({type, op, static_cast<bcclDataType_t>(type), api_op, Pattern(type, op, ranks_)}));
      if (op == ReduceOp::premul_sum) BCCL_TRY(checked(bcclRedOpDestroy(api_op, comm_)));
    }
  }
  if (report_ != nullptr) report_->end();
  return wrong_;
}

Result<bcclRedOp_t> Sweep::open_op(DataType type, ReduceOp op) {
  if (op != ReduceOp::premul_sum) return static_cast<bcclRedOp_t>(op);
  uint64_t scalar = Pattern(type, op, ranks_).scalar(rank_);
  bcclRedOp_t made;
  BCCL_TRY(checked(bcclRedOpCreatePreMulSum(&made, &scalar, static_cast<bcclDataType_t>(type),
                                            bcclScalarHostImmediate, comm_)));
  return made;
}

Status Sweep::run_sizes(const Reduction& reduction) {
  for (size_t bytes : sizes_of(options_)) {
    Row row{bytes / bytes_of(reduction.type), reduction.type, reduction.op, {}, {}};
    progress_.show(fmt::format("{} {}: {} bytes", name_of(row.type), name_of(row.op), row.bytes()));
    row.out_of_place = BCCL_TRY(measure(reduction, row.count, false));
    row.in_place = BCCL_TRY(measure(reduction, row.count, true));
    progress_.clear();
    if (report_ != nullptr) report_->row(row);
  }
  return {};
}

Result<Measurement> Sweep::measure(const Reduction& reduction, size_t count, bool in_place) {
  int64_t wrong = 0;
  if (options_.check) wrong += BCCL_TRY(checked_call(reduction, count, in_place));
  prepare_timing(reduction, count, in_place);
  BCCL_TRY(timed_calls(reduction, count, in_place));
  if (options_.check) {
    if (!in_place) wrong += wrong_elements(reduction, count, in_place);
    wrong += BCCL_TRY(checked_call(reduction, count, in_place));
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
Result<int64_t> Sweep::checked_call(const Reduction& reduction, size_t count, bool in_place) {
  const size_t bytes = count * bytes_of(reduction.type);
  ++salt_;
  std::memset(receive_.data(), guard_value, bytes + guard_bytes);
  std::byte* input = in_place ? receive_.data() : send_.data();
  reduction.pattern.fill(input, count, rank_, salt_);
  BCCL_TRY(call(reduction, count, in_place));
  return wrong_elements(reduction, count, in_place);
}

int64_t Sweep::wrong_elements(const Reduction& reduction, size_t count, bool in_place) const {
  size_t wrong = reduction.pattern.wrong_results(receive_.data(), count, salt_);
  if (!in_place) wrong += reduction.pattern.wrong_inputs(send_.data(), count, rank_, salt_);
  const std::byte* guard = receive_.data() + count * bytes_of(reduction.type);
  wrong += static_cast<size_t>(
      std::count_if(guard, guard + guard_bytes, [](std::byte b) { return b != std::byte{guard_value}; }));
  return static_cast<int64_t>(wrong);
}

/// In place, results are the next iteration's inputs: values that the reduction leaves as they are keep the
/// numbers away from infinities and denormals, which some arithmetic takes longer over.
void Sweep::prepare_timing(const Reduction& reduction, size_t count, bool in_place) {
  const size_t width = bytes_of(reduction.type);
  if (!in_place) {
    if (!options_.check) reduction.pattern.fill(send_.data(), count, rank_, salt_);
    return;
  }
  std::memset(receive_.data(), 0, count * width);
  if (reduction.op != ReduceOp::prod) return;
  const uint64_t one = is_floating(reduction.type) ? encode(1, reduction.type) : 1;
  for (size_t i = 0; i < count; ++i) store_bits(receive_.data() + i * width, one, reduction.type);
}

Status Sweep::timed_calls(const Reduction& reduction, size_t count, bool in_place) {
  for (int i = 0; i < options_.warmup; ++i) {
    BCCL_TRY(barrier_.wait());
    BCCL_TRY(call(reduction, count, in_place));
  }
  iteration_ns_.assign(static_cast<size_t>(options_.iterations), 0);
  for (double& time : iteration_ns_) {
    BCCL_TRY(barrier_.wait());
    const int64_t begin = now_ns();
    BCCL_TRY(call(reduction, count, in_place));
    time = static_cast<double>(now_ns() - begin);
  }
  return {};
}

Status Sweep::call(const Reduction& reduction, size_t count, bool in_place) {
  const void* input = in_place ? receive_.data() : send_.data();
  return checked(
      bcclAllReduce(input, receive_.data(), count, reduction.api_type, reduction.api_op, comm_, nullptr));
}

/// An iteration took as long as its slowest rank.
Status Sweep::combine_times() {
  double* times = iteration_ns_.data();
  return checked(bcclAllReduce(times, times, iteration_ns_.size(), bcclFloat64, bcclMax, comm_, nullptr));
}

Result<int64_t> Sweep::sum_over_ranks(int64_t value) {
  BCCL_TRY(checked(bcclAllReduce(&value, &value, 1, bcclInt64, bcclSum, comm_, nullptr)));
  return value;
}

}  // namespace bccl::tool
