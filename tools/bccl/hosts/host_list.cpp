#include "tools/bccl/hosts/host_list.h"

#include <sstream>

#include "tools/bccl/job.h"
#include "tools/bccl/option_values.h"

namespace bccl::tool {
namespace {

/// One host; 0 ranks where it says nothing of them.
Result<HostShare> host_from(const std::string& text) {
  const bool bracketed = text.starts_with('[');
  const size_t name_end = bracketed ? text.find(']') : text.find(':');
  HostShare share;
  share.host = text.substr(bracketed ? 1 : 0, name_end - (bracketed ? 1 : 0));
  const std::string rest = name_end == std::string::npos ? "" : text.substr(name_end + (bracketed ? 1 : 0));
  const bool is_option = share.host.starts_with('-');  // to whatever starts processes there
  if (share.host.empty() || is_option || (bracketed && name_end == std::string::npos) ||
      (!rest.empty() && !rest.starts_with(':')))
    return fail(Code::invalid_argument, "'{}' is not a host: give NAME, NAME:RANKS or [IPV6]:RANKS", text);
  if (rest.empty()) return share;
  share.ranks = static_cast<int>(BCCL_TRY(whole_number(1, ranks_max)(rest.substr(1))));
  return share;
}

Status deal_out(std::vector<HostShare>& shares, int ranks) {
  int given = 0, open = 0;
  for (const HostShare& share : shares) given += share.ranks, open += share.ranks == 0 ? 1 : 0;
  const int left = ranks == 0 ? open : ranks - given;
  if (left < open || (open == 0 && left != 0))
    return fail(Code::invalid_argument, "{} ranks do not go with these hosts, which {} {}", ranks,
                open == 0 ? "take" : "take at least", given + open);
  int filled = 0, first_rank = 0;
  for (HostShare& share : shares) {
    if (share.ranks == 0) share.ranks = left / open + (filled++ < left % open ? 1 : 0);
    share.first_rank = first_rank;
    first_rank += share.ranks;
  }
  return {};
}

}  // namespace

Result<std::vector<HostShare>> share_among_hosts(const std::string& text, int ranks) {
  std::vector<HostShare> shares;
  std::istringstream words(text);
  for (std::string word; std::getline(words, word, ',');) shares.push_back(BCCL_TRY(host_from(word)));
  if (shares.empty() || text.ends_with(','))
    return fail(Code::invalid_argument,
                "'{}' is not a list of hosts: give NAME or NAME:RANKS, separated by commas", text);
  BCCL_TRY(deal_out(shares, ranks));
  return shares;
}

}  // namespace bccl::tool
