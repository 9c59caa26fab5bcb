#include <algorithm>
#include <cstdint>

#include "plan/layout.h"
#include "plan/proofs.h"

namespace bccl {
namespace {

/// Checks one rank's plan. `place` says which step a sentence is about.
class Bounds {
 public:
  Bounds(const Plan& plan, int ranks) : plan_(plan), named_(static_cast<size_t>(ranks)) {}

  Status check() {
    BCCL_TRY(check_layout());
    for (size_t c = 0; c < plan_.channels.size(); ++c) {
      for (size_t s = 0; s < plan_.channels[c].size(); ++s) {
        channel_ = static_cast<int>(c);
        step_ = static_cast<int>(s);
        BCCL_TRY(check_step(plan_.channels[c][s]));
      }
    }
    return {};
  }

 private:
  template <class... Args>
  Error wrong(fmt::format_string<Args...> format, Args&&... args) const {
    return fail(Code::internal_error, "rank {}, channel {}, step {}: {}", plan_.rank, channel_, step_,
                fmt::format(format, std::forward<Args>(args)...));
  }

  Status check_layout() const {
    const int parts = plan_.labels / blocks_of(plan_.collective, plan_.ranks);
    const Layout held = layout_of({plan_.collective, plan_.ranks, plan_.root, parts}, plan_.rank);
    BCCL_TRY(check_held(Buffer::source, held.source));
    BCCL_TRY(check_held(Buffer::target, held.target));
    for (const int label : plan_.labels_of(Buffer::scratch))
      if (label < 0 || label >= plan_.labels)
        return fail(Code::internal_error, "rank {}: a scratch chunk has label {}, of {} labels", plan_.rank,
                    label, plan_.labels);
    return {};
  }

  Status check_held(Buffer buffer, const std::vector<int>& held) const {
    const std::vector<int>& labels = plan_.labels_of(buffer);
    if (labels.size() != held.size())
      return fail(Code::internal_error, "rank {}: the {} must hold {} chunks, not {}", plan_.rank, name_of(buffer),
                  held.size(), labels.size());
    const auto [label, wanted] = std::mismatch(labels.begin(), labels.end(), held.begin());
    if (label == labels.end()) return {};
    return fail(Code::internal_error, "rank {}: {} chunk {} must have label {}, not {}", plan_.rank, name_of(buffer),
                label - labels.begin(), *wanted, *label);
  }

  Status check_step(const Step& step) {
    if (!step.from.present() && !step.to.present())
      return wrong("names neither a chunk to read nor one to write");
    BCCL_TRY(check_chunks(step.from));
    BCCL_TRY(check_chunks(step.to));
    if (step.to.present() && step.to.buffer == Buffer::source) return wrong("writes {}", name_of(step.to));
    BCCL_TRY(check_pair(step));
    if (step.inputs() < 1) return wrong("has no input for {}", name_of(step.to));
    if (step.inputs() > 1 && !combines(plan_.collective))
      return wrong("combines {} inputs for {}, but {} only moves data", step.inputs(), name_of(step.extent()),
                   name_of(plan_.collective));
    if (!step.to.present() && step.send.empty())
      return wrong("neither stores nor sends what it makes of {}", name_of(step.from));
    if (step.from.present() && (step.from_at < 0 || step.from_at > static_cast<int>(step.recv.size())))
      return wrong("combines {} as input {} of {}", name_of(step.from), step.from_at, step.inputs());
    if (step.extent().count > plan_.message_chunks)
      return wrong("covers {}, but the plan says that no step covers more than {} chunks",
                   name_of(step.extent()), plan_.message_chunks);
    BCCL_TRY(check_peers(step, step.recv, "receives", "from"));
    BCCL_TRY(check_peers(step, step.send, "sends", "to"));
    return check_after(step);
  }

  Status check_chunks(const Chunks& chunks) const {
    if (chunks.count == 0) return {};
    if (chunks.count < 0 || chunks.buffer > Buffer::scratch)
      return wrong("names {} chunks of buffer {} from chunk {} on", chunks.count,
                   static_cast<int>(chunks.buffer), chunks.first);
    const size_t size = plan_.labels_of(chunks.buffer).size();
    if (chunks.first < 0 || static_cast<size_t>(chunks.first) + static_cast<size_t>(chunks.count) > size)
      return wrong("names {}, but there are {}", name_of(chunks), size);
    return {};
  }

  Status check_pair(const Step& step) const {
    if (!step.from.present() || !step.to.present()) return {};
    const int* from = plan_.labels_of(step.from.buffer).data() + step.from.first;
    const int* to = plan_.labels_of(step.to.buffer).data() + step.to.first;
    if (!std::equal(from, from + step.from.count, to, to + step.to.count))
      return wrong("reads {} and writes {}, which have other labels", name_of(step.from), name_of(step.to));
    // One pass through memory may overwrite what it reads only element by element.
    const bool shifted = step.from.buffer == step.to.buffer && step.from.first != step.to.first &&
                         step.from.first < step.to.first + step.to.count &&
                         step.to.first < step.from.first + step.from.count;
    if (shifted) return wrong("reads {} and writes the overlapping {}", name_of(step.from), name_of(step.to));
    return {};
  }

  Status check_peers(const Step& step, const std::vector<Rank>& peers, const char* verb, const char* way) {
    for (const Rank peer : peers) {
      const auto wrong_peer = [&](const std::string& who) {
        return wrong("{} {} {} {}", verb, name_of(step.extent()), way, who);
      };
      if (peer < 0 || static_cast<size_t>(peer) >= named_.size())
        return wrong_peer(fmt::format("rank {}, which does not exist", peer));
      if (peer == plan_.rank) return wrong_peer("its own rank");
      if (named_[static_cast<size_t>(peer)]) return wrong_peer(fmt::format("rank {} twice", peer));
      named_[static_cast<size_t>(peer)] = true;
    }
    for (const Rank peer : peers) named_[static_cast<size_t>(peer)] = false;
    return {};
  }

  Status check_after(const Step& step) const {
    const After& after = step.after;
    if (!after.present()) return {};
    const auto channel = static_cast<size_t>(after.channel);
    if (channel >= plan_.channels.size() || after.step < 0 ||
        static_cast<size_t>(after.step) >= plan_.channels[channel].size())
      return wrong("waits with {} for channel {}, step {}, which does not exist", name_of(step.extent()),
                   after.channel, after.step);
    if (after.channel == channel_)
      return wrong("waits with {} for step {} of its own channel", name_of(step.extent()), after.step);
    return {};
  }

  const Plan& plan_;
  std::vector<bool> named_;  ///< The peers that the list being checked has named so far.
  int channel_ = 0;
  int step_ = 0;
};

Status check_agreement(const Plan& plan, const Plan& first, size_t at, size_t ranks) {
  if (plan.rank != static_cast<Rank>(at))
    return fail(Code::internal_error, "the plan of rank {} stands at place {}", plan.rank, at);
  if (plan.ranks != static_cast<int>(ranks))
    return fail(Code::internal_error, "rank {}: its plan is for {} ranks", plan.rank, plan.ranks);
  if (plan.collective != first.collective)
    return fail(Code::internal_error, "rank {}: its plan is for another collective than rank 0's", plan.rank);
  if (plan.root != first.root)
    return fail(Code::internal_error, "rank {}: its plan has root {}, rank 0's has {}", plan.rank, plan.root,
                first.root);
  if (plan.root < 0 || plan.root >= (has_root(plan.collective) ? plan.ranks : 1))
    return fail(Code::internal_error, "rank {}: its plan has root {}, which cannot be", plan.rank, plan.root);
  if (plan.labels != first.labels || plan.labels < 1)
    return fail(Code::internal_error, "rank {}: its plan has {} labels, rank 0's has {}", plan.rank,
                plan.labels, first.labels);
  if (const int blocks = blocks_of(plan.collective, plan.ranks); plan.labels % blocks != 0)
    return fail(Code::internal_error, "rank {}: its plan has {} labels, which do not divide into {} blocks",
                plan.rank, plan.labels, blocks);
  if (plan.message_chunks != first.message_chunks || plan.message_chunks < 1)
    return fail(Code::internal_error, "rank {}: its plan's messages have up to {} chunks, rank 0's up to {}",
                plan.rank, plan.message_chunks, first.message_chunks);
  return {};
}

/// Chunks that steps hand on, counted once for each input: what a symbolic run has to look at.
uint64_t count_work(const Plan& plan) {
  uint64_t work = 0;
  for (const Channel& channel : plan.channels)
    for (const Step& step : channel)
      work += static_cast<uint64_t>(step.extent().count) * static_cast<uint64_t>(step.inputs());
  return work;
}

/// What is given has labels, each of them somewhere: so nothing below is larger than what the plans hold.
Status check_sizes(const std::vector<Plan>& plans) {
  uint64_t chunks = 0;
  uint64_t given = 0;
  for (const Plan& plan : plans) {
    for (const std::vector<int>& labels : plan.layout) chunks += labels.size();
    given += plan.labels_of(Buffer::source).size();
  }
  if (chunks >= wired_things_max)
    return fail(Code::internal_error, "more than {} chunks", wired_things_max);
  if (given < static_cast<uint64_t>(plans[0].labels))
    return fail(Code::internal_error, "{} labels, but the sources of all ranks hold {} chunks", plans[0].labels, given);
  return {};
}

}  // namespace

Status check_bounds(const std::vector<Plan>& plans) {
  if (plans.size() > ranks_verified_max)
    return fail(Code::internal_error, "{} ranks: more than {}", plans.size(), ranks_verified_max);
  for (size_t rank = 0; rank < plans.size(); ++rank)
    BCCL_TRY(check_agreement(plans[rank], plans[0], rank, plans.size()));
  BCCL_TRY(check_sizes(plans));
  uint64_t work = 0;
  for (const Plan& plan : plans) {
    BCCL_TRY(Bounds(plan, plan.ranks).check());
    work += count_work(plan);
  }
  if (work >= wired_things_max)
    return fail(Code::internal_error, "more than {} chunks to follow", wired_things_max);
  return {};
}

}  // namespace bccl
