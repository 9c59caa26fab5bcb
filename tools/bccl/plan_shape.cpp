#include "tools/bccl/plan_shape.h"

#include <sstream>

#include "tools/bccl/job.h"
#include "tools/bccl/option_values.h"

namespace bccl::tool {
namespace {

/// "2,3" → 0 0 1 1 1
Result<std::vector<int>> groups_from(const std::string& text) {
  std::vector<int> group_of;
  std::istringstream sizes(text);
  int group = 0;
  for (std::string size; std::getline(sizes, size, ','); ++group) {
    Result<int64_t> ranks = whole_number(1, ranks_max)(size);
    if (!ranks.ok())
      return fail(Code::invalid_argument, "--groups: '{}' is not a list of group sizes such as 4,4: {}", text,
                  ranks.sentence());
    group_of.insert(group_of.end(), static_cast<size_t>(*ranks), group);
  }
  return group_of;
}

Status check_nesting(const std::vector<int>& inner, const std::vector<int>& outer) {
  for (size_t rank = 1; rank < inner.size(); ++rank)
    if (inner[rank] == inner[rank - 1] && outer[rank] != outer[rank - 1])
      return fail(Code::invalid_argument,
                  "--groups: ranks {} and {} share an inner group but not the group around it", rank - 1,
                  rank);
  return {};
}

}  // namespace

Result<Shape> make_shape(int ranks, int channels, const std::vector<std::string>& groups) {
  Shape shape{ranks, channels, {}};
  for (const std::string& level : groups) {
    std::vector<int> group_of = BCCL_TRY(groups_from(level));
    const int grouped = static_cast<int>(group_of.size());
    if (shape.ranks == 0) shape.ranks = grouped;
    if (shape.ranks != grouped)
      return fail(Code::invalid_argument, "--groups: '{}' has {} ranks, not {}", level, grouped, shape.ranks);
    if (!shape.groups.empty()) BCCL_TRY(check_nesting(shape.groups.back(), group_of));
    shape.groups.push_back(std::move(group_of));
  }
  if (shape.ranks == 0)
    return fail(Code::invalid_argument, "--ranks: missing: how many ranks the plans are for");
  if (shape.ranks < 1 || shape.ranks > ranks_max)
    return fail(Code::invalid_argument, "--ranks: {} is not from 1 to {}", shape.ranks, ranks_max);
  return shape;
}

}  // namespace bccl::tool
