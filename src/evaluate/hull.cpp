#include "evaluate/hull.h"

#include <algorithm>
#include <numeric>

namespace triage {
namespace {

// Whether b lies on or under the line from a to c.
bool is_under(const FrontierPoint& a, const FrontierPoint& b, const FrontierPoint& c) {
  return (b.score - a.score) * (c.ms - a.ms) <= (c.score - a.score) * (b.ms - a.ms);
}

double interpolate(const FrontierPoint& a, const FrontierPoint& b, double ms) {
  return a.score + (b.score - a.score) * (ms - a.ms) / (b.ms - a.ms);
}

}  // namespace

std::vector<std::size_t> hull_of(std::span<const FrontierPoint> points) {
  std::vector<std::size_t> order(points.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return points[a].ms != points[b].ms ? points[a].ms < points[b].ms : points[a].score > points[b].score;
  });
  std::vector<std::size_t> hull;
  for (const std::size_t next : order) {
    if (!hull.empty() && points[next].score <= points[hull.back()].score) continue;
    while (hull.size() >= 2 && is_under(points[hull[hull.size() - 2]], points[hull.back()], points[next])) {
      hull.pop_back();
    }
    hull.push_back(next);
  }
  return hull;
}

double hull_score(std::span<const FrontierPoint> points, double ms) {
  if (points.empty() || ms < points.front().ms) return kNotMeasured;
  for (std::size_t i = 1; i < points.size(); ++i) {
    if (ms < points[i].ms) return interpolate(points[i - 1], points[i], ms);
  }
  return points.back().score;
}

double hull_time(std::span<const FrontierPoint> points, double score) {
  if (points.empty() || score > points.back().score) return kNotMeasured;
  if (score <= points.front().score) return points.front().ms;
  std::size_t i = 1;
  while (points[i].score < score) ++i;
  const FrontierPoint& a = points[i - 1];
  const FrontierPoint& b = points[i];
  return a.ms + (b.ms - a.ms) * (score - a.score) / (b.score - a.score);
}

double hull_area(std::span<const FrontierPoint> points, double from_ms, double to_ms) {
  if (points.empty() || !(to_ms > from_ms)) return kNotMeasured;
  std::vector<double> cuts{from_ms, to_ms};
  for (const FrontierPoint& p : points) {
    if (p.ms > from_ms && p.ms < to_ms) cuts.push_back(p.ms);
  }
  std::sort(cuts.begin(), cuts.end());
  double area = 0;
  for (std::size_t i = 1; i < cuts.size(); ++i) {
    if (cuts[i - 1] < points.front().ms) continue;  // the hull has not begun
    // Linear in each piece, so the middle's height is the mean.
    area += hull_score(points, (cuts[i - 1] + cuts[i]) / 2) * (cuts[i] - cuts[i - 1]);
  }
  return area / (to_ms - from_ms);
}

Mix ZeroRouter::at(double ms) const {
  std::size_t i = 0;
  while (i + 1 < points.size() && points[i + 1].ms <= ms) ++i;
  if (i + 1 == points.size() || ms <= points[i].ms) return {models[i], models[i], 0.0};
  return {models[i], models[i + 1], (ms - points[i].ms) / (points[i + 1].ms - points[i].ms)};
}

ZeroRouter zero_router(std::span<const double> costs, std::span<const double> scores) {
  std::vector<FrontierPoint> all;
  for (std::size_t m = 0; m < costs.size(); ++m) all.push_back({costs[m], scores[m], kNotMeasured});
  ZeroRouter router;
  for (const std::size_t m : hull_of(all)) {
    router.points.push_back(all[m]);
    router.models.push_back(static_cast<ModelIndex>(m));
  }
  return router;
}

}  // namespace triage
