#include "adopt/trial_record.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <numeric>

#include "base/check.h"
#include "stats/binomial.h"

namespace triage {
namespace {

// A label that was given no chance at all counts as one in a million.
constexpr float kLeastProbability = 1e-6F;
constexpr float kUnitSlack = 1.001F;
constexpr double kPercentSlack = 1.0;  // of a sum of 100
constexpr double kSignLevel = 0.05;
constexpr double kStandardErrors = 2;
constexpr double kNoMatter = 1e-4;      // in mean log likelihood: rounding
constexpr float kLeastLogged = 1e-12F;  // probabilities below are as good as none
constexpr std::size_t kMostMatched = 2000;
constexpr std::ptrdiff_t kMostKept = 64;

float log_of(float probability) { return std::log(std::clamp(probability, kLeastProbability, 1.0F)); }

float logged(float probability) { return std::log(std::max(probability, kLeastLogged)); }

struct Sharpened {
  double label, best;
};

// Softmax of the logits times `sharpness`; the label's stands first.
Sharpened sharpened(const std::vector<float>& logits, double sharpness) {
  const double largest = *std::max_element(logits.begin(), logits.end());
  double sum = 0;
  for (const float logit : logits) sum += std::exp((logit - largest) * sharpness);
  return {std::exp((logits[0] - largest) * sharpness) / sum, 1 / sum};
}

// The label's value and the highest of the others; what is left out has next to no probability.
std::vector<float> label_and_highest(std::span<const float> values, Label label) {
  std::vector<float> kept(values.begin(), values.end());
  std::swap(kept[0], kept[static_cast<std::size_t>(label)]);
  if (kept.size() <= static_cast<std::size_t>(kMostKept)) return kept;
  std::nth_element(kept.begin() + 1, kept.begin() + kMostKept - 1, kept.end(), std::greater<>());
  kept.resize(static_cast<std::size_t>(kMostKept));
  kept.shrink_to_fit();
  return kept;
}

// The probability of class 1 from the one value of both.
float second_class(float value, const OutputSpec& reading) {
  value *= reading.scale;
  return reading.kind == OutputKind::kSigmoid ? value : 1 / (1 + std::exp(-value));
}

}  // namespace

void ValueRange::add(std::span<const float> finite_values) {
  const auto [least, largest] = std::minmax_element(finite_values.begin(), finite_values.end());
  least_ = std::min(least_, *least);
  largest_ = std::max(largest_, *largest);
  const double sum = std::accumulate(finite_values.begin(), finite_values.end(), 0.0);
  least_sum_ = std::min(least_sum_, sum);
  largest_sum_ = std::max(largest_sum_, sum);
}

OutputSpec ValueRange::reading(const ClassHead& head, Cut cut) const {
  OutputSpec spec;
  spec.index = head.index;
  spec.n_classes = head.n_classes(cut);
  spec.label_offset = cut.offset;
  spec.label_tail = cut.tail;
  const bool is_unit = least_ >= 0 && largest_ <= kUnitSlack;
  const bool is_hundred =
      std::abs(least_sum_ - 100) < kPercentSlack && std::abs(largest_sum_ - 100) < kPercentSlack;
  // One value that is never below 0 in hundreds of pictures is no logit.
  const bool is_percent = least_ >= 0 && largest_ <= 100 * kUnitSlack && (head.is_one_value() || is_hundred);
  if (head.is_8bit) spec.scale = 1.0F / 256;
  if (!head.is_8bit && !is_unit && is_percent) spec.scale = 0.01F;
  const bool is_probability = head.is_8bit || is_unit || is_percent;
  if (head.is_one_value()) {
    spec.kind = is_probability ? OutputKind::kSigmoid : OutputKind::kSigmoidLogit;
  } else {
    spec.kind = is_probability ? OutputKind::kProbabilities : OutputKind::kLogits;
  }
  return spec;
}

void TrialRecord::add(std::span<const float> raw, Label label, const ClassHead& head, ValueRange& range) {
  labels_.push_back(label);
  ++n_images_;
  std::vector<Seen>& seen = seen_.emplace_back(cuts_.size());
  const bool is_finite =
      std::all_of(raw.begin(), raw.end(), [](float value) { return std::isfinite(value); });
  if (!is_finite) {
    ++n_not_finite_;
    return;
  }
  range.add(raw);
  for (std::size_t c = 0; c < cuts_.size(); ++c) {
    const Cut cut = head.cuts[c];
    const std::span<const float> values =
        raw.subspan(static_cast<std::size_t>(cut.offset),
                    raw.size() - static_cast<std::size_t>(cut.offset) - static_cast<std::size_t>(cut.tail));
    Seen& s = seen[c];
    if (head.is_one_value()) {
      s.rank = 1;
      s.values = {values[0]};
      continue;
    }
    if (n_images_ <= kMostMatched) s.values = label_and_highest(values, label);
    s.rank = rank_of(values, label);
    const float largest = *std::max_element(values.begin(), values.end());
    double powers = 0, sum = 0;
    for (const float value : values) {
      powers += std::exp(static_cast<double>(value) - largest);
      sum += std::max(value, 0.0F);
    }
    const float own = values[static_cast<std::size_t>(label)];
    s.best_logit = static_cast<float>(1 / powers);
    s.label_logit = static_cast<float>(std::exp(static_cast<double>(own) - largest) / powers);
    s.best_share = sum > 0 ? static_cast<float>(largest / sum) : 0;
    s.label_share = sum > 0 ? static_cast<float>(own / sum) : 0;
  }
}

void TrialRecord::record(CutRecord& cut, const Seen& seen, Label label, const OutputSpec& reading) const {
  float own = 0, best = 0;
  std::int32_t rank = seen.rank;
  if (rank > 0 && is_one_value(reading.kind)) {
    const float second = second_class(seen.values[0], reading);
    own = label == 1 ? second : 1 - second;
    best = std::max(second, 1 - second);
    // Ties go to the lower class, as everywhere.
    rank = (second > 0.5F) == (label == 1) ? 1 : 2;
  } else if (rank > 0) {
    const bool is_logits = reading.kind == OutputKind::kLogits;
    own = is_logits ? seen.label_logit : seen.label_share;
    best = is_logits ? seen.best_logit : seen.best_share;
  }
  cut.right.push_back(rank == 1 ? 1 : 0);
  cut.log_likelihood.push_back(log_of(own));
  cut.confidence += static_cast<double>(best);
  if (rank == 0) return;
  cut.top1 += rank <= 1 ? 1 : 0;
  cut.top5 += rank <= 5 ? 1 : 0;
  cut.reciprocal_rank += 1.0 / rank;
}

void TrialRecord::settle(const ClassHead& head, const ValueRange& range) {
  for (std::size_t c = 0; c < cuts_.size(); ++c) {
    cuts_[c] = {};
    const OutputSpec reading = range.reading(head, head.cuts[c]);
    for (std::size_t i = 0; i < n_images_; ++i) record(cuts_[c], seen_[i][c], labels_[i], reading);
  }
}

std::size_t TrialRecord::best_cut() const {
  const auto worse = [](const CutRecord& a, const CutRecord& b) {
    return a.reciprocal_rank < b.reciprocal_rank;
  };
  return static_cast<std::size_t>(std::max_element(cuts_.begin(), cuts_.end(), worse) - cuts_.begin());
}

double TrialRecord::mean_reciprocal_rank() const {
  return n_images_ == 0 ? 0.0 : best().reciprocal_rank / static_cast<double>(n_images_);
}

// Of the label first; logarithms where the values are probabilities.
std::vector<float> TrialRecord::logits(const Seen& seen, Label label, const OutputSpec& reading) const {
  if (is_one_value(reading.kind)) {
    const float second = second_class(seen.values[0], reading);
    const float logit = reading.kind == OutputKind::kSigmoidLogit ? seen.values[0] * reading.scale
                                                                  : logged(second) - logged(1 - second);
    return label == 1 ? std::vector<float>{logit, 0} : std::vector<float>{0, logit};
  }
  if (reading.kind == OutputKind::kLogits) return seen.values;
  std::vector<float> logits;
  for (const float value : seen.values) logits.push_back(logged(value * reading.scale));
  return logits;
}

std::vector<float> TrialRecord::matched(const ClassHead& head, const ValueRange& range,
                                        double confidence) const {
  const std::size_t c = best_cut(), n = std::min(n_images_, kMostMatched);
  const OutputSpec reading = range.reading(head, head.cuts[c]);
  std::vector<std::vector<float>> rows;
  for (std::size_t i = 0; i < n; ++i) {
    const Seen& seen = seen_[i][c];
    rows.push_back(seen.rank == 0 ? std::vector<float>() : logits(seen, labels_[i], reading));
  }
  const auto mean_confidence = [&](double sharpness) {
    double sum = 0;
    for (const std::vector<float>& row : rows) sum += row.empty() ? 0.0 : sharpened(row, sharpness).best;
    return sum / static_cast<double>(n);
  };
  double low = -12, high = 12;  // of the sharpness' logarithm
  for (int step = 0; step < 40; ++step) {
    const double middle = (low + high) / 2;
    (mean_confidence(std::exp(middle)) < confidence ? low : high) = middle;
  }
  std::vector<float> logs;
  for (const std::vector<float>& row : rows) {
    logs.push_back(log_of(row.empty() ? 0.0F : static_cast<float>(sharpened(row, std::exp(low)).label)));
  }
  return logs;
}

double mean_of(std::span<const float> values) {
  return values.empty()
             ? 0.0
             : std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

bool is_as_right(const CutRecord& other, const CutRecord& leader) {
  TRIAGE_CHECK(other.right.size() == leader.right.size());
  std::size_t leads = 0, trails = 0;
  for (std::size_t i = 0; i < leader.right.size(); ++i) {
    leads += leader.right[i] > other.right[i] ? 1 : 0;
    trails += leader.right[i] < other.right[i] ? 1 : 0;
  }
  return binomial_tail(leads, leads + trails, 0.5) > kSignLevel;
}

bool is_as_likely(std::span<const float> other, std::span<const float> leader) {
  TRIAGE_CHECK(other.size() == leader.size());
  const std::size_t n = leader.size();
  double sum = 0, squares = 0;
  for (std::size_t i = 0; i < n; ++i) {
    const double difference = static_cast<double>(leader[i]) - static_cast<double>(other[i]);
    sum += difference;
    squares += difference * difference;
  }
  const auto count = static_cast<double>(n);
  const double mean = sum / count;
  if (std::abs(mean) < kNoMatter || n < 2) return true;
  const double variance = std::max(0.0, (squares - sum * mean) / (count - 1));
  return std::abs(mean) <= kStandardErrors * std::sqrt(variance / count);
}

}  // namespace triage
