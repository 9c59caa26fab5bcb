#include "node/joining.h"

#include <cstring>

#include "node/refusal.h"

namespace bccl {
namespace {

constexpr size_t meeting_name_max = 100;  ///< A local socket's name has 107 bytes at most.

/// How near an error is to the cause: others make a rank wait in vain, or tell it that they have failed.
int weight_of(Code code) {
  if (code == Code::success || is_refusal(code)) return 0;
  if (code == Code::remote_error) return 1;
  return code == Code::timeout ? 2 : 3;
}

Status verdict_on(const std::vector<std::string>& words, const Members& all) {
  Status verdict;
  for (int rank = 0; rank < all.size(); ++rank) {
    const std::string& theirs = words[static_cast<size_t>(rank)];
    if (theirs.empty()) return fail(Code::internal_error, "{} confirmed nothing", all.describe(rank));
    if (theirs.front() == static_cast<char>(Code::success)) continue;
    const Code code = error_code_from(static_cast<uint8_t>(theirs.front()));
    if (weight_of(code) > weight_of(verdict.code()))
      verdict = fail(code, "{}: {}", all.describe(rank), theirs.substr(1));
  }
  return verdict;
}

}  // namespace

Result<Round> conclude(Exchange& exchange, const Members& all, const Groups& groups,
                       const Result<std::string>& mine, Deadline deadline) {
  const std::string word =
      std::string(1, static_cast<char>(mine.code())) + (mine.ok() ? mine.value() : mine.sentence());
  const auto gathered = exchange.all_gather(word, deadline);
  if (!gathered.ok() && weight_of(mine.code()) > 1) return Error{mine.code(), mine.sentence()};
  const std::vector<std::string> words = BCCL_TRY(Result(gathered));

  Round round{.brought = std::vector<std::string>(words.size()),
              .refused = std::vector<bool>(words.size()),
              .refusal = {}};
  const Status verdict = verdict_on(words, all);
  for (size_t rank = 0; rank < words.size() && weight_of(verdict.code()) <= 1; ++rank) {
    const auto code = static_cast<Code>(words[rank].front());
    if (code == Code::success) round.brought[rank] = words[rank].substr(1);
    if (!is_refusal(code)) continue;
    if (round.refusal.empty())
      round.refusal = fmt::format("{}: {}", all.describe(static_cast<int>(rank)), words[rank].substr(1));
    for (const int other : all.members_of_process(static_cast<int>(rank)))
      if (groups.together(other, static_cast<int>(rank))) round.refused[static_cast<size_t>(other)] = true;
  }
  // That others could not go on without those that were refused is no failure.
  if (!verdict.ok() && !round.any_refused()) return Error{verdict.code(), verdict.sentence()};
  return round;
}

std::string pack(const Invitation& invitation) {
  std::string bytes(sizeof invitation.arena_bytes, '\0');
  std::memcpy(bytes.data(), &invitation.arena_bytes, bytes.size());
  return bytes + invitation.meeting;
}

Status accept_invitations(const Round& round, Party& party) {
  for (const int rank : party.ranks()) {
    const std::string& bytes = round.brought[static_cast<size_t>(rank)];
    uint64_t arena_bytes = 0;
    if (bytes.size() < sizeof arena_bytes || bytes.size() > sizeof arena_bytes + meeting_name_max)
      return fail(Code::internal_error, "{} brought a malformed invitation", party.all().describe(rank));
    std::memcpy(&arena_bytes, bytes.data(), sizeof arena_bytes);
    party.arena_bytes.push_back(arena_bytes);
    if (rank == party.ranks().front()) party.meeting = bytes.substr(sizeof arena_bytes);
  }
  return {};
}

}  // namespace bccl
