#include "comm/shrink.h"

#include <algorithm>
#include <ctime>
#include <optional>

#include <fmt/ranges.h>

#include "bootstrap/rendezvous.h"
#include "net/packing.h"

namespace bccl {
namespace {

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

/// What the lowest survivor says, when it does.
Result<UniqueId> await_word(Communicator& parent, Rank of, Deadline deadline) {
  Node& node = *parent.node();
  for (;;) {
    node.want_news();
    const Presence presence = node.presence(of);
    if (std::optional<UniqueId> id = look_for_word(parent, of)) return std::move(*id);
    if (presence != Presence::present)
      return fail(Code::remote_error, "rank {}: {} is to survive, and has {}: exclude it, too", parent.rank(),
                  node.describe(of), presence == Presence::left ? "destroyed its communicator" : "died or cannot be reached");
    if (deadline.passed())
      return fail(Code::timeout, "rank {}: {} has not called bcclCommShrink within {} ms (BCCL_BOOTSTRAP_TIMEOUT): all ranks that survive have to",
                  parent.rank(), node.describe(of), deadline.budget_ms());
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

Result<std::unique_ptr<Communicator>> create(const UniqueId& id, Communicator& parent, const std::vector<Rank>& survivors,
                                             const Settings& settings, Deadline deadline) {
  const auto rank = static_cast<int>(std::ranges::find(survivors, parent.rank()) - survivors.begin());
  const auto exchange = BCCL_TRY(join(id, rank, static_cast<int>(survivors.size()), deadline));
  BCCL_TRY(agree_on_survivors(*exchange, survivors, deadline));
  return Communicator::create(*exchange, settings, {}, parent.pose());
}

/// Errors name ranks of the new communicator: says which those are in the old one.
Result<std::unique_ptr<Communicator>> meet(const UniqueId& id, Communicator& parent, const std::vector<Rank>& survivors,
                                           const Settings& settings, Deadline deadline) {
  Result<std::unique_ptr<Communicator>> made = create(id, parent, survivors, settings, deadline);
  if (made.ok() || survivors.back() + 1 == static_cast<Rank>(survivors.size())) return made;
  return fail(made.code(), "among ranks {}, which are 0 … {} now: {}", fmt::join(survivors, ", "), survivors.size() - 1,
              made.sentence());
}

}  // namespace

Result<std::unique_ptr<Communicator>> shrink(Communicator& parent, const std::vector<Rank>& survivors,
                                             const Settings& settings) {
  if (survivors.size() == 1) return Communicator::create(*local_exchanges(1).front(), settings, {}, parent.pose());
  const Deadline deadline = Deadline::after_ms(settings.bootstrap_timeout_ms);
  const Rank caller = survivors.front();
  if (parent.rank() != caller)
    return meet(BCCL_TRY(await_word(parent, caller, deadline)), parent, survivors, settings, deadline);
  const UniqueId id = BCCL_TRY(open_root_for(parent));
  const Summons summons(*parent.words(), std::span(survivors).subspan(1), id);
  return meet(id, parent, survivors, settings, deadline);
}

}  // namespace bccl
