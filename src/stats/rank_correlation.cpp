#include "stats/rank_correlation.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

#include "triage/error.h"
#include "triage/types.h"

namespace triage {
namespace {

void check_pairs(std::span<const double> a, std::span<const double> b) {
  if (a.size() == b.size()) return;
  throw Error(ErrorCode::kUsage,
              fmt::format("rank correlation: lists of {} and {} values, expected pairs", a.size(), b.size()));
}

bool all_finite(std::span<const double> values) {
  return std::all_of(values.begin(), values.end(), [](double value) { return std::isfinite(value); });
}

// Ranks from 1; equal values share the mean of theirs.
std::vector<double> ranks_of(std::span<const double> values) {
  std::vector<std::size_t> order(values.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::sort(order.begin(), order.end(), [&](std::size_t x, std::size_t y) { return values[x] < values[y]; });
  std::vector<double> ranks(values.size());
  for (std::size_t first = 0, end = 0; first < order.size(); first = end) {
    while (end < order.size() && values[order[end]] == values[order[first]]) ++end;
    for (std::size_t i = first; i < end; ++i) ranks[order[i]] = static_cast<double>(first + end + 1) / 2;
  }
  return ranks;
}

int sign(double value) { return (value > 0) - (value < 0); }

}  // namespace

double spearman(std::span<const double> a, std::span<const double> b) {
  check_pairs(a, b);
  if (a.size() < 2 || !all_finite(a) || !all_finite(b)) return kNotMeasured;
  const std::vector<double> ra = ranks_of(a), rb = ranks_of(b);
  const double middle = static_cast<double>(a.size() + 1) / 2;  // the mean rank, ties or not
  double ab = 0, aa = 0, bb = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    ab += (ra[i] - middle) * (rb[i] - middle);
    aa += (ra[i] - middle) * (ra[i] - middle);
    bb += (rb[i] - middle) * (rb[i] - middle);
  }
  return aa > 0 && bb > 0 ? ab / std::sqrt(aa * bb) : kNotMeasured;
}

double kendall(std::span<const double> a, std::span<const double> b) {
  check_pairs(a, b);
  if (a.size() < 2 || !all_finite(a) || !all_finite(b)) return kNotMeasured;
  double agree = 0, differ_a = 0, differ_b = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    for (std::size_t j = 0; j < i; ++j) {
      const int sa = sign(a[i] - a[j]), sb = sign(b[i] - b[j]);
      agree += sa * sb;
      differ_a += sa * sa;
      differ_b += sb * sb;
    }
  }
  return differ_a > 0 && differ_b > 0 ? agree / std::sqrt(differ_a * differ_b) : kNotMeasured;
}

}  // namespace triage
