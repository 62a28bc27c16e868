// The expected maximum of correlated normal variables, and the walk over supersets that it is needed for in
// cascade routing (cascade_routing_policy.h).
//
// C. E. Clark, "The Greatest of a Finite Set of Random Variables", Operations Research 9(2), 1961: the
// maximum of two normal variables has these moments exactly; that maximum is then treated as normal, and the
// next variable is added.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>

namespace triage {

inline constexpr std::size_t kMaxRouted = 8;  // models
using ModelSet = std::uint32_t;               // bit i: the i-th model

[[nodiscard]] constexpr bool contains(ModelSet set, std::size_t model) { return ((set >> model) & 1U) != 0; }
[[nodiscard]] constexpr std::size_t size_of(ModelSet set) {
  return static_cast<std::size_t>(std::popcount(set));
}
// The lowest model of a set that is not empty.
[[nodiscard]] constexpr std::size_t first_of(ModelSet set) {
  return static_cast<std::size_t>(std::countr_zero(set));
}

// k normal variables: means (k) and covariances (k, k) row-major.
struct Normals {
  std::span<const double> mean;
  std::span<const double> covariance;
  [[nodiscard]] double cov(std::size_t a, std::size_t b) const { return covariance[a * mean.size() + b]; }
};

// The maximum of some of them.
struct Maximum {
  double mean = -std::numeric_limits<double>::infinity();  // of none
  double variance = 0;
  std::array<double, kMaxRouted> cov{};  // with each of the k
};
[[nodiscard]] Maximum max_with(const Maximum& max, const Normals& normals, std::size_t added);
[[nodiscard]] Maximum max_of(const Normals& normals, ModelSet set);

// Every superset of `set`, of which `max` is the maximum, within `pool`, each once, by depth first:
// visit(superset, its expected maximum, gain over the set without its last added model, that model) says
// whether to add more to it.
template <class Visit>
void visit_supersets(const Normals& normals, const Maximum& max, ModelSet set, ModelSet pool,
                     const Visit& visit, std::size_t from = 0) {
  for (std::size_t m = from; m < normals.mean.size(); ++m) {
    const ModelSet larger = set | (ModelSet{1} << m);
    if (contains(set, m) || !contains(pool, m)) continue;
    const Maximum with = max_with(max, normals, m);
    if (visit(larger, with.mean, with.mean - max.mean, m))
      visit_supersets(normals, with, larger, pool, visit, m + 1);
  }
}

}  // namespace triage
