#include <span>

#include "plan/expressions.h"
#include "plan/proofs.h"

namespace bccl {
namespace {

/// One symbolic run. Memory cells hold expressions; in place, a target cell is the source cell of that
/// position.
class Run {
 public:
  Run(const Wiring& wiring, Expressions& expressions, bool in_place)
      : wiring_(wiring), plans_(wiring.plans()), expressions_(expressions), in_place_(in_place) {
    for (const Plan& plan : plans_) {
      rank_cells_.push_back(cells_.size());
      for (size_t label = 0; label < plan.labels_of(Buffer::source).size(); ++label)
        cells_.push_back(expressions.leaf(plan.rank, static_cast<int>(label)));
      const size_t target = in_place ? 0 : plan.labels_of(Buffer::target).size();
      cells_.resize(cells_.size() + target + plan.labels_of(Buffer::scratch).size(), unwritten);
    }
    writers_.resize(cells_.size(), no_id);
    size_t results = 0;
    for (StepId id = 0; id < wiring.steps(); ++id) {
      step_results_.push_back(results);
      results += static_cast<size_t>(wiring.plan_of(id).extent().count);
    }
    results_.resize(results, unwritten);
  }

  Status run(const std::vector<StepId>& order) {
    for (const StepId id : order) BCCL_TRY(run_step(id));
    return {};
  }

  /// Every target chunk holds one and the same full reduction on every rank.
  Status check_targets() const {
    const int labels = plans_[0].labels;
    for (const Plan& plan : plans_) {
      for (int chunk = 0; chunk < labels; ++chunk) {
        const ExpressionId value = target_value(plan.rank, chunk);
        const ExpressionId first = target_value(0, chunk);
        if (value != first || plan.rank == 0) BCCL_TRY(check_target(plan.rank, chunk, value, first));
      }
    }
    return {};
  }

 private:
  Status run_step(StepId id) {
    const Step& step = wiring_.plan_of(id);
    const Chunks& extent = step.extent();
    int full = 0;
    for (int k = 0; k < extent.count; ++k) {
      const ExpressionId value = BCCL_TRY(combine(id, k));
      results_[step_results_[id] + static_cast<size_t>(k)] = value;
      full += expressions_.probably_full(value) ? 1 : 0;
      if (!step.to.present()) continue;
      const size_t to = cell(wiring_.rank_of(id), step.to.buffer, step.to.first + k);
      cells_[to] = value;
      writers_[to] = id;
    }
    return check_completes(id, step.inputs() > 1 ? full : 0);
  }

  /// The value of the step's k-th chunk.
  Result<ExpressionId> combine(StepId id, int k) {
    const Step& step = wiring_.plan_of(id);
    inputs_.clear();
    for (size_t input = 0; input < step.recv.size(); ++input)
      inputs_.push_back(results_[step_results_[wiring_.sender_to(id, input)] + static_cast<size_t>(k)]);
    if (step.from.present()) {
      const ExpressionId local = cells_[cell(wiring_.rank_of(id), step.from.buffer, step.from.first + k)];
      if (local == unwritten)
        return fail(Code::internal_error, "{}: reads {} chunk {} before anything is written there",
                    wiring_.name(id), name_of(step.from.buffer), step.from.first + k);
      inputs_.insert(inputs_.begin() + step.from_at, local);
    }
    return inputs_.size() == 1 ? inputs_[0] : expressions_.combine(inputs_);
  }

  /// `full`: how many of the step's chunks become full here.
  Status check_completes(StepId id, int full) const {
    const Step& step = wiring_.plan_of(id);
    const Chunks& extent = step.extent();
    if (full == (step.completes ? extent.count : 0)) return {};
    if (!step.completes)
      return fail(Code::internal_error, "{}: completes {} of the {} chunks of {}, but is not marked so{}",
                  wiring_.name(id), full, extent.count, name_of(extent), mode());
    Chunks first{extent.buffer, extent.first, 1};  // that is not completed
    const ExpressionId* result = &results_[step_results_[id]];
    for (; step.inputs() > 1 && expressions_.probably_full(*result); ++result) ++first.first;
    const std::string fault = expressions_.fault(*result);
    return fail(Code::internal_error, "{}: is marked as completing {}, but the result {}{}", wiring_.name(id),
                name_of(first), fault.empty() ? "was full before" : fault, mode());
  }

  Status check_target(Rank rank, int chunk, ExpressionId value, ExpressionId first) const {
    if (value == unwritten)
      return fail(Code::internal_error, "rank {}: target chunk {} is never written", rank, chunk);
    const StepId writer = writers_[cell(rank, Buffer::target, chunk)];
    const std::string place = writer == no_id ? fmt::format("rank {}", rank) : wiring_.name(writer);
    if (!expressions_.full(value))
      return fail(Code::internal_error, "{}: target chunk {} {}{}", place, chunk, expressions_.fault(value),
                  mode());
    if (value != first)
      return fail(Code::internal_error,
                  "{}: target chunk {} is combined in another order than on rank 0: {}, not {}{}", place,
                  chunk, expressions_.text(value), expressions_.text(first), mode());
    return {};
  }

  size_t cell(Rank rank, Buffer buffer, int chunk) const {
    const Plan& plan = plans_[static_cast<size_t>(rank)];
    size_t begin = rank_cells_[static_cast<size_t>(rank)];
    if (buffer != Buffer::source && !in_place_) begin += plan.labels_of(Buffer::source).size();
    if (buffer == Buffer::scratch) begin += plan.labels_of(Buffer::target).size();
    return begin + static_cast<size_t>(chunk);
  }

  ExpressionId target_value(Rank rank, int chunk) const { return cells_[cell(rank, Buffer::target, chunk)]; }
  const char* mode() const { return in_place_ ? " (only in place)" : ""; }

  const Wiring& wiring_;
  const std::vector<Plan>& plans_;
  Expressions& expressions_;
  bool in_place_;
  std::vector<size_t> rank_cells_;  ///< Each rank's first cell; its buffers follow one another.
  std::vector<ExpressionId> cells_;
  std::vector<StepId> writers_;       ///< Who wrote each cell last.
  std::vector<size_t> step_results_;  ///< Each step's first result; a message is what its sender's step made.
  std::vector<ExpressionId> results_;
  std::vector<ExpressionId> inputs_;  ///< Of the chunk being combined.
};

}  // namespace

Status check_result(const Wiring& wiring, const std::vector<StepId>& order) {
  const std::vector<Plan>& plans = wiring.plans();
  Expressions expressions(static_cast<int>(plans.size()), plans[0].labels);
  for (const bool in_place : {false, true}) {
    Run run(wiring, expressions, in_place);
    BCCL_TRY(run.run(order));
    BCCL_TRY(run.check_targets());
  }
  return {};
}

}  // namespace bccl
