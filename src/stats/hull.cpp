#include "stats/hull.h"

#include <algorithm>
#include <numeric>

#include "base/check.h"
#include "triage/types.h"

namespace triage {
namespace {

// Whether b lies on or under the line from a to c.
bool is_under(const CostValue& a, const CostValue& b, const CostValue& c) {
  return (b.value - a.value) * (c.cost - a.cost) <= (c.value - a.value) * (b.cost - a.cost);
}

double interpolate(const CostValue& a, const CostValue& b, double cost) {
  return a.value + (b.value - a.value) * (cost - a.cost) / (b.cost - a.cost);
}

}  // namespace

std::vector<std::size_t> upper_hull(std::span<const CostValue> points) {
  std::vector<std::size_t> order(points.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return points[a].cost != points[b].cost ? points[a].cost < points[b].cost
                                            : points[a].value > points[b].value;
  });
  keep_undominated(order, [&](std::size_t i) { return points[i].value; });
  std::vector<std::size_t> hull;
  for (const std::size_t next : order) {
    while (hull.size() >= 2 && is_under(points[hull[hull.size() - 2]], points[hull.back()], points[next])) {
      hull.pop_back();
    }
    hull.push_back(next);
  }
  return hull;
}

std::vector<std::size_t> upper_hull(std::span<const double> costs, std::span<const double> values) {
  TRIAGE_CHECK(costs.size() == values.size());
  std::vector<CostValue> points;
  for (std::size_t i = 0; i < costs.size(); ++i) points.push_back({costs[i], values[i]});
  return upper_hull(points);
}

double hull_value(std::span<const CostValue> hull, double cost) {
  if (hull.empty() || cost < hull.front().cost) return kNotMeasured;
  for (std::size_t i = 1; i < hull.size(); ++i) {
    if (cost < hull[i].cost) return interpolate(hull[i - 1], hull[i], cost);
  }
  return hull.back().value;
}

double hull_cost(std::span<const CostValue> hull, double value) {
  if (hull.empty() || value > hull.back().value) return kNotMeasured;
  if (value <= hull.front().value) return hull.front().cost;
  std::size_t i = 1;
  while (hull[i].value < value) ++i;
  const CostValue& a = hull[i - 1];
  const CostValue& b = hull[i];
  return a.cost + (b.cost - a.cost) * (value - a.value) / (b.value - a.value);
}

double hull_area(std::span<const CostValue> hull, double from, double to) {
  if (hull.empty() || !(to > from)) return kNotMeasured;
  std::vector<double> cuts{from, to};
  for (const CostValue& p : hull) {
    if (p.cost > from && p.cost < to) cuts.push_back(p.cost);
  }
  std::sort(cuts.begin(), cuts.end());
  double area = 0;
  for (std::size_t i = 1; i < cuts.size(); ++i) {
    if (cuts[i - 1] < hull.front().cost) continue;  // the hull has not begun
    // Linear in each piece, so the middle's height is the mean.
    area += hull_value(hull, (cuts[i - 1] + cuts[i]) / 2) * (cuts[i] - cuts[i - 1]);
  }
  return area / (to - from);
}

}  // namespace triage
