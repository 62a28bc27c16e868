// From a network's raw class values to probabilities.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/check.h"
#include "triage/engine.h"
#include "triage/error.h"

namespace triage {
namespace {

// Catches logits declared as probabilities: the largest logit would pass for a confidence. Sums are not
// checked: 8-bit outputs are not exact, and independent ones need not add up to 1.
void check_range(std::span<const float> probabilities) {
  constexpr float kSlack = 0.01F;  // of 8-bit outputs
  for (const float probability : probabilities) {
    if (probability >= -kSlack && probability <= 1 + kSlack) continue;
    if (std::isnan(probability)) continue;  // TopK says which class
    throw Error(
        ErrorCode::kModel,
        fmt::format("model output: {}, expected a probability from 0 to 1; state output.kind 'logits' (of "
                    "one value 'sigmoid_logit'), or the right output.scale, in the manifest",
                    probability));
  }
}

}  // namespace

void to_probabilities(const OutputSpec& output, std::span<const float> raw, std::span<float> probabilities) {
  TRIAGE_CHECK(raw.size() == output.n_values() &&
               probabilities.size() == static_cast<std::size_t>(output.n_classes));
  if (is_one_value(output.kind)) {
    const float value = raw[0] * output.scale;
    probabilities[1] = output.kind == OutputKind::kSigmoid ? value : 1 / (1 + std::exp(-value));
    probabilities[0] = 1 - probabilities[1];
    check_range(probabilities.subspan(1));
    return;
  }
  raw = raw.subspan(static_cast<std::size_t>(output.label_offset), probabilities.size());
  if (output.kind == OutputKind::kProbabilities) {
    std::transform(raw.begin(), raw.end(), probabilities.begin(),
                   [scale = output.scale](float value) { return value * scale; });
    check_range(probabilities);
    return;
  }
  // Softmax over the classes that are kept; the largest logit is subtracted first, so that exp cannot
  // overflow.
  const float largest = *std::max_element(raw.begin(), raw.end()) * output.scale;
  float sum = 0;
  for (std::size_t i = 0; i < raw.size(); ++i) {
    probabilities[i] = std::exp(raw[i] * output.scale - largest);
    sum += probabilities[i];
  }
  for (float& probability : probabilities) probability /= sum;
}

}  // namespace triage
