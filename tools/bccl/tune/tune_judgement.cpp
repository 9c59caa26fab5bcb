#include <algorithm>
#include <cmath>

#include "tools/bccl/tune/tune.h"

namespace bccl::tool {
namespace {

constexpr double close = 1.10;  ///< A choice that takes so many times as long as the best is as good.

/// All algorithms of one collective and size.
struct Point {
  Collective collective;
  size_t bytes;
  std::vector<Timing> timings;

  double ns_of(std::string_view algorithm) const {
    const auto found = std::ranges::find(timings, algorithm, &Timing::algorithm);
    return found == timings.end() ? 0 : static_cast<double>(found->ns);
  }
};

std::vector<Point> points_of(const TunedShape& shape) {
  std::vector<Point> points;
  for (const Timing& timing : shape.timings) {
    if (points.empty() || points.back().collective != timing.collective || points.back().bytes != timing.bytes)
      points.push_back({timing.collective, timing.bytes, {}});
    points.back().timings.push_back(timing);
  }
  return points;
}

/// Half of them lie within this factor of 1.
double typical_error(std::vector<double> ratios) {
  for (double& ratio : ratios) ratio = std::max(ratio, 1 / ratio);
  std::ranges::sort(ratios);
  return ratios.empty() ? 1 : ratios[ratios.size() / 2];
}

}  // namespace

std::string judge_predictions(const TuneResult& result) {
  Facts facts = result.facts;
  facts.table = nullptr;
  std::string text = fmt::format("{:<15} {:>12} {:<20} {:>12} {:>12} {:>8}\n", "collective", "bytes", "algorithm",
                                 "measured us", "predicted us", "to best");
  int good = 0, all = 0;
  std::vector<double> ratios;
  for (const Point& point : points_of(result.shape)) {
    const auto known = candidates({.collective = point.collective, .bytes = point.bytes}, facts, Settings{});
    if (!known.ok()) return known.sentence() + "\n";
    const double best = static_cast<double>(std::ranges::min(point.timings, {}, &Timing::ns).ns);
    for (const Candidate& candidate : known.value()) {
      const double measured = point.ns_of(candidate.choice.algorithm->name);
      if (measured <= 0) continue;
      const bool chosen = &candidate == &known.value().front();
      if (chosen) ++all, good += measured <= close * best ? 1 : 0;
      if (candidate.ns > 0) ratios.push_back(candidate.ns / measured);
      text += fmt::format("{:<15} {:>12} {:<20} {:>12.2f} {:>12.2f} {:>8.2f}{}\n", name_of(point.collective), point.bytes,
                          candidate.choice.algorithm->name, measured / 1e3, candidate.ns / 1e3, measured / best,
                          chosen ? "  chosen" : "");
    }
  }
  return text + fmt::format("chosen by prediction: the fastest, or within {:.0f} % of it, at {} of {} points; half of the "
                            "predictions are within {:.2f} x\n",
                            (close - 1) * 100, good, all, typical_error(std::move(ratios)));
}

}  // namespace bccl::tool
