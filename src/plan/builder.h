/// Builds a Plan so that a generator reads like the textbook:
///
///   PlanBuilder plan{Collective::all_reduce, "ring", shape, me};
///   plan.cut(shape.ranks);
///   plan.step().recv(left).reduce(source(c)).send(right);
///   return std::move(plan).build();
///
/// The builder only writes down; verify() judges.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "plan/plan.h"

namespace bccl {

class PlanBuilder {
 public:
  /// Fills one step. The order of recv() and from()/reduce() calls is the order of combination.
  class StepBuilder {
   public:
    StepBuilder& from(Chunks chunks);                            ///< The local input.
    StepBuilder& reduce(Chunks chunks) { return from(chunks); }  ///< The same, read after a recv().
    StepBuilder& recv(Rank peer);
    StepBuilder& recv(const std::vector<Rank>& peers);
    StepBuilder& to(Chunks chunks);
    StepBuilder& send(Rank peer);
    StepBuilder& send(const std::vector<Rank>& peers);
    StepBuilder& after(After step);
    StepBuilder& completes();                         ///< The full reduction is reached here.
    After mark() const { return {channel_, step_}; }  ///< Names this step for another channel's after().

   private:
    friend class PlanBuilder;
    StepBuilder(PlanBuilder& plan, int channel, int step) : plan_(plan), channel_(channel), step_(step) {}
    Step& step();
    PlanBuilder& plan_;
    int channel_;
    int step_;
  };

  /// Each block of the call is one chunk, until cut() says otherwise.
  PlanBuilder(Collective collective, std::string algorithm, const Shape& shape, Rank me);

  /// Every block is cut into `parts` chunks: gives source and target what layout_of() says they hold.
  PlanBuilder& cut(int parts);
  PlanBuilder& layout(Buffer buffer, std::vector<int> labels);
  PlanBuilder& labels(int count);
  PlanBuilder& message_chunks(int most);  ///< The same on every rank: it bounds the slices of all.

  /// Adds a step to channel 0, or to another channel, which appears when first named.
  StepBuilder step() { return step(0); }
  StepBuilder step(int channel);

  Plan build() &&;

 private:
  Plan plan_;
};

}  // namespace bccl
