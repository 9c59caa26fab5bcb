#include "bootstrap/roster.h"

#include <algorithm>

namespace bccl {
namespace {

constexpr size_t ranks_named_max = 8;  // a sentence that names a thousand ranks helps nobody

}  // namespace

std::string spell_ms(int64_t ms) {
  return ms % 1000 == 0 ? fmt::format("{} s", ms / 1000) : fmt::format("{} ms", ms);
}

std::string Roster::describe(int rank) const {
  return fmt::format("rank {} ({})", rank, entries_[static_cast<size_t>(rank)].who);
}

void Roster::fail_with(Error error) {
  if (!failure_) failure_ = std::move(error);
}

/// Someone who comes on top of a full house is turned away without harm to those inside.
Error Roster::refuse(Error error) {
  if (!all_entered()) fail_with(error);
  return error;
}

Status Roster::enter(int rank, int size, std::string who) {
  if (failure_) return *failure_;
  if (size_ == 0) {
    size_ = size;
    entries_.resize(static_cast<size_t>(size));
  }
  if (size != size_) {
    const auto first = std::ranges::find(entries_, true, &Entry::entered) - entries_.begin();
    return refuse(
        fail(Code::invalid_usage,
             "rank {} ({}) was told that the communicator has {} ranks, but {} was told {}: give all "
             "ranks the same size",
             rank, who, size, describe(static_cast<int>(first)), size_));
  }
  Entry& entry = at(rank);
  if (entry.entered)
    return refuse(fail(Code::invalid_usage,
                       "two processes claim to be rank {} of {}: ({}) and ({}); ranks must differ", rank,
                       size_, entry.who, who));
  entry.entered = true;
  entry.who = std::move(who);
  ++entered_;
  return {};
}

Status Roster::contribute(int rank, std::string blob) {
  if (failure_) return *failure_;
  if (left_ > 0) {
    const auto gone = std::ranges::find(entries_, true, &Entry::left) - entries_.begin();
    fail_with(fail(Code::remote_error, "{} left before all_gather {} of the bootstrap",
                   describe(static_cast<int>(gone)), round_));
  } else if (at(rank).blob) {
    fail_with(fail(Code::internal_error, "{} gave two blobs to all_gather {} of the bootstrap",
                   describe(rank), round_));
  }
  if (failure_) return *failure_;
  at(rank).blob = std::move(blob);
  ++contributed_;
  return {};
}

void Roster::leave(int rank, bool on_purpose) {
  Entry& entry = at(rank);
  if (!entry.entered || entry.left) return;
  entry.left = true;
  ++left_;
  if (!on_purpose)
    fail_with(fail(Code::remote_error, "{} died during bootstrap", describe(rank)));
  else if (contributed_ > 0 && !entry.blob)
    fail_with(
        fail(Code::remote_error, "{} left before all_gather {} of the bootstrap", describe(rank), round_));
}

void Roster::give_up(int rank, const Error& reason) {
  fail_with(fail(reason.code, "{} gave up: {}", describe(rank), reason.sentence));
}

std::vector<std::string> Roster::finish_round() {
  std::vector<std::string> blobs;
  blobs.reserve(entries_.size());
  for (Entry& entry : entries_) {
    blobs.push_back(std::move(*entry.blob));
    entry.blob.reset();
  }
  contributed_ = 0;
  ++round_;
  return blobs;
}

template <class Missing>
std::vector<int> Roster::ranks_where(Missing missing) const {
  std::vector<int> ranks;
  for (int rank = 0; rank < size_; ++rank)
    if (missing(entries_[static_cast<size_t>(rank)])) ranks.push_back(rank);
  return ranks;
}

/// "rank 3", "ranks 3, 4 and 9", "ranks 1, 2, … and 20 more"
std::string Roster::list(const std::vector<int>& ranks, bool with_process) const {
  std::vector<std::string> names;
  for (const int rank : ranks) {
    if (names.size() == ranks_named_max && ranks.size() > ranks_named_max + 1) {
      names.push_back(fmt::format("{} more", ranks.size() - names.size()));
      break;
    }
    const Entry& entry = entries_[static_cast<size_t>(rank)];
    names.push_back(with_process ? fmt::format("{} ({})", rank, entry.who) : std::to_string(rank));
  }
  if (names.size() == 1) return "rank " + names.front();
  const std::string last = std::move(names.back());
  names.pop_back();
  return fmt::format("ranks {} and {}", fmt::join(names, ", "), last);
}

void Roster::expire(int64_t budget_ms, const std::string& hindrance) {
  const auto verb = [](const std::vector<int>& ranks) { return ranks.size() == 1 ? "has" : "have"; };
  const auto absent = ranks_where([](const Entry& entry) { return !entry.entered; });
  const auto silent = ranks_where([](const Entry& entry) { return entry.entered && !entry.blob; });
  std::vector<std::string> facts;
  if (!absent.empty())
    facts.push_back(fmt::format("{} of {} {} not connected to {} after {}", list(absent, false), size_,
                                verb(absent), place_, spell_ms(budget_ms)));
  if (!silent.empty())
    facts.push_back(fmt::format("{} {} not reached all_gather {} of the bootstrap after {}",
                                list(silent, true), verb(silent), round_, spell_ms(budget_ms)));
  fail_with(fail(Code::timeout, "{} (BCCL_BOOTSTRAP_TIMEOUT): {}", fmt::join(facts, "; "),
                 hindrance.empty() ? "see whether each was started and what it does" : hindrance));
}

}  // namespace bccl
