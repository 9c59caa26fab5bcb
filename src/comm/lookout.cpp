#include "comm/lookout.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "net/packing.h"

namespace bccl {
namespace {

constexpr uint32_t refusal_mark = 0x62725368;  // "brSh": no unique id begins so

Word pack(uint32_t attempt, const Error& why) {
  std::string bytes = Packer{}.u32(refusal_mark).u32(attempt).u32(static_cast<uint32_t>(why.code)).raw(std::string_view{why.sentence}).take();
  if (bytes.size() > word_bytes) bytes.replace(word_bytes - 3, std::string::npos, "...");
  Word word{};
  std::ranges::copy(bytes, word.begin());
  return word;
}

std::optional<Error> refusal_in(const Word& word, uint32_t attempt) {
  Unpacker unpacker{std::string_view{word.data(), word.size()}};
  if (unpacker.u32() != refusal_mark || unpacker.u32() != attempt) return std::nullopt;
  const Code code = error_code_from(unpacker.u32());
  const std::string_view sentence = unpacker.rest();
  return Error{code, std::string(sentence.substr(0, sentence.find('\0')))};
}

}  // namespace

void leave_refusal(Communicator& parent, uint32_t attempt, const Error& why) {
  if (parent.words() == nullptr) return;
  std::vector<int> others;
  for (Rank rank = 0; rank < parent.ranks(); ++rank)
    if (rank != parent.rank()) others.push_back(rank);
  parent.words()->leave(others, pack(attempt, why));
}

Lookout::Lookout(Communicator& parent, const std::vector<Rank>& survivors, uint32_t attempt, Interrupt interrupt)
    : parent_(parent), survivors_(survivors), attempt_(attempt), interrupt_(std::move(interrupt)) {}

Status Lookout::look() {
  if (seen_) return *seen_;
  if (interrupt_) BCCL_TRY(interrupt_());
  if (!awaits_) return {};
  parent_.node()->want_news();
  for (const Rank rank : survivors_) {
    if (rank == parent_.rank()) continue;
    Status looked = look_at(rank);
    if (!looked.ok()) return seen_.emplace(std::move(looked).take_error());
  }
  return {};
}

Status Lookout::look_at(Rank rank) {
  const Node& node = *parent_.node();
  const Presence presence = node.presence(rank);
  const std::optional<Word> word = parent_.words()->word_of(rank);
  if (const auto refusal = word ? refusal_in(*word, attempt_) : std::nullopt)
    return fail(refusal->code, "{} called bcclCommShrink wrongly: {}; let it call again, with all others", node.describe(rank),
                refusal->sentence);
  if (presence == Presence::present) return {};
  return fail(Code::remote_error, "rank {}: {} is to survive, and has {}: exclude it, too", parent_.rank(), node.describe(rank),
              presence == Presence::left ? "destroyed its communicator" : "died or cannot be reached");
}

}  // namespace bccl
