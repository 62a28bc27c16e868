#include "evaluate/zero_router.h"

namespace triage {

Mix ZeroRouter::at(double ms) const {
  std::size_t i = 0;
  while (i + 1 < points.size() && points[i + 1].cost <= ms) ++i;
  if (i + 1 == points.size() || ms <= points[i].cost) return {models[i], models[i], 0.0};
  return {models[i], models[i + 1], (ms - points[i].cost) / (points[i + 1].cost - points[i].cost)};
}

ZeroRouter zero_router(std::span<const double> costs, std::span<const double> scores) {
  ZeroRouter router;
  for (const std::size_t m : upper_hull(costs, scores)) {
    router.points.push_back({costs[m], scores[m]});
    router.models.push_back(static_cast<ModelIndex>(m));
  }
  return router;
}

}  // namespace triage
