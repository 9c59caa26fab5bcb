#include "comm/agreement.h"

#include <algorithm>
#include <string_view>

#include <fmt/ranges.h>

#include "base/settings_registry.h"

namespace bccl {
namespace {

constexpr std::string_view version_subject = "the version of bccl";
constexpr size_t values_named_max =
    8;  ///< Of one setting: a sentence for people, also where 1000 ranks differ.

struct Stated {
  std::string_view subject, value, origin;
};

void pack(std::string& into, std::string_view text) {
  into += text;
  into += '\0';  // which no setting can hold: all come from C strings or lines without control characters
}

std::string_view unpack(std::string_view& from) {
  const std::string_view text = from.substr(0, from.find('\0'));
  from.remove_prefix(std::min(text.size() + 1, from.size()));
  return text;
}

std::vector<Stated> unpack_all(std::string_view statement) {
  std::vector<Stated> all;
  while (!statement.empty()) {
    Stated one;
    one.subject = unpack(statement);
    one.value = unpack(statement);
    one.origin = unpack(statement);
    all.push_back(one);
  }
  return all;
}

/// A value, who says so, and the ranks that have it.
struct Party {
  std::string_view value, origin;
  std::vector<int> ranks;
};

/// Ranks of another version may not know the subject.
std::vector<Party> parties_about(std::string_view subject, const std::vector<std::vector<Stated>>& all) {
  std::vector<Party> parties;
  for (size_t rank = 0; rank < all.size(); ++rank) {
    const auto found = std::ranges::find(all[rank], subject, &Stated::subject);
    const Stated stated = found != all[rank].end() ? *found : Stated{subject, "unknown", ""};
    auto party = std::ranges::find_if(parties, [&](const Party& each) {
      return each.value == stated.value && each.origin == stated.origin;
    });
    if (party == parties.end()) party = parties.insert(party, Party{stated.value, stated.origin, {}});
    party->ranks.push_back(static_cast<int>(rank));
  }
  return parties;
}

/// "rank 3", "ranks 0-2, 5".
std::string name_ranks(const std::vector<int>& ranks) {
  std::vector<std::string> runs;
  for (size_t first = 0, next = 0; first < ranks.size(); first = next) {
    next = first + 1;
    while (next < ranks.size() && ranks[next] == ranks[next - 1] + 1) ++next;
    runs.push_back(next == first + 1 ? std::to_string(ranks[first])
                                     : fmt::format("{}-{}", ranks[first], ranks[next - 1]));
  }
  return fmt::format("{} {}", ranks.size() == 1 ? "rank" : "ranks", fmt::join(runs, ", "));
}

/// The clause about one subject, or nothing where all have the same value, wherever from.
std::string difference_in(std::string_view subject, const std::vector<Party>& parties) {
  const auto differs = [&](const Party& each) { return each.value != parties.front().value; };
  if (std::ranges::none_of(parties, differs)) return "";
  std::vector<std::string> clauses;
  size_t unnamed = 0;
  for (const Party& party : parties) {
    if (clauses.size() == values_named_max) {
      unnamed += party.ranks.size();
      continue;
    }
    const std::string origin = party.origin.empty() ? "" : fmt::format(" ({})", party.origin);
    clauses.push_back(fmt::format("{} on {}{}", party.value, name_ranks(party.ranks), origin));
  }
  if (unnamed > 0) clauses.push_back(fmt::format("and others on {} more ranks", unnamed));
  return fmt::format("{} is {}", subject, fmt::join(clauses, ", "));
}

}  // namespace

std::string statement(const Settings& settings, const std::string& library_version) {
  std::string packed;
  const auto state = [&](std::string_view subject, std::string_view value, std::string_view origin) {
    pack(packed, subject);
    pack(packed, value);
    pack(packed, origin);
  };
  state(version_subject, library_version, "");
  for (const SettingRule& rule : settings_registry())
    if (rule.equal_on_all_ranks) state(rule.name, rule.show(settings), settings.origin(rule.name));
  return packed;
}

std::string disagreement(const std::vector<std::string>& statements) {
  std::vector<std::vector<Stated>> all;
  std::vector<std::string_view> subjects;
  for (const std::string& each : statements) {
    all.push_back(unpack_all(each));
    for (const Stated& stated : all.back())
      if (std::ranges::find(subjects, stated.subject) == subjects.end()) subjects.push_back(stated.subject);
  }
  std::vector<std::string> differences;
  for (const std::string_view subject : subjects)
    if (std::string difference = difference_in(subject, parties_about(subject, all)); !difference.empty())
      differences.push_back(std::move(difference));
  return fmt::format("{}", fmt::join(differences, "; "));
}

Status agree_on_settings(Exchange& exchange, const Settings& settings, Deadline deadline) {
  const auto statements = BCCL_TRY(exchange.all_gather(statement(settings, BCCL_LIBRARY_VERSION), deadline));
  const std::string differences = disagreement(statements);
  if (differences.empty()) return {};
  return fail(Code::invalid_usage, "ranks disagree on what must be equal on all of them: {}; make them equal",
              differences);
}

}  // namespace bccl
