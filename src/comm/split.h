/// New communicators of the ranks of a living one. The parent stays as it is, and what becomes of it later does not
/// matter to its children. Collective over the parent: every rank calls it, and all children are made or none: an error
/// is the same on all ranks. The calls before it in streams are done.
#pragma once

#include <memory>
#include <optional>

#include "base/status.h"
#include "comm/communicator.h"

namespace bccl {

/// Where a rank goes.
struct Destination {
  std::optional<int> color;  ///< Ranks of one colour make one communicator; none: this rank is in no child.
  int key = 0;               ///< By this they are ordered, and by the rank in the parent where it is equal.
};

/// `mine`: where this rank goes; or why its call is wrong, which then is every rank's error. `settings`: of its child.
/// Null for a rank without a colour.
Result<std::unique_ptr<Communicator>> split(Communicator& parent, Errand errand, const Result<Destination>& mine,
                                            const Settings& settings);

}  // namespace bccl
