// Small symmetric positive definite systems.
#pragma once

#include <array>
#include <cmath>
#include <cstddef>

#include "base/check.h"

namespace triage {

// x with a x = b for the leading k x k part of `a`, of which only the lower triangle is read, by Cholesky's
// decomposition. `a` has to be positive definite (kInternal otherwise): callers add a penalty to its
// diagonal.
template <std::size_t N>
[[nodiscard]] std::array<double, N> solve(std::array<std::array<double, N>, N> a, std::array<double, N> b,
                                          std::size_t k = N) {
  for (std::size_t j = 0; j < k; ++j) {
    for (std::size_t i = j; i < k; ++i) {
      double sum = a[i][j];
      for (std::size_t l = 0; l < j; ++l) sum -= a[i][l] * a[j][l];
      if (i == j) {
        TRIAGE_CHECK(sum > 0);
        a[j][j] = std::sqrt(sum);
      } else {
        a[i][j] = sum / a[j][j];
      }
    }
  }
  for (std::size_t i = 0; i < k; ++i) {
    for (std::size_t l = 0; l < i; ++l) b[i] -= a[i][l] * b[l];
    b[i] /= a[i][i];
  }
  for (std::size_t i = k; i-- > 0;) {
    for (std::size_t l = i + 1; l < k; ++l) b[i] -= a[l][i] * b[l];
    b[i] /= a[i][i];
  }
  return b;
}

}  // namespace triage
