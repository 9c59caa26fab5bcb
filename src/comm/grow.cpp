#include "comm/grow.h"

#include <algorithm>

#include "comm/child_exchange.h"
#include "net/packing.h"

namespace bccl {
namespace {

/// The secret of an id goes over the parent, which may not be encrypted: so it is masked by what strangers do not know,
/// another one for each rank and call.
void mask(UniqueId& id, const Communicator& parent, uint64_t calls, Rank by) {
  const Tag noise = parent.secret_for(fmt::format("grow {} {}", calls, by));
  for (size_t i = 0; i < id.secret.size(); ++i) id.secret[i] ^= noise[i];
}

std::string pack(const Result<Growth>& growth, const Communicator& parent) {
  Packer packer;
  packer.u32(static_cast<uint32_t>(growth.code()));
  if (!growth.ok()) return packer.raw(std::string_view{growth.sentence()}).take();
  packer.u32(static_cast<uint32_t>(growth.value().ranks));
  if (growth.value().id.has_value()) {
    UniqueId id = *growth.value().id;
    mask(id, parent, parent.calls(), parent.rank());
    const auto bytes = id.pack();
    packer.raw(std::string_view{bytes.data(), bytes.size()});
  }
  return packer.take();
}

Result<Growth> unpack(const std::string& packed, Rank from, const Communicator& parent, uint64_t calls) {
  Unpacker unpacker{packed};
  if (const uint32_t code = unpacker.u32(); code != 0)
    return fail(error_code_from(code), "rank {}: {}", from, unpacker.rest());
  Growth growth{.ranks = static_cast<int>(unpacker.u32()), .id = {}};
  const std::string_view id = unpacker.rest();
  if (id.empty()) return growth;
  std::array<char, unique_id_bytes> bytes{};
  std::ranges::copy(id.substr(0, bytes.size()), bytes.begin());
  growth.id = BCCL_TRY(UniqueId::unpack(bytes));
  mask(*growth.id, parent, calls, from);
  return growth;
}

/// Of what all ranks give: pure, so that all come to the same.
Result<UniqueId> agree(const std::vector<Growth>& all) {
  const Growth* named = nullptr;
  for (size_t rank = 0; rank < all.size(); ++rank) {
    if (all[rank].ranks != all.front().ranks)
      return fail(Code::invalid_usage, "nranks is {} on rank 0 and {} on rank {}: give the same on all ranks",
                  all.front().ranks, all[rank].ranks, rank);
    if (!all[rank].id.has_value()) continue;
    if (named != nullptr && named->id != all[rank].id)
      return fail(Code::invalid_usage, "ranks {} and {} give different ids: one bcclCommGetUniqueId is enough",
                  named - all.data(), rank);
    named = &all[rank];
  }
  if (named == nullptr)
    return fail(Code::invalid_usage, "uniqueId is NULL on all ranks: the rank that called bcclCommGetUniqueId has to give it");
  return *named->id;
}

Result<UniqueId> gather_id(Communicator& parent, const Result<Growth>& mine) {
  const uint64_t calls = parent.calls();
  std::vector<Growth> all;
  const std::vector<std::string> packed = BCCL_TRY(gather(parent, Errand::grow, pack(mine, parent)));
  for (const std::string& one : packed) all.push_back(BCCL_TRY(unpack(one, static_cast<Rank>(all.size()), parent, calls)));
  return agree(all);
}

}  // namespace

Result<std::unique_ptr<Communicator>> grow(Communicator& parent, const Result<Growth>& mine, const Settings& settings,
                                           const Interrupt& interrupt) {
  const UniqueId id = BCCL_TRY(gather_id(parent, mine));
  const Patience patience(Deadline::after_ms(settings.bootstrap_timeout_ms), interrupt);
  const auto exchange = BCCL_TRY(join(id, parent.rank(), mine.value().ranks, patience));
  return Communicator::create(*exchange, settings, {}, parent.pose());
}

}  // namespace bccl
