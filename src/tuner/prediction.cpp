#include "tuner/prediction.h"

#include <algorithm>
#include <cmath>
#include <queue>

namespace bccl {
namespace {

/// One window on its way through the plans.
class Rehearsal {
 public:
  Rehearsal(const Wiring& wiring, const Prices& prices, const Facts& facts, double label_bytes);

  double play();  ///< When the last step ends.

  /// Of the core or link that works longest.
  double busiest() const;

 private:
  const LinkPrices& link(Rank from, Rank to) const {
    if (facts_.share_host(from, to)) return facts_.share_l3(from, to) ? prices_.beside : prices_.inside;
    return facts_.machine_of(from) == facts_.machine_of(to) ? prices_.loopback : prices_.between;
  }
  double work_of(StepId id) const;
  size_t core_of(Rank rank) const { return core_of_[static_cast<size_t>(rank)]; }
  void place_ranks();
  void count_prerequisites();
  void finish(StepId id, double end);
  void allow(StepId id, double from);
  void charge_links(StepId id);

  struct Ready {
    double from;
    StepId step;
    bool operator>(const Ready& other) const { return from != other.from ? from > other.from : step > other.step; }
  };

  const Wiring& wiring_;
  const Prices& prices_;
  const Facts& facts_;
  const double label_bytes_;
  std::vector<size_t> core_of_;
  std::vector<double> core_free_;  ///< From when on.
  std::vector<double> core_busy_;  ///< How long in all.
  std::vector<double> sent_by_;    ///< Machine: bytes that leave it …
  std::vector<double> sent_to_;    ///< … and that come to it.
  std::vector<int> missing_;       ///< Step: how many things it still waits for …
  std::vector<double> from_;       ///< … and when the latest of the others was there.
  std::vector<std::vector<StepId>> waiting_after_;  ///< Step: those that are `after` it, in other channels.
  std::priority_queue<Ready, std::vector<Ready>, std::greater<>> ready_;
};

Rehearsal::Rehearsal(const Wiring& wiring, const Prices& prices, const Facts& facts, double label_bytes)
    : wiring_(wiring), prices_(prices), facts_(facts), label_bytes_(label_bytes) {
  place_ranks();
  count_prerequisites();
}

/// Each rank of a machine on a core of its own, or the next in turn.
void Rehearsal::place_ranks() {
  const auto machines = static_cast<size_t>(facts_.machine_count());
  const auto cores = static_cast<size_t>(prices_.cores);
  std::vector<size_t> ranks_on(machines, 0);
  for (Rank rank = 0; rank < facts_.ranks; ++rank) {
    const auto machine = static_cast<size_t>(facts_.machine_of(rank));
    core_of_.push_back(machine * cores + ranks_on[machine]++ % cores);
  }
  core_free_.assign(machines * cores, 0.0);
  core_busy_ = core_free_;
  sent_by_.assign(machines, 0.0);
  sent_to_ = sent_by_;
}

void Rehearsal::count_prerequisites() {
  missing_.resize(wiring_.steps());
  from_.resize(wiring_.steps(), 0.0);
  waiting_after_.resize(wiring_.steps());
  for (StepId id = 0; id < wiring_.steps(); ++id) {
    missing_[id] = static_cast<int>(wiring_.received(id).size()) + (id > wiring_.channel_of(id).first ? 1 : 0);
    if (const StepId other = wiring_.after(id); other != no_id) {
      ++missing_[id];
      waiting_after_[other].push_back(id);
    }
    if (missing_[id] == 0) ready_.push({.from = 0.0, .step = id});
  }
}

/// What the step costs the core that it runs on.
double Rehearsal::work_of(StepId id) const {
  const Step& step = wiring_.plan_of(id);
  const Rank me = wiring_.rank_of(id);
  const double bytes = step.extent().count * label_bytes_;
  double work = prices_.step_ns + (step.inputs() - 1) * bytes * prices_.reduce_byte_ns;
  if (step.from.present()) work += bytes * prices_.read_byte_ns;
  if (step.to.present()) work += bytes * prices_.write_byte_ns;
  for (const Rank peer : step.recv) {
    const LinkPrices& by = link(peer, me);
    work += by.receive_ns + bytes * by.received_byte_ns;
  }
  bool staged = false;
  for (const Rank peer : step.send) {
    const LinkPrices& by = link(me, peer);
    work += by.send_ns + bytes * by.sent_byte_ns;
    staged = staged || facts_.host_of(me) == facts_.host_of(peer);
  }
  return staged ? work + bytes * prices_.stage_byte_ns : work;
}

void Rehearsal::charge_links(StepId id) {
  const Rank me = wiring_.rank_of(id);
  for (const Rank peer : wiring_.plan_of(id).send) {
    const auto here = static_cast<size_t>(facts_.machine_of(me));
    const auto there = static_cast<size_t>(facts_.machine_of(peer));
    if (here == there) continue;
    sent_by_[here] += wiring_.plan_of(id).extent().count * label_bytes_;
    sent_to_[there] += wiring_.plan_of(id).extent().count * label_bytes_;
  }
}

void Rehearsal::allow(StepId id, double from) {
  from_[id] = std::max(from_[id], from);
  if (--missing_[id] == 0) ready_.push({.from = from_[id], .step = id});
}

void Rehearsal::finish(StepId id, double end) {
  if (id + 1 < wiring_.channel_of(id).end) allow(id + 1, end);
  for (const StepId other : waiting_after_[id]) allow(other, end);
  const WiredStep& step = wiring_.step(id);
  const double bytes = step.plan->extent().count * label_bytes_;
  for (size_t at = 0; at < step.plan->send.size(); ++at) {
    const StepId taker = wiring_.message(step.first_sent + static_cast<MessageId>(at)).receiver;
    const LinkPrices& by = link(wiring_.rank_of(id), wiring_.rank_of(taker));
    const double streamed_ns = bytes * std::min(by.sent_byte_ns, by.received_byte_ns);
    allow(taker, end + by.hop_ns - streamed_ns);
  }
}

double Rehearsal::play() {
  double last = 0;
  while (!ready_.empty()) {
    const Ready next = ready_.top();
    ready_.pop();
    const size_t core = core_of(wiring_.rank_of(next.step));
    const double work = work_of(next.step);
    const double end = std::max(next.from, core_free_[core]) + work;
    core_free_[core] = end;
    core_busy_[core] += work;
    charge_links(next.step);
    finish(next.step, end);
    last = std::max(last, end);
  }
  return last;
}

double Rehearsal::busiest() const {
  const double link = std::max(std::ranges::max(sent_by_), std::ranges::max(sent_to_)) * prices_.between.link_byte_ns;
  return std::max(std::ranges::max(core_busy_), link);
}

}  // namespace

double predicted_ns(const Wiring& wiring, const Load& load, const Prices& prices, const Facts& facts) {
  const double window = std::min(load.label_bytes, load.window_bytes);
  Rehearsal rehearsal(wiring, prices, facts, window);
  const double first = rehearsal.play();
  const double further = window > 0 ? std::max(0.0, load.label_bytes / window - 1) : 0;
  return prices.call_ns + std::max(first, rehearsal.busiest()) + further * rehearsal.busiest();
}

}  // namespace bccl
