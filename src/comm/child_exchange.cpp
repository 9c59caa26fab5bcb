#include "comm/child_exchange.h"

#include <algorithm>

#include "net/packing.h"

namespace bccl {
namespace {

constexpr size_t blob_bytes_max = 1 << 20;

/// What a rank has to say in a round.
enum class Say : uint32_t {
  more,     ///< This, and there may be more rounds.
  done,     ///< Nothing: its child is made, or it has none.
  failed,   ///< It cannot go on, and this is why.
  follows,  ///< It cannot go on because another rank cannot.
};

/// Not by run(), which would wait for the calls before it in streams: of those this may be one itself.
Status all_gather(Communicator& parent, Errand errand, const std::string& mine, std::string& all) {
  const Call call{.collective = Collective::all_gather,
                  .source = mine.data(),
                  .target = all.data(),
                  .count = mine.size(),
                  .type = DataType::uint8,
                  .root = static_cast<Rank>(errand)};
  if (BCCL_TRY(parent.begin(call))) return {};
  static constexpr Task::Wanted nobody{0};
  Wait wait(parent.wait_kind());
  BCCL_TRY(parent.carry_on(wait, nobody));
  return {};
}

}  // namespace

const char* name_of(Errand errand) {
  switch (errand) {
    case Errand::split: return "bcclCommSplit";
    case Errand::duplicate: return "bcclCommDup";
    case Errand::grow: return "bcclCommGrow";
    case Errand::none: break;
  }
  return "all_gather";
}

/// All say how much they have first, for the ranks of a collective give equally much.
Result<std::vector<std::string>> gather(Communicator& parent, Errand errand, const std::string& mine) {
  const auto ranks = static_cast<size_t>(parent.ranks());
  const std::string size = Packer{}.u64(mine.size()).take();
  std::string sizes(ranks * size.size(), '\0');
  BCCL_TRY(all_gather(parent, errand, size, sizes));
  std::vector<size_t> bytes;
  for (Unpacker unpacker{sizes}; !unpacker.at_end();) bytes.push_back(unpacker.u64());
  const size_t longest = *std::ranges::max_element(bytes);
  if (longest > blob_bytes_max)
    return fail(Code::internal_error, "a rank tells {} bytes, and {} are the most", longest, blob_bytes_max);
  std::string padded = mine;
  padded.resize(longest);
  std::string all(ranks * longest, '\0');
  BCCL_TRY(all_gather(parent, errand, padded, all));
  std::vector<std::string> blobs;
  for (size_t rank = 0; rank < ranks; ++rank) blobs.push_back(all.substr(rank * longest, bytes[rank]));
  return blobs;
}

struct ChildExchange::Contribution {
  Say say = Say::more;
  Code code = Code::success;
  std::string text;  ///< The blob, or the sentence of the error.
};

ChildExchange::ChildExchange(Communicator& parent, Errand errand, std::vector<Rank> members, std::string secret)
    : parent_(parent),
      errand_(errand),
      members_(std::move(members)),
      secret_(std::move(secret)),
      begun_(parent.calls()),
      rank_(static_cast<int>(std::ranges::find(members_, parent.rank()) - members_.begin())) {}

/// The error of a round: that of the lowest rank which has one of its own.
Result<std::vector<ChildExchange::Contribution>> ChildExchange::round(const Contribution& mine) {
  if (failure_) return *failure_;
  const std::string packed =
      Packer{}.u32(static_cast<uint32_t>(mine.say)).u32(static_cast<uint32_t>(mine.code)).raw(std::string_view{mine.text}).take();
  Result<std::vector<std::string>> blobs = gather(parent_, errand_, packed);
  if (!blobs.ok()) return failure_.emplace(std::move(blobs).take_error());
  std::vector<Contribution> all;
  for (const std::string& blob : blobs.value()) {
    Unpacker unpacker{blob};
    Contribution& one = all.emplace_back();
    one.say = static_cast<Say>(unpacker.u32());
    one.code = error_code_from(unpacker.u32());
    one.text = unpacker.rest();
  }
  for (const Say kind : {Say::failed, Say::follows})
    for (const Contribution& one : all)
      if (one.say == kind) return failure_.emplace(Error{one.code, one.text});
  return all;
}

Result<std::vector<std::string>> ChildExchange::all_gather(const std::string& mine, Deadline) {
  std::vector<Contribution> all = BCCL_TRY(round({.text = mine}));
  std::vector<std::string> blobs;
  for (const Rank member : members_) blobs.push_back(std::move(all[static_cast<size_t>(member)].text));
  return blobs;
}

Status ChildExchange::check() {
  if (failure_) return *failure_;
  BCCL_TRY(parent_.async_error());
  if (parent_.node() == nullptr) return {};
  parent_.node()->want_news();
  for (const Rank member : members_) {
    if (parent_.node()->withdrawn(member) != begun_) continue;
    follows_ = true;
    return fail(Code::remote_error, "{} could not go on with {}", parent_.node()->describe(member), name_of(errand_));
  }
  return {};
}

Status ChildExchange::conclude(const Status& mine) {
  if (!mine.ok() && !failure_) {
    // Those that wait for this rank elsewhere than in a round look there.
    if (parent_.node() != nullptr) parent_.node()->withdraw(begun_);
    const Contribution word{follows_ ? Say::follows : Say::failed, mine.code(), mine.sentence()};
    return round(word).ok() ? Status{fail(Code::internal_error, "an error got lost: {}", mine.sentence())} : Status{*failure_};
  }
  for (;;) {
    const std::vector<Contribution> all = BCCL_TRY(round({.say = Say::done}));
    if (std::ranges::all_of(all, [](const Contribution& one) { return one.say == Say::done; })) return {};
  }
}

}  // namespace bccl
