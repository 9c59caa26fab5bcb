#include <algorithm>
#include <memory>
#include <tuple>

#include "plan/ancestry.h"
#include "plan/layout.h"
#include "plan/proofs.h"

namespace bccl {
namespace {

/// One use of a memory cell.
struct Access {
  StepId step = no_id;
  Buffer buffer = Buffer::source;
  int chunk = 0;
  bool writes = false;
};

/// Looks at the accesses of one rank in an order that the plans allow. It suffices to compare an access with
/// the last write before it and, if it writes, with the reads since: each of those was compared with what
/// came before it, and "must precede" is transitive. Source and target chunks of one label are one memory here:
/// whatever two steps do to each other when the buffers are distinct, they also do in place.
class Races {
 public:
  Races(const Wiring& wiring, bool scratch_only) : wiring_(wiring), scratch_only_(scratch_only) {}

  Status check(Rank rank, const std::vector<StepId>& order) {
    const Plan& plan = wiring_.plans()[static_cast<size_t>(rank)];
    cells_.clear();
    shared_ = shared_with_source(plan);
    target_cells_ = plan.labels_of(Buffer::source).size();
    scratch_cells_ = target_cells_ + shared_.size();
    cells_.resize(scratch_cells_ + plan.labels_of(Buffer::scratch).size());
    reads_.clear();
    for (Search& search : searches_) search.in_use = false;
    for (const StepId id : order) BCCL_TRY(check_step(id));
    return {};
  }

 private:
  /// What has happened to a chunk so far: the last write and the last read of each channel since.
  struct Cell {
    Access write;
    size_t first_read = SIZE_MAX;
  };
  struct Read {
    Access access;
    size_t next = SIZE_MAX;
  };
  struct Search {
    std::unique_ptr<Ancestry> ancestry;
    bool in_use = false;
  };

  Status check_step(StepId id) {
    const auto& [from, to] = std::tie(wiring_.plan_of(id).from, wiring_.plan_of(id).to);
    if (matters(from))
      for (int k = 0; k < from.count; ++k) BCCL_TRY(read({id, from.buffer, from.first + k, false}));
    if (matters(to))
      for (int k = 0; k < to.count; ++k) BCCL_TRY(write({id, to.buffer, to.first + k, true}));
    return {};
  }

  bool matters(const Chunks& chunks) const { return !scratch_only_ || chunks.buffer == Buffer::scratch; }

  Status read(const Access& access) {
    Cell& cell = cell_of(access);
    BCCL_TRY(check_order(cell.write, access));
    for (size_t at = cell.first_read; at != SIZE_MAX; at = reads_[at].next) {
      if (wiring_.step(reads_[at].access.step).channel != wiring_.step(access.step).channel) continue;
      reads_[at].access = access;
      return {};
    }
    reads_.push_back({access, cell.first_read});
    cell.first_read = reads_.size() - 1;
    return {};
  }

  Status write(const Access& access) {
    Cell& cell = cell_of(access);
    BCCL_TRY(check_order(cell.write, access));
    for (size_t at = cell.first_read; at != SIZE_MAX; at = reads_[at].next)
      BCCL_TRY(check_order(reads_[at].access, access));
    cell = {access, SIZE_MAX};
    return {};
  }

  Status check_order(const Access& early, const Access& late) {
    if (early.step == no_id) return {};
    const ChannelId channel = wiring_.step(late.step).channel;
    if (wiring_.step(early.step).channel == channel) return {};
    if (ancestry_of(channel).precedes(early.step, late.step)) return {};
    const bool only_in_place = early.buffer != late.buffer;
    const auto deed = [](const Access& access) {
      return fmt::format("{} {} chunk {}", access.writes ? "writes" : "reads", name_of(access.buffer),
                         access.chunk);
    };
    return fail(Code::internal_error, "{}: {} while {} {}: nothing orders the two{}", wiring_.name(late.step),
                deed(late), wiring_.name(early.step), deed(early),
                only_in_place ? " (a race only in place, where both are the same memory)" : " (a race)");
  }

  Ancestry& ancestry_of(ChannelId channel) {
    const auto at = channel - wiring_.first_channel(wiring_.channel(channel).rank);
    if (searches_.size() <= at) searches_.resize(at + 1);
    Search& search = searches_[at];
    if (!search.ancestry) search.ancestry = std::make_unique<Ancestry>(wiring_);
    if (!search.in_use) search.ancestry->restart(channel);
    search.in_use = true;
    return *search.ancestry;
  }

  Cell& cell_of(const Access& access) {
    const auto chunk = static_cast<size_t>(access.chunk);
    if (access.buffer == Buffer::scratch) return cells_[scratch_cells_ + chunk];
    if (access.buffer == Buffer::source) return cells_[chunk];
    return cells_[shared_[chunk] >= 0 ? static_cast<size_t>(shared_[chunk]) : target_cells_ + chunk];
  }

  const Wiring& wiring_;
  bool scratch_only_;
  std::vector<int> shared_;   ///< The plan's shared_with_source().
  size_t target_cells_ = 0;   ///< Where those of the target begin that are no cells of the source.
  size_t scratch_cells_ = 0;  ///< Where those of the scratch begin.
  std::vector<Cell> cells_;
  std::vector<Read> reads_;
  std::vector<Search> searches_;  ///< By number of the channel that accesses.
};

Status check(const Wiring& wiring, const std::vector<StepId>& order, bool scratch_only) {
  const auto ranks = static_cast<Rank>(wiring.plans().size());
  std::vector<std::vector<StepId>> of_rank(static_cast<size_t>(ranks));
  for (const StepId id : order) {
    const Rank rank = wiring.rank_of(id);
    const bool in_order = wiring.end_channel(rank) - wiring.first_channel(rank) < 2;  // One channel only.
    if (!in_order) of_rank[static_cast<size_t>(rank)].push_back(id);
  }
  Races races(wiring, scratch_only);
  for (Rank rank = 0; rank < ranks; ++rank) BCCL_TRY(races.check(rank, of_rank[static_cast<size_t>(rank)]));
  return {};
}

bool shares_scratch(const Plan& plan) {
  const auto uses = [](const Channel& channel) {
    return std::any_of(channel.begin(), channel.end(), [](const Step& step) {
      return (step.from.present() && step.from.buffer == Buffer::scratch) ||
             (step.to.present() && step.to.buffer == Buffer::scratch);
    });
  };
  return std::count_if(plan.channels.begin(), plan.channels.end(), uses) > 1;
}

/// The plan, and after it the plan again.
Plan twice(Plan plan) {
  for (Channel& channel : plan.channels) {
    const size_t once = channel.size();
    channel.reserve(2 * once);
    for (size_t at = 0; at < once; ++at) channel.push_back(channel[at]);
  }
  for (Channel& channel : plan.channels)
    for (size_t at = channel.size() / 2; at < channel.size(); ++at)
      if (After& after = channel[at].after; after.present())
        after.step += static_cast<int>(plan.channels[static_cast<size_t>(after.channel)].size() / 2);
  return plan;
}

}  // namespace

Status check_races(const Wiring& wiring, const std::vector<StepId>& order) {
  return check(wiring, order, false);
}

Status check_repeated(const std::vector<Plan>& plans) {
  if (std::none_of(plans.begin(), plans.end(), shares_scratch)) return {};  // A channel's own needs no order.
  std::vector<Plan> repeated;
  for (const Plan& plan : plans) repeated.push_back(twice(plan));
  const Wiring wiring = BCCL_TRY(Wiring::make(repeated));
  // Two runs end whenever one does: the second can wait until the first has left all connections empty.
  const std::vector<StepId> order = BCCL_TRY(order_with_one_slot(wiring));
  const Status status = check(wiring, order, true);
  if (status.ok()) return {};
  return fail(status.code(), "{}, when the plan runs twice in a row (its steps counted on)",
              status.sentence());
}

}  // namespace bccl
