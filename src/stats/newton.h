// Newton's method for smooth convex functions of a few weights.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <span>
#include <vector>

#include "stats/solve.h"

namespace triage {

// A function of up to N weights at one point.
template <std::size_t N>
struct SecondOrder {
  double value = 0;
  std::array<double, N> gradient{};
  std::array<std::array<double, N>, N> hessian{};  // its lower triangle; positive definite
};

// When to stop: after so many steps, or earlier.
struct NewtonLimits {
  int max_steps = 30;
  // Before a step that by the quadratic model would gain no more than half of this.
  double least_decrement = 0;
  // After a step that moves no weight by more than this.
  double least_change = 0;
};

// Moves `w` (at most N weights) to where the function is least. `evaluate(span of weights)` gives its
// SecondOrder<N>. Ends where it is when no step descends, which only rounding can cause.
template <std::size_t N, class Evaluate>
void minimise(const Evaluate& evaluate, const NewtonLimits& limits, std::vector<double>& w) {
  constexpr double kLeastScale = 1e-6;
  SecondOrder<N> at = evaluate(std::span<const double>(w));
  for (int step = 0; step < limits.max_steps; ++step) {
    const auto direction = solve(at.hessian, at.gradient, w.size());
    double decrement = 0;
    for (std::size_t a = 0; a < w.size(); ++a) decrement += direction[a] * at.gradient[a];
    if (decrement <= limits.least_decrement) return;
    // Halved until it descends: far from the minimum, or where curvature is nearly gone, a full step
    // overshoots.
    std::vector<double> next(w.size());
    SecondOrder<N> there;
    double scale = 1, change = 0;
    do {
      change = 0;
      for (std::size_t a = 0; a < w.size(); ++a) {
        next[a] = w[a] - scale * direction[a];
        change = std::max(change, std::abs(scale * direction[a]));
      }
      there = evaluate(std::span<const double>(next));
      scale /= 2;
    } while (!(there.value <= at.value) && change > limits.least_change && scale > kLeastScale);
    if (!(there.value <= at.value)) return;
    w = std::move(next);
    at = there;
    if (change <= limits.least_change) return;
  }
}

}  // namespace triage
