// From a network's raw class values to probabilities.
#include <algorithm>
#include <cmath>

#include "base/check.h"
#include "triage/engine.h"

namespace triage {

void to_probabilities(const OutputSpec& output, std::span<const float> raw, std::span<float> probabilities) {
  TRIAGE_CHECK(raw.size() == probabilities.size() + static_cast<std::size_t>(output.label_offset));
  raw = raw.subspan(static_cast<std::size_t>(output.label_offset));
  if (output.kind == OutputKind::kProbabilities) {
    std::transform(raw.begin(), raw.end(), probabilities.begin(),
                   [scale = output.scale](float value) { return value * scale; });
    return;
  }
  // Softmax over the classes that are kept; the largest logit is taken off first, so that nothing overflows.
  const float largest = *std::max_element(raw.begin(), raw.end()) * output.scale;
  float sum = 0;
  for (std::size_t i = 0; i < raw.size(); ++i) {
    probabilities[i] = std::exp(raw[i] * output.scale - largest);
    sum += probabilities[i];
  }
  for (float& probability : probabilities) probability /= sum;
}

}  // namespace triage
