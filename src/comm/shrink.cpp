#include "comm/shrink.h"

#include <algorithm>
#include <ctime>
#include <optional>

#include <fmt/ranges.h>

#include "bootstrap/rendezvous.h"
#include "comm/lookout.h"
#include "net/packing.h"

namespace bccl {
namespace {

constexpr int64_t next_word_ms = 1000;  // how long a root that failed may be the old one

/// Over what ranks come together that leave the parent.
Tag secret_of(const Communicator& parent) { return parent.secret_for("shrink"); }

/// The root of this rank, which the others are told of as long as this lives.
class Summons {
 public:
  /// The secret does not travel: the survivors know it.
  Summons(Words& words, std::span<const Rank> others, UniqueId id) : words_(words), others_(others) {
    id.secret = {};
    words_.leave(others_, id.pack());
  }
  ~Summons() { words_.leave(others_, Word{}); }
  Summons(const Summons&) = delete;
  Summons& operator=(const Summons&) = delete;

 private:
  Words& words_;
  const std::span<const Rank> others_;
};

Result<UniqueId> open_root_for(const Communicator& parent) {
  Settings settings = parent.settings();
  settings.comm_id.clear();  // where the job's first communicator began, perhaps in another process
  return open_root(settings, secret_of(parent));
}

std::optional<UniqueId> look_for_word(Communicator& parent, Rank of) {
  const std::optional<Word> word = parent.words()->word_of(of);
  if (!word.has_value()) return std::nullopt;
  Result<UniqueId> id = UniqueId::unpack(*word);
  if (!id.ok()) return std::nullopt;  // it holds no more
  id->secret = secret_of(parent);
  return std::move(id).value();
}

/// What the lowest survivor says, when it does, and it is not what it said before.
Result<UniqueId> await_word(Communicator& parent, Lookout& lookout, const std::optional<UniqueId>& before, const Patience& patience) {
  const Rank of = lookout.survivors().front();
  for (;;) {
    if (std::optional<UniqueId> id = look_for_word(parent, of); id && id != before) return std::move(*id);
    BCCL_TRY(patience.interrupt());
    if (patience.deadline.passed())
      return fail(Code::timeout, "rank {}: {} has not called bcclCommShrink within {} ms (BCCL_BOOTSTRAP_TIMEOUT): all ranks that survive have to",
                  parent.rank(), parent.node()->describe(of), patience.deadline.budget_ms());
    constexpr timespec look{0, 200'000};
    nanosleep(&look, nullptr);
  }
}

/// The same sentence on all ranks, or none.
Status agree_on_survivors(Exchange& exchange, const std::vector<Rank>& survivors, Deadline deadline) {
  Packer packer;
  for (const Rank rank : survivors) packer.u32(static_cast<uint32_t>(rank));
  const std::vector<std::string> all = BCCL_TRY(exchange.all_gather(packer.take(), deadline));
  const auto words = [](const std::string& packed) {
    std::vector<uint32_t> ranks;
    for (Unpacker unpacker{packed}; !unpacker.at_end();) ranks.push_back(unpacker.u32());
    return fmt::format("{}", fmt::join(ranks, ", "));
  };
  const auto differs = std::ranges::find_if(all, [&](const std::string& one) { return one != all.front(); });
  if (differs == all.end()) return {};
  return fail(Code::invalid_usage, "ranks disagree on who survives: one keeps ranks {}, another ranks {}; exclude the same on all",
              words(all.front()), words(*differs));
}

Result<std::unique_ptr<Exchange>> arrive(const UniqueId& id, const Communicator& parent, const std::vector<Rank>& survivors,
                                         const Patience& patience) {
  const auto rank = static_cast<int>(std::ranges::find(survivors, parent.rank()) - survivors.begin());
  return join(id, rank, static_cast<int>(survivors.size()), patience);
}

/// At the root that the lowest survivor leaves word of. The word of an earlier call of it may still be there, or on its way:
/// then that root lets nobody in, and there is another one soon.
Result<std::unique_ptr<Exchange>> follow_word(Communicator& parent, Lookout& lookout, const Patience& patience) {
  const std::vector<Rank>& survivors = lookout.survivors();
  Result<UniqueId> word = await_word(parent, lookout, std::nullopt, patience);
  if (!word.ok()) return lookout.saw(std::move(word).take_error());
  const UniqueId id = std::move(word).value();
  Result<std::unique_ptr<Exchange>> arrived = arrive(id, parent, survivors, patience);
  if (arrived.ok() || lookout.seen()) return arrived;
  const Patience moment(Deadline::after_ms(std::min(patience.deadline.left_ms(), next_word_ms)), patience.interrupt);
  const Result<UniqueId> next = await_word(parent, lookout, id, moment);
  return next.ok() ? arrive(next.value(), parent, survivors, patience) : std::move(arrived);
}

Result<std::unique_ptr<Communicator>> create(Result<std::unique_ptr<Exchange>> arrived, Communicator& parent, Lookout& lookout,
                                             const Settings& settings, const Patience& patience) {
  const std::vector<Rank>& survivors = lookout.survivors();
  const auto exchange = BCCL_TRY(std::move(arrived));
  BCCL_TRY(agree_on_survivors(*exchange, survivors, patience.deadline));
  lookout.all_have_come();
  return Communicator::create(*exchange, settings, {}, parent.pose());
}

/// Errors name ranks of the new communicator: says which those are in the old one.
Result<std::unique_ptr<Communicator>> meet(Result<std::unique_ptr<Exchange>> arrived, Communicator& parent, Lookout& lookout,
                                           const Settings& settings, const Patience& patience) {
  const std::vector<Rank>& survivors = lookout.survivors();
  Result<std::unique_ptr<Communicator>> made = create(std::move(arrived), parent, lookout, settings, patience);
  if (!made.ok() && lookout.seen()) return *lookout.seen();
  if (made.ok() || survivors.back() + 1 == static_cast<Rank>(survivors.size())) return made;
  return fail(made.code(), "among ranks {}, which are 0 … {} now: {}", fmt::join(survivors, ", "), survivors.size() - 1,
              made.sentence());
}

}  // namespace

Result<std::unique_ptr<Communicator>> shrink(Communicator& parent, const Result<std::vector<Rank>>& survivors,
                                             const Settings& settings, const Interrupt& interrupt) {
  const uint32_t attempt = parent.shrinks.fetch_add(1) + 1;
  if (!survivors.ok()) {
    leave_refusal(parent, attempt, {survivors.code(), survivors.sentence()});
    return Error{survivors.code(), survivors.sentence()};
  }
  if (survivors.value().size() == 1) return Communicator::create(*local_exchanges(1).front(), settings, {}, parent.pose());
  Lookout lookout(parent, survivors.value(), attempt, interrupt);
  const Patience patience(Deadline::after_ms(settings.bootstrap_timeout_ms), [&] { return lookout.look(); });
  if (parent.rank() != survivors.value().front())
    return meet(follow_word(parent, lookout, patience), parent, lookout, settings, patience);
  const UniqueId id = BCCL_TRY(open_root_for(parent));
  const Summons summons(*parent.words(), std::span(survivors.value()).subspan(1), id);
  return meet(arrive(id, parent, survivors.value(), patience), parent, lookout, settings, patience);
}

}  // namespace bccl
