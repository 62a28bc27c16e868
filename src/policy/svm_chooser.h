// A support vector machine's answer (radial basis functions, one class against one), on flat arrays: what
// training in `learn` leaves for the device.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace triage {

inline constexpr std::size_t kMaxSvmClasses = 32;

// (v) support vectors of (d) scaled features, those of a class together; (c) classes of (p) = c (c - 1) / 2
// pairs, (0, 1), (0, 2), ... (1, 2), ...
struct SvmChooser {
  float gamma = 1;                    // kernel(a, b) = exp(-gamma |a - b|^2)
  std::vector<std::uint8_t> classes;  // (c) rising; those that training had
  std::vector<std::int32_t> counts;   // (c) support vectors of each class
  std::vector<float> vectors;         // (d, v) feature by feature, for speed
  std::vector<float> coefficients;    // (c - 1, v): of a vector of class i against class j, row j - (j > i)
  std::vector<float> rho;             // (p) subtracted from the pair's sum
};

struct SvmAnswer {
  std::size_t label = 0;  // most pairs won (ties: the lower class)
  double value = 0;       // with two classes: the decision value, above 0 for the higher; else the pairs won
};
[[nodiscard]] SvmAnswer choose(const SvmChooser& svm, std::span<const float> features);

// Throws kPolicy, naming `field`, unless the parts fit together.
void check_chooser(const SvmChooser& svm, std::size_t d, std::size_t n_classes, std::string_view field);

}  // namespace triage
