#include <algorithm>
#include <span>

#include "plan/expressions.h"
#include "plan/layout.h"
#include "plan/proofs.h"

namespace bccl {
namespace {

/// One symbolic run. Memory cells hold expressions; in place, a target cell is the source cell of its label, if
/// there is one.
class Run {
 public:
  Run(const Wiring& wiring, Expressions& expressions, bool in_place)
      : wiring_(wiring), plans_(wiring.plans()), expressions_(expressions), in_place_(in_place) {
    for (const Plan& plan : plans_) {
      rank_cells_.push_back(cells_.size());
      if (in_place) shared_.push_back(shared_with_source(plan));
      for (const int label : plan.labels_of(Buffer::source))
        cells_.push_back(expressions.leaf(combines(plan.collective) ? plan.rank : 0, label));
      const size_t others = plan.labels_of(Buffer::target).size() + plan.labels_of(Buffer::scratch).size();
      cells_.resize(cells_.size() + others, unwritten);
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

  /// Every target chunk holds the full reduction of its label, the same on every rank that has it.
  Status check_targets() const {
    std::vector<const Place*> first_of(static_cast<size_t>(plans_[0].labels));
    std::vector<Place> places;
    for (const Plan& plan : plans_)
      for (int chunk = 0; chunk < size(plan, Buffer::target); ++chunk) places.push_back({plan.rank, chunk});
    for (const Place& place : places) {
      const auto label = static_cast<size_t>(label_of(place));
      if (first_of[label] == nullptr) first_of[label] = &place;
      const Place& first = *first_of[label];
      if (&place == &first || value_of(place) != value_of(first)) BCCL_TRY(check_target(place, first));
    }
    return {};
  }

 private:
  /// A chunk of a rank's target.
  struct Place {
    Rank rank = 0;
    int chunk = 0;
  };

  Status run_step(StepId id) {
    const Step& step = wiring_.plan_of(id);
    const Chunks& extent = step.extent();
    completed_.clear();
    for (int k = 0; k < extent.count; ++k) {
      const ExpressionId value = BCCL_TRY(combine(id, k));
      const auto is_full = [&](ExpressionId input) { return expressions_.probably_full(input); };
      const bool was_full = std::ranges::any_of(inputs_, is_full);
      results_[step_results_[id] + static_cast<size_t>(k)] = value;
      completed_.push_back(!was_full && is_full(value));
      if (!step.to.present()) continue;
      const size_t to = cell(wiring_.rank_of(id), step.to.buffer, step.to.first + k);
      cells_[to] = value;
      writers_[to] = id;
    }
    return check_completes(id);
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

  Status check_completes(StepId id) const {
    const Step& step = wiring_.plan_of(id);
    const Chunks& extent = step.extent();
    const auto full = std::ranges::count(completed_, true);
    if (full == (step.completes ? extent.count : 0)) return {};
    if (!step.completes)
      return fail(Code::internal_error, "{}: completes {} of the {} chunks of {}, but is not marked so{}",
                  wiring_.name(id), full, extent.count, name_of(extent), mode());
    const auto first = static_cast<int>(std::ranges::find(completed_, false) - completed_.begin());
    const std::string fault = expressions_.fault(results_[step_results_[id] + static_cast<size_t>(first)]);
    return fail(Code::internal_error, "{}: is marked as completing {}, but the result {}{}", wiring_.name(id),
                name_of(Chunks{extent.buffer, extent.first + first, 1}),
                fault.empty() ? "was full before" : fault, mode());
  }

  Status check_target(const Place& at, const Place& first) const {
    const ExpressionId value = value_of(at);
    if (value == unwritten)
      return fail(Code::internal_error, "rank {}: target chunk {} is never written{}", at.rank, at.chunk, mode());
    const StepId writer = writers_[cell(at.rank, Buffer::target, at.chunk)];
    const std::string place = writer == no_id ? fmt::format("rank {}", at.rank) : wiring_.name(writer);
    if (!expressions_.full(value))
      return fail(Code::internal_error, "{}: target chunk {} {}{}", place, at.chunk, expressions_.fault(value),
                  mode());
    if (value != value_of(first) && !may_repeat(plans_[0].collective))
      return fail(Code::internal_error,
                  "{}: target chunk {} is combined in another order than on rank {}: {}, not {}{}", place,
                  at.chunk, first.rank, expressions_.text(value), expressions_.text(value_of(first)), mode());
    return {};
  }

  static int size(const Plan& plan, Buffer buffer) { return static_cast<int>(plan.labels_of(buffer).size()); }

  size_t cell(Rank rank, Buffer buffer, int chunk) const {
    const auto of = static_cast<size_t>(rank);
    if (buffer == Buffer::target && in_place_) {
      const int source = shared_[of][static_cast<size_t>(chunk)];
      if (source >= 0) return rank_cells_[of] + static_cast<size_t>(source);
    }
    if (buffer != Buffer::source) chunk += size(plans_[of], Buffer::source);
    if (buffer == Buffer::scratch) chunk += size(plans_[of], Buffer::target);
    return rank_cells_[of] + static_cast<size_t>(chunk);
  }

  ExpressionId value_of(const Place& place) const {
    return cells_[cell(place.rank, Buffer::target, place.chunk)];
  }
  int label_of(const Place& place) const {
    const Plan& plan = plans_[static_cast<size_t>(place.rank)];
    return plan.labels_of(Buffer::target)[static_cast<size_t>(place.chunk)];
  }
  const char* mode() const { return in_place_ ? " (only in place)" : ""; }

  const Wiring& wiring_;
  const std::vector<Plan>& plans_;
  Expressions& expressions_;
  bool in_place_;
  std::vector<std::vector<int>> shared_;  ///< In place: each rank's shared_with_source().
  std::vector<size_t> rank_cells_;  ///< Each rank's first cell; its buffers follow one another.
  std::vector<ExpressionId> cells_;
  std::vector<StepId> writers_;       ///< Who wrote each cell last.
  std::vector<size_t> step_results_;  ///< Each step's first result; a message is what its sender's step made.
  std::vector<ExpressionId> results_;
  std::vector<ExpressionId> inputs_;  ///< Of the chunk being combined.
  std::vector<bool> completed_;       ///< Of the step being run: which chunks are full now, and were in no input.
};

}  // namespace

Status check_result(const Wiring& wiring, const std::vector<StepId>& order) {
  const std::vector<Plan>& plans = wiring.plans();
  const Collective collective = plans[0].collective;
  Expressions expressions(combines(collective) ? plans[0].ranks : 1, plans[0].labels, may_repeat(collective));
  for (const bool in_place : {false, true}) {
    if (in_place && !may_be_in_place(collective)) continue;
    Run run(wiring, expressions, in_place);
    BCCL_TRY(run.run(order));
    BCCL_TRY(run.check_targets());
  }
  return {};
}

}  // namespace bccl
