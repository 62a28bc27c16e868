#include "policy/svm_chooser.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <numeric>

#include "policy/checks.h"

namespace triage {
namespace {

constexpr std::size_t kBlock = 64;  // vectors at a time, so that the loops below become vector instructions
constexpr std::size_t kMaxPairs = kMaxSvmClasses * (kMaxSvmClasses - 1) / 2;

// exp(x) for x <= 0 to some 3e-6 of its value, without branches: 2^n * 2^f with |f| <= 1/2, and the series of
// 2^f = exp(f ln 2). x is clamped to -87, where the true value is about 1e-38.
inline float exp_of_negative(float x) {
  const float scaled = std::max(x, -87.0F) * 1.44269504F;
  const float whole = static_cast<float>(static_cast<std::int32_t>(scaled - 0.5F));
  const float y = (scaled - whole) * 0.69314718F;
  const float series =
      1 + y * (1 + y * (0.5F + y * (1 / 6.0F + y * (1 / 24.0F + y * (1 / 120.0F + y * (1 / 720.0F))))));
  return series * std::bit_cast<float>((static_cast<std::int32_t>(whole) + 127) << 23);
}

// Kernel of the query and `n` vectors from `first`.
void kernels(const SvmChooser& svm, std::span<const float> features, std::size_t first, std::size_t n,
             std::array<float, kBlock>& out) {
  const std::size_t n_vectors = svm.vectors.size() / features.size();
  std::array<float, kBlock> squared{};
  for (std::size_t f = 0; f < features.size(); ++f) {
    const float* values = &svm.vectors[f * n_vectors + first];
    for (std::size_t i = 0; i < n; ++i) {
      const float difference = values[i] - features[f];
      squared[i] += difference * difference;
    }
  }
  for (std::size_t i = 0; i < n; ++i) out[i] = exp_of_negative(-svm.gamma * squared[i]);
}

std::size_t pair_index(std::size_t a, std::size_t b, std::size_t n_classes) {
  return a * n_classes - a * (a + 1) / 2 + (b - a - 1);
}

// Adds what `n` vectors of class `own` from `first` say, to the sum of each pair that the class is in.
void add_block(const SvmChooser& svm, std::size_t own, std::size_t first, std::size_t n,
               std::span<const float> kernel, std::span<double> sums) {
  const std::size_t n_classes = svm.classes.size();
  const std::size_t n_vectors = svm.coefficients.size() / (n_classes - 1);
  for (std::size_t other = 0; other < n_classes; ++other) {
    if (other == own) continue;
    const float* coefficient = &svm.coefficients[(other - (other > own ? 1 : 0)) * n_vectors + first];
    double sum = 0;
    for (std::size_t i = 0; i < n; ++i) {
      sum += static_cast<double>(coefficient[i]) * static_cast<double>(kernel[i]);
    }
    sums[pair_index(std::min(own, other), std::max(own, other), n_classes)] += sum;
  }
}

std::size_t most_won(std::span<const double> sums, std::size_t n_classes, int& won) {
  std::array<int, kMaxSvmClasses> wins{};
  std::size_t pair = 0;
  for (std::size_t a = 0; a < n_classes; ++a) {
    for (std::size_t b = a + 1; b < n_classes; ++b) ++wins[sums[pair++] > 0 ? a : b];
  }
  const auto best = std::max_element(wins.begin(), wins.begin() + static_cast<std::ptrdiff_t>(n_classes));
  won = *best;
  return static_cast<std::size_t>(best - wins.begin());
}

void check_finite(std::span<const float> values, std::size_t size, const std::string& field) {
  if (values.size() != size) fail_field(field, values.size(), fmt::format("{} values", size));
  for (const float value : values) {
    if (!std::isfinite(value)) fail_field(field, value, "finite numbers");
  }
}

}  // namespace

SvmAnswer choose(const SvmChooser& svm, std::span<const float> features) {
  const std::size_t n_classes = svm.classes.size();
  if (n_classes == 1) return {svm.classes.front(), 0};
  std::array<double, kMaxPairs> pair_sums;
  const auto sums = std::span(pair_sums).first(svm.rho.size());
  for (std::size_t p = 0; p < sums.size(); ++p) sums[p] = -static_cast<double>(svm.rho[p]);
  std::array<float, kBlock> kernel;
  std::size_t first = 0;
  for (std::size_t own = 0; own < n_classes; ++own) {
    const std::size_t end = first + static_cast<std::size_t>(svm.counts[own]);
    for (; first < end; first += std::min(kBlock, end - first)) {
      const std::size_t n = std::min(kBlock, end - first);
      kernels(svm, features, first, n, kernel);
      add_block(svm, own, first, n, kernel, sums);
    }
  }
  int won = 0;
  const std::size_t best = most_won(sums, n_classes, won);
  // The sum is above 0 for the pair's first class.
  return {svm.classes[best], n_classes == 2 ? -sums[0] : static_cast<double>(won)};
}

void check_chooser(const SvmChooser& svm, std::size_t d, std::size_t n_classes, std::string_view field) {
  const auto name = [&](std::string_view part) { return fmt::format("{}.{}", field, part); };
  const std::size_t c = svm.classes.size();
  if (c == 0 || c > kMaxSvmClasses) fail_field(name("classes"), c, fmt::format("1 to {}", kMaxSvmClasses));
  for (std::size_t i = 0; i < c; ++i) {
    if (svm.classes[i] >= n_classes || (i > 0 && svm.classes[i] <= svm.classes[i - 1])) {
      fail_field(name("classes"), svm.classes[i], fmt::format("rising classes below {}", n_classes));
    }
  }
  if (svm.counts.size() != c) fail_field(name("counts"), svm.counts.size(), fmt::format("{} values", c));
  std::size_t v = 0;
  for (const std::int32_t count : svm.counts) {
    if (count < 0) fail_field(name("counts"), count, "0 or more");
    v += static_cast<std::size_t>(count);
  }
  if (v > svm.vectors.size())
    fail_field(name("counts"), v, fmt::format("{} vectors", svm.vectors.size() / d));
  if (!std::isfinite(svm.gamma) || svm.gamma <= 0) fail_field(name("gamma"), svm.gamma, "a number above 0");
  check_finite(svm.vectors, d * v, name("vectors"));
  check_finite(svm.coefficients, (c - 1) * v, name("coefficients"));
  check_finite(svm.rho, c * (c - 1) / 2, name("rho"));
}

}  // namespace triage
