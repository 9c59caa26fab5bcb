#include "comm/split.h"

#include <algorithm>
#include <vector>

#include "comm/child_exchange.h"
#include "net/packing.h"

namespace bccl {
namespace {

std::string pack(const Result<Destination>& wish) {
  const Destination destination = wish.ok() ? wish.value() : Destination{};
  return Packer{}
      .u32(static_cast<uint32_t>(wish.code()))
      .u32(destination.color.has_value() ? 1 : 0)
      .u32(static_cast<uint32_t>(destination.color.value_or(0)))
      .u32(static_cast<uint32_t>(destination.key))
      .raw(std::string_view{wish.sentence()})
      .take();
}

Result<Destination> unpack(const std::string& wish, Rank rank) {
  Unpacker unpacker{wish};
  const uint32_t code = unpacker.u32();
  const bool has_color = unpacker.u32() != 0;
  const auto color = static_cast<int>(unpacker.u32());
  const auto key = static_cast<int>(unpacker.u32());
  if (code != 0) return fail(error_code_from(code), "rank {}: {}", rank, unpacker.rest());
  return Destination{has_color ? std::optional(color) : std::nullopt, key};
}

/// Collective over the parent: where each of its ranks goes, or the same error on all.
Result<std::vector<Destination>> gather_destinations(Communicator& parent, Errand errand, const Result<Destination>& mine) {
  std::vector<Destination> destinations;
  const std::vector<std::string> wishes = BCCL_TRY(gather(parent, errand, pack(mine)));
  for (const std::string& wish : wishes) destinations.push_back(BCCL_TRY(unpack(wish, static_cast<Rank>(destinations.size()))));
  return destinations;
}

/// The ranks of that colour, in the order that they will have.
std::vector<Rank> members_of(std::optional<int> color, const std::vector<Destination>& destinations) {
  std::vector<Rank> members;
  if (!color.has_value()) return members;
  for (size_t rank = 0; rank < destinations.size(); ++rank)
    if (destinations[rank].color == color) members.push_back(static_cast<Rank>(rank));
  std::ranges::stable_sort(members, {}, [&](Rank rank) { return destinations[static_cast<size_t>(rank)].key; });
  return members;
}

}  // namespace

Result<std::unique_ptr<Communicator>> split(Communicator& parent, Errand errand, const Result<Destination>& mine,
                                            const Settings& settings) {
  const std::vector<Destination> destinations = BCCL_TRY(gather_destinations(parent, errand, mine));
  const std::optional<int> color = mine.value().color;
  const Tag secret = parent.secret_for(fmt::format("split {} {}", parent.calls(), color.value_or(0)));
  ChildExchange exchange(parent, errand, members_of(color, destinations), {secret.begin(), secret.end()});
  std::unique_ptr<Communicator> child;
  Status outcome;
  if (color.has_value()) {
    Result<std::unique_ptr<Communicator>> made = Communicator::create(exchange, settings, {}, parent.pose());
    if (made.ok())
      child = std::move(made).value();
    else
      outcome = std::move(made).take_error();
  }
  BCCL_TRY(exchange.conclude(outcome));
  return child;
}

}  // namespace bccl
