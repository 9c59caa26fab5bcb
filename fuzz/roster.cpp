/// Ranks enter, contribute, leave, die and are late in any order, several as the same: the first failure
/// stays, it is a sentence, and a round is complete once every rank has given its own blob, never otherwise.
#include "bootstrap/roster.h"

#include <set>

#include "input.h"

using namespace bccl;
using fuzz::Input;
using fuzz::require;

namespace {

constexpr int size_max = 12;  // more than a sentence names

/// As the root uses a roster: who has not entered, or has left, does nothing else.
class Gathering {
 public:
  void act(Input& input) {
    enum { enter, contribute, leave, expire, ways };
    const int way = input.below(ways);
    if (way == enter) return let_in(input);
    if (way == expire) return expire_now();
    if (members_.empty()) return;
    const int rank = *std::next(members_.begin(), input.below(static_cast<int>(members_.size())));
    if (way == contribute) return take_blob(rank);
    members_.erase(rank);
    roster_.leave(rank, input.below(2) == 0);
  }

  void check() {
    if (failed_)
      require(roster_.failure() && roster_.failure()->sentence == *failed_, "the first failure stays");
    if (!roster_.failure()) return;
    failed_ = roster_.failure()->sentence;
    require(!failed_->empty(), "a failure has a sentence");
  }

 private:
  void let_in(Input& input) {
    const int size = input.below(8) == 0 ? 1 + input.below(size_max) : size_;
    const int rank = input.below(size);
    if (roster_.enter(rank, size, "host h, pid " + std::to_string(input.byte())).ok()) {
      require(entered_.insert(rank).second, "no rank enters twice");
      members_.insert(rank);
      size_ = size;
    }
  }

  void take_blob(int rank) {
    if (!roster_.contribute(rank, std::to_string(rank)).ok()) return;
    require(given_.insert(rank).second, "no rank gives two blobs");
    require(roster_.round_complete() == (static_cast<int>(given_.size()) == size_), "all have given, or not");
    if (!roster_.round_complete()) return;
    const std::vector<std::string> blobs = roster_.finish_round();
    for (int each = 0; each < size_; ++each)
      require(blobs.at(static_cast<size_t>(each)) == std::to_string(each), "blobs come by rank");
    given_.clear();
  }

  /// The root looks at the clock only while some rank waits for others.
  void expire_now() {
    if (!given_.empty()) roster_.expire(1500);
  }

  Roster roster_{"127.0.0.1:40123"};
  int size_ = size_max;
  std::set<int> entered_, members_, given_;
  std::optional<std::string> failed_;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  Gathering gathering;
  for (Input input{data, size}; !input.at_end();) {
    gathering.act(input);
    gathering.check();
  }
  return 0;
}
