#include "triage/types.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <string>

#include "triage/error.h"

namespace triage {
namespace {

// Best first: the higher probability, then the lower class index.
bool before(const ClassProbability& a, const ClassProbability& b) {
  return a.probability != b.probability ? a.probability > b.probability : a.cls < b.cls;
}

}  // namespace

TopK TopK::from_probabilities(std::span<const float> probabilities) {
  TopK top;
  top.n_classes_ = static_cast<std::int32_t>(probabilities.size());
  double sum = 0;
  for (std::size_t i = 0; i < probabilities.size(); ++i) {
    if (std::isnan(probabilities[i])) {
      throw Error(
          ErrorCode::kEngine,
          fmt::format("model output: class {} is NaN, expected a probability; check the model's input recipe",
                      i));
    }
    const ClassProbability entry{static_cast<std::int32_t>(i), std::clamp(probabilities[i], 0.0F, 1.0F)};
    sum += static_cast<double>(entry.probability);
    if (top.size_ == kTopK && !before(entry, top.entries_[kTopK - 1])) continue;
    // Insertion from the back: most classes fail the test above, so this runs rarely.
    std::uint32_t at = top.size_ < kTopK ? top.size_++ : kTopK - 1;
    for (; at > 0 && before(entry, top.entries_[at - 1]); --at) top.entries_[at] = top.entries_[at - 1];
    top.entries_[at] = entry;
  }
  double listed = 0;
  for (const ClassProbability& entry : top.entries()) listed += static_cast<double>(entry.probability);
  top.residual_ = top.n_classes_ > kTopK ? static_cast<float>(std::max(0.0, sum - listed)) : 0.0F;
  return top;
}

TopK TopK::from_parts(std::span<const ClassProbability> entries, float residual, std::int32_t n_classes) {
  const auto bad = [](const std::string& what) {
    return Error(ErrorCode::kProfile, "stored model output: " + what);
  };
  if (entries.size() > kTopK)
    throw bad(fmt::format("{} classes, expected at most {}", entries.size(), kTopK));
  if (n_classes < static_cast<std::int32_t>(entries.size())) throw bad("more entries than classes");
  if (!(residual >= 0.0F)) throw bad(fmt::format("residual {}, expected 0 or more", residual));
  TopK top;
  for (const ClassProbability& entry : entries) {
    if (entry.cls < 0 || entry.cls >= n_classes)
      throw bad(fmt::format("class {}, expected 0 to {}", entry.cls, n_classes - 1));
    if (!(entry.probability >= 0.0F && entry.probability <= 1.0F))
      throw bad(fmt::format("probability {}, expected 0 to 1", entry.probability));
    if (top.size_ > 0 && !before(top.entries_[top.size_ - 1], entry))
      throw bad("entries out of order, expected the best first");
    top.entries_[top.size_++] = entry;
  }
  top.residual_ = residual;
  top.n_classes_ = n_classes;
  return top;
}

double TopK::confidence() const {
  return size_ == 0 ? kNotMeasured : static_cast<double>(entries_[0].probability);
}

double TopK::probability(std::int32_t cls) const {
  for (const ClassProbability& entry : entries()) {
    if (entry.cls == cls) return static_cast<double>(entry.probability);
  }
  if (size_ < kTopK || n_classes_ <= kTopK) return 0.0;
  return std::min(static_cast<double>(entries_[kTopK - 1].probability),
                  static_cast<double>(residual_) / static_cast<double>(n_classes_ - kTopK));
}

std::optional<int> TopK::rank(std::int32_t cls) const {
  for (std::uint32_t i = 0; i < size_; ++i) {
    if (entries_[i].cls == cls) return static_cast<int>(i) + 1;
  }
  return std::nullopt;
}

std::int32_t rank_of(std::span<const float> probabilities, std::int32_t cls) {
  const ClassProbability own{cls, probabilities[static_cast<std::size_t>(cls)]};
  std::int32_t rank = 1;
  for (std::size_t i = 0; i < probabilities.size(); ++i) {
    if (before({static_cast<std::int32_t>(i), probabilities[i]}, own)) ++rank;
  }
  return rank;
}

std::string_view to_string(Precision precision) {
  switch (precision) {
    case Precision::kF32:
      return "f32";
    case Precision::kAuto:
      return "auto";
    case Precision::kBf16:
      return "bf16";
    case Precision::kF16:
      return "f16";
    case Precision::kI8:
      return "i8";
  }
  return "";
}

std::span<const Precision> all_precisions() {
  static constexpr std::array kAll{Precision::kF32, Precision::kAuto, Precision::kBf16, Precision::kF16,
                                   Precision::kI8};
  return kAll;
}

std::vector<std::string_view> names_of(std::span<const Precision> precisions) {
  std::vector<std::string_view> names;
  for (const Precision precision : precisions) names.push_back(to_string(precision));
  return names;
}

Precision parse_precision(std::string_view text) {
  for (const Precision precision : all_precisions()) {
    if (to_string(precision) == text) return precision;
  }
  throw Error(ErrorCode::kUsage,
              fmt::format("precision '{}': not known, expected one of {}", text.substr(0, 60),
                          fmt::join(names_of(all_precisions()), ", ")));
}

std::string_view to_string(Criterion criterion) { return criterion == Criterion::kTop1 ? "top1" : "top5"; }

Criterion parse_criterion(std::string_view text) {
  if (text == "top1") return Criterion::kTop1;
  if (text == "top5") return Criterion::kTop5;
  throw Error(ErrorCode::kUsage, fmt::format("criterion '{}': unknown, expected top1 or top5", text));
}

std::string_view to_string(VoteWeights weights) {
  return weights == VoteWeights::kUniform ? "uniform" : "distance";
}

VoteWeights parse_vote_weights(std::string_view text) {
  for (const auto weights : {VoteWeights::kUniform, VoteWeights::kDistance}) {
    if (text == to_string(weights)) return weights;
  }
  throw Error(ErrorCode::kUsage, fmt::format("weights: '{}', expected uniform or distance", text));
}

std::string_view to_string(PremodelLabel label) {
  return label == PremodelLabel::kOptimum ? "optimum" : "correct";
}

PremodelLabel parse_premodel_label(std::string_view text) {
  for (const auto label : {PremodelLabel::kOptimum, PremodelLabel::kCorrect}) {
    if (text == to_string(label)) return label;
  }
  throw Error(ErrorCode::kUsage, fmt::format("label: '{}', expected optimum or correct", text));
}

}  // namespace triage
