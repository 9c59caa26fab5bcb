#include "measure.h"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "base/clock.h"
#include "call_data.h"
#include "placement.h"

namespace bccl::bench {
namespace {

constexpr int iterations_min = 5;
constexpr int iterations_of_slow = 3;  ///< Of calls that take slow_ns or more.
constexpr double slow_ns = 4e8;
constexpr double barrier_ns = 500;  // about what comes on top of each call
constexpr int trials = 3;  ///< Calls from which the number of iterations follows, unless they are slow.
constexpr int warm_up_max = 50;
constexpr double spreading_ns = 2e8;
constexpr std::chrono::milliseconds lateness{2};

/// Rank 0's to all others, through the side channel's note.
struct Order {
  char collective[32] = {};  ///< Empty: the end.
  uint64_t bytes = 0;
  double seconds = 0;
};

const CollectiveTraits& traits_of(const Order& order) {
  const CollectiveTraits* const found = find_collective(order.collective);
  if (found == nullptr) throw std::runtime_error(std::string("no such collective: ") + order.collective);
  return *found;
}

/// One collective at one size, on one rank.
class Point {
 public:
  Point(Library& library, SideChannel& side, const Order& order)
      : library_(library),
        side_(side),
        traits_(traits_of(order)),
        seconds_(order.seconds),
        data_(library, traits_, {.rank = side.rank(), .ranks = side.ranks()}, order.bytes) {}

  void measure() {
    bool right = call_and_check();
    choose_iterations();
    double before_ns = 0;
    double after_ns = 0;
    side_.while_others_rest([&] { before_ns = line_ns(); });
    for (int i = 0; i < warm_up_calls(); ++i) timed_call(i);
    for (int i = 0; i < iterations_; ++i) timed_call(i);
    meet();
    side_.while_others_rest([&] { after_ns = line_ns(); });
    const std::vector<double> times = slowest_by_iteration();
    right &= call_and_check();
    const int wrong = count_wrong(right);
    if (side_.rank() == 0) report(times, before_ns, after_ns, wrong);
  }

 private:
  void meet() {
    side_.barrier([this] { library_.progress(); });
  }

  void timed_call(int iteration) {
    meet();
    const int64_t start_ns = now_ns();
    library_.call(data_.call());
    side_.times(side_.rank())[size_t(iteration % iterations_max)] = now_ns() - start_ns;
  }

  bool call_and_check() {
    if (traits_.collective == Collective::barrier) return barrier_holds();
    data_.prepare();
    timed_call(0);
    return data_.is_right();
  }

  /// Whether it returns here no sooner than the last rank, which takes its time, has called it.
  bool barrier_holds() {
    meet();
    if (side_.rank() == side_.ranks() - 1) std::this_thread::sleep_for(lateness);
    const int64_t called_ns = side_.times(side_.rank())[0] = now_ns();
    library_.call(data_.call());
    const int64_t returned_ns = now_ns();
    meet();
    int64_t last_called_ns = 0;
    for (int rank = 0; rank < side_.ranks(); ++rank)
      last_called_ns = std::max(last_called_ns, side_.times(rank)[0]);
    meet();  // before a time is overwritten
    side_.times(side_.rank())[0] = returned_ns - called_ns;
    return returned_ns >= last_called_ns;
  }

  /// How many ranks had a wrong result; on all ranks.
  int count_wrong(bool right) {
    meet();
    side_.times(side_.rank())[0] = right ? 0 : 1;
    meet();
    int wrong = 0;
    for (int rank = 0; rank < side_.ranks(); ++rank) wrong += static_cast<int>(side_.times(rank)[0]);
    return wrong;
  }

  /// Ranks that share cores need longer: the system spreads those that have slept over the cores by and by.
  int warm_up_calls() const {
    return side_.crowded() ? std::max(iterations_, crowded_calls_) : std::min(iterations_ / 5, warm_up_max);
  }

  /// From times that all ranks see: the same choice on every rank.
  void choose_iterations() {
    double call_ns = slowest_call(0);
    for (int i = 1; i < trials && call_ns < slow_ns; ++i) {
      timed_call(i);
      call_ns =
          i == 1 ? slowest_call(i) : std::min(call_ns, slowest_call(i));  // the very first also prepares
    }
    crowded_calls_ = static_cast<int>(spreading_ns / (call_ns + barrier_ns));
    iterations_ = call_ns >= slow_ns
                      ? iterations_of_slow
                      : static_cast<int>(std::clamp<double>(seconds_ * 1e9 / (call_ns + barrier_ns),
                                                            iterations_min, iterations_max));
  }

  /// Collective: how long the slowest rank took.
  double slowest_call(int iteration) {
    meet();
    int64_t slowest_ns = 0;
    for (int rank = 0; rank < side_.ranks(); ++rank)
      slowest_ns = std::max(slowest_ns, side_.times(rank)[static_cast<size_t>(iteration)]);
    meet();  // before a time is overwritten
    return static_cast<double>(slowest_ns);
  }

  std::vector<double> slowest_by_iteration() const {
    std::vector<double> slowest(static_cast<size_t>(iterations_));
    for (int rank = 0; rank < side_.ranks(); ++rank)
      for (size_t i = 0; i < slowest.size(); ++i)
        slowest[i] = std::max(slowest[i], static_cast<double>(side_.times(rank)[i]));
    return slowest;
  }

  void report(std::vector<double> times_ns, double before_ns, double after_ns, int wrong) const {
    std::sort(times_ns.begin(), times_ns.end());
    const auto quantile_us = [&](double q) {
      return times_ns[std::min(times_ns.size() - 1,
                               static_cast<size_t>(q * static_cast<double>(times_ns.size())))] *
             traits_.time_share / 1e3;
    };
    std::printf("point,%zu,%d,%.3f,%.3f,%.3f,%.0f,%.0f,%d,%zu\n", data_.bytes(), iterations_,
                quantile_us(0.5), quantile_us(0), quantile_us(0.99), before_ns, after_ns, wrong,
                data_.moved_bytes(side_.cores()));
    std::fflush(stdout);
  }

  Library& library_;
  SideChannel& side_;
  const CollectiveTraits& traits_;
  const double seconds_;
  CallData data_;
  int iterations_ = 0;
  int crowded_calls_ = 0;  ///< As many as ranks that share cores need to be spread over them.
};

Order next_order(SideChannel& side) {
  Order order;
  side.while_others_rest([&] {
    if (std::scanf("%31s %zu %lf", order.collective, &order.bytes, &order.seconds) != 3) order = {};
    std::memcpy(side.note().data(), &order, sizeof order);
  });
  std::memcpy(&order, side.note().data(), sizeof order);
  return order;
}

}  // namespace

void serve(Library& library, SideChannel& side) {
  side.barrier([&] { library.progress(); });
  if (side.rank() == 0) std::puts("ready");
  std::fflush(stdout);
  for (Order order = next_order(side); order.collective[0] != 0; order = next_order(side))
    Point(library, side, order).measure();
}

}  // namespace bccl::bench
