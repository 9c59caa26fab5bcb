#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <mutex>

#include "net/keyed_hash.h"
#include "bootstrap/rendezvous.h"
#include "bootstrap/roster.h"

namespace bccl {
namespace {

/// What the ranks of one process share.
struct MeetingPoint {
  std::mutex lock;
  std::condition_variable changed;
  Roster roster{"this process"};
  std::vector<std::string>
      blobs;  ///< Of the last complete round: stays until all have taken part in the next.
  int rounds = 0;
  std::string secret;
};

class LocalExchange : public Exchange {
 public:
  LocalExchange(std::shared_ptr<MeetingPoint> point, int rank, int size)
      : point_(std::move(point)), rank_(rank), size_(size) {}
  ~LocalExchange() override {
    const std::scoped_lock hold(point_->lock);
    point_->roster.leave(rank_, true);
    point_->changed.notify_all();
  }
  LocalExchange(const LocalExchange&) = delete;
  LocalExchange& operator=(const LocalExchange&) = delete;

  int rank() const override { return rank_; }
  int size() const override { return size_; }
  const std::string& secret() const override { return point_->secret; }
  Result<std::vector<std::string>> all_gather(const std::string& mine, Deadline deadline) override;
  Status check() override {
    const std::scoped_lock hold(point_->lock);
    const auto& failure = point_->roster.failure();
    return failure ? Status{fail(failure->code, "rank {}: {}", rank_, failure->sentence)} : Status{};
  }

 private:
  std::shared_ptr<MeetingPoint> point_;
  int rank_;
  int size_;
};

Result<std::vector<std::string>> LocalExchange::all_gather(const std::string& mine, Deadline deadline) {
  if (mine.size() > blob_bytes_max)
    return fail(Code::invalid_argument, "rank {}: a blob of {} bytes exceeds the bootstrap's limit of {}",
                rank_, mine.size(), blob_bytes_max);
  std::unique_lock hold(point_->lock);
  Roster& roster = point_->roster;
  const int round = point_->rounds;
  static_cast<void>(
      roster.contribute(rank_, mine).ok());  // its error is the roster's failure, which is looked at below
  if (!roster.failure() && roster.round_complete()) {
    point_->blobs = roster.finish_round();
    ++point_->rounds;
  }
  point_->changed.notify_all();
  while (point_->rounds == round) {
    if (deadline.passed() && !roster.failure()) {
      roster.expire(deadline.budget_ms());
      point_->changed.notify_all();
    }
    if (roster.failure())
      return fail(roster.failure()->code, "rank {}: {}", rank_, roster.failure()->sentence);
    point_->changed.wait_for(hold, std::chrono::milliseconds{deadline.left_ms()});
  }
  return point_->blobs;
}

}  // namespace

std::vector<std::unique_ptr<Exchange>> local_exchanges(int size) {
  const auto point = std::make_shared<MeetingPoint>();
  const Tag secret = random_tag();
  point->secret.assign(secret.begin(), secret.end());
  std::vector<std::unique_ptr<Exchange>> exchanges;
  for (int rank = 0; rank < size; ++rank) {
    static_cast<void>(
        point->roster.enter(rank, size, "a thread of this process").ok());  // all differ, all fit
    exchanges.push_back(std::make_unique<LocalExchange>(point, rank, size));
  }
  return exchanges;
}

}  // namespace bccl
