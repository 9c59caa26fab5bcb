#include <algorithm>

#include "plan/proofs.h"

namespace bccl {
namespace {

constexpr size_t circle_shown_max = 8;

/// What a step waits for: another step, and why.
struct Wait {
  StepId on = no_id;
  std::string reason;
};

/// Half of a step: it takes its inputs, and then gives its result to its receivers. 2 × step, and 1 more for
/// giving.
using Half = uint32_t;
Half take(StepId id) { return 2 * id; }
Half give(StepId id) { return 2 * id + 1; }
StepId step_of(Half half) { return half / 2; }

/// With one slot a connection, taking needs exactly: the step before it in the channel and the step it is
/// `after`, both given, and the senders of its inputs, given. Giving needs: its own taking, and that of the
/// messages which travelled before its own. All of these are known beforehand (matching is
/// first-in-first-out), and no half takes away what another one needs. So the greedy order is as good as any:
/// it runs everything unless some halves wait for each other in a circle.
class OneSlot {
 public:
  explicit OneSlot(const Wiring& wiring) : wiring_(wiring), waits_(size_t{2} * wiring.steps()) {}

  Result<std::vector<StepId>> order() {
    index_after();
    std::vector<Half> ran;
    ran.reserve(waits_.size());
    for (Half half = 0; half < waits_.size(); ++half) {
      for_each_need(half, [&](Half) { ++waits_[half]; });
      if (waits_[half] == 0) ran.push_back(half);
    }
    for (size_t at = 0; at < ran.size(); ++at) {
      for_each_dependent(ran[at], [&](Half dependent) {
        if (--waits_[dependent] == 0) ran.push_back(dependent);
      });
    }
    if (ran.size() < waits_.size()) return deadlock();
    std::vector<StepId> order;
    order.reserve(wiring_.steps());
    for (const Half half : ran)
      if (half == take(step_of(half))) order.push_back(step_of(half));
    return order;
  }

 private:
  template <class Visit>
  void for_each_need(Half half, Visit visit) const {
    const StepId id = step_of(half);
    if (half == give(id)) {
      visit(take(id));
      for_each_sent(id, [&](const WiredMessage& message) {
        if (message.previous != no_id) visit(take(wiring_.message(message.previous).receiver));
      });
      return;
    }
    if (id > wiring_.channel_of(id).first) visit(give(id - 1));
    if (wiring_.after(id) != no_id) visit(give(wiring_.after(id)));
    for (const MessageId message : wiring_.received(id)) visit(give(wiring_.message(message).sender));
  }

  /// The same edges from the other end.
  template <class Visit>
  void for_each_dependent(Half half, Visit visit) const {
    const StepId id = step_of(half);
    if (half == take(id)) {
      visit(give(id));
      for (const MessageId message : wiring_.received(id)) {
        const MessageId next = wiring_.message(message).next;
        if (next != no_id) visit(give(wiring_.message(next).sender));
      }
      return;
    }
    if (id + 1 < wiring_.channel_of(id).end) visit(take(id + 1));
    for (uint32_t at = after_begin_[id]; at < after_begin_[id + 1]; ++at) visit(take(after_[at]));
    for_each_sent(id, [&](const WiredMessage& message) { visit(take(message.receiver)); });
  }

  template <class Visit>
  void for_each_sent(StepId id, Visit visit) const {
    const WiredStep& step = wiring_.step(id);
    for (uint32_t k = 0; k < step.plan->send.size(); ++k) visit(wiring_.message(step.first_sent + k));
  }

  bool waits(Half half) const { return waits_[half] > 0; }

  /// Lists, for each step, the steps that are `after` it.
  void index_after() {
    after_begin_.assign(wiring_.steps() + 1, 0);
    for (StepId id = 0; id < wiring_.steps(); ++id)
      if (wiring_.after(id) != no_id) ++after_begin_[wiring_.after(id) + 1];
    for (StepId id = 0; id < wiring_.steps(); ++id) after_begin_[id + 1] += after_begin_[id];
    after_.resize(after_begin_.back());
    std::vector<uint32_t> next = after_begin_;
    for (StepId id = 0; id < wiring_.steps(); ++id)
      if (wiring_.after(id) != no_id) after_[next[wiring_.after(id)]++] = id;
  }

  /// Every half left waits for another one that is left, so following the waits must come back. It follows
  /// the first unfinished step of each channel: those behind it only wait for it.
  Error deadlock() const {
    const auto left = std::find_if(waits_.begin(), waits_.end(), [](uint32_t waits) { return waits > 0; });
    std::vector<StepId> path;
    StepId at = head(step_of(static_cast<Half>(left - waits_.begin())));
    while (std::find(path.begin(), path.end(), at) == path.end()) {
      path.push_back(at);
      at = head(wait_of(at).on);
    }
    const std::vector<StepId> circle(std::find(path.begin(), path.end(), at), path.end());
    std::string text;
    for (size_t k = 0; k < std::min(circle.size(), circle_shown_max); ++k)
      text += fmt::format("{}{} {}", k == 0 ? "" : "; ", wiring_.name(circle[k]), wait_of(circle[k]).reason);
    if (circle.size() > circle_shown_max)
      text += fmt::format("; and {} more", circle.size() - circle_shown_max);
    return fail(Code::internal_error, "{} (deadlock with one slot a connection)", text);
  }

  /// The first unfinished step of the channel.
  StepId head(StepId id) const {
    while (id > wiring_.channel_of(id).first && waits(give(id - 1))) --id;
    return id;
  }

  /// What the first unfinished step of a channel waits for first.
  Wait wait_of(StepId id) const {
    const Step& step = wiring_.plan_of(id);
    const StepId after = wiring_.after(id);
    if (after != no_id && waits(give(after)))
      return {after, fmt::format("waits with {} for {}", name_of(step.extent()), wiring_.name(after))};
    for (size_t k = 0; k < step.recv.size(); ++k) {
      const StepId sender = wiring_.sender_to(id, k);
      if (waits(give(sender)))
        return {sender,
                fmt::format("waits to receive {} from {}", name_of(step.extent()), wiring_.name(sender))};
    }
    Wait wait;
    for_each_sent(id, [&](const WiredMessage& message) {
      if (message.previous == no_id || wait.on != no_id) return;
      const StepId taker = wiring_.message(message.previous).receiver;
      if (waits(take(taker)))
        wait = {taker, fmt::format("waits for room to send {}, until {} takes what was sent before",
                                   name_of(step.extent()), wiring_.name(taker))};
    });
    return wait;
  }

  const Wiring& wiring_;
  std::vector<uint32_t> waits_;  ///< For each half, how many of its needs have not run.
  std::vector<uint32_t> after_begin_;
  std::vector<StepId> after_;
};

}  // namespace

Result<std::vector<StepId>> order_with_one_slot(const Wiring& wiring) { return OneSlot(wiring).order(); }

}  // namespace bccl
