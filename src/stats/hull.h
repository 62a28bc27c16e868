// The upper left edge of points in the (cost, value) plane: what is not dominated, and its convex hull, which
// is what mixing at random reaches.
#pragma once

#include <cstddef>
#include <limits>
#include <span>
#include <vector>

namespace triage {

struct CostValue {
  double cost = 0;
  double value = 0;
};

// Keeps of `points`, sorted by rising cost with the best first among equal costs, those of higher value than
// all before them. `value(point)` gives the value.
template <class Point, class Value>
void keep_undominated(std::vector<Point>& points, const Value& value) {
  double best = -std::numeric_limits<double>::infinity();
  std::erase_if(points, [&](const Point& point) {
    if (value(point) <= best) return true;
    best = value(point);
    return false;
  });
}

// Indices of the points on the non-decreasing upper hull, by cost, values increasing: the cheapest first (the
// best of equally cheap ones), the best last (the cheapest of equally good ones). What lies on a line between
// two others is left out; of equal points the first stays.
[[nodiscard]] std::vector<std::size_t> upper_hull(std::span<const CostValue> points);
// The same of costs and values, shape (n) each.
[[nodiscard]] std::vector<std::size_t> upper_hull(std::span<const double> costs,
                                                  std::span<const double> values);

// For hulls, whose points are by cost with increasing values.
// Value at `cost`: linear between, constant beyond the last point, NaN before the first.
[[nodiscard]] double hull_value(std::span<const CostValue> hull, double cost);
// Least cost of `value`: NaN when the hull never has it; the first point's when it begins above.
[[nodiscard]] double hull_cost(std::span<const CostValue> hull, double value);
// Mean height over [from, to], counting 0 before the first point; NaN for an empty range.
[[nodiscard]] double hull_area(std::span<const CostValue> hull, double from, double to);

}  // namespace triage
