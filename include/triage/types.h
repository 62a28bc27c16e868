// The small values that every layer speaks in: costs, a model's answer, scores.
#pragma once

#include <array>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "triage/terms.h"

namespace triage {

// Position of a model in the list at hand (a zoo's, a table's or a policy's); kNoModel means none.
using ModelIndex = std::int32_t;
inline constexpr ModelIndex kNoModel = -1;

// The arithmetic of a network's layers. kI8: layers that were made for 8 bits run in 8 bits, the others in
// f32, which is what kF32 means for such a network too; asked for by name, a network without such layers is
// refused. kAuto: what the engine would choose on the device; EngineSet::resolved says what that is here.
enum class Precision { kF32, kAuto, kBf16, kF16, kI8 };
// As manifests write it: "f32", "auto", "bf16", "f16", "i8".
[[nodiscard]] std::string_view to_string(Precision precision);
[[nodiscard]] std::span<const Precision> all_precisions();
[[nodiscard]] std::vector<std::string_view> names_of(std::span<const Precision> precisions);
[[nodiscard]] Precision parse_precision(std::string_view text);  // throws kUsage

// A network, whoever lists it.
struct ModelId {
  std::string name;
  std::string fingerprint;                // ModelSpec::fingerprint(); empty for foreign tables
  Precision precision = Precision::kF32;  // that it ran in, never kAuto; kF32 for foreign tables

  // Constructors, because GCC 12 frees the strings of an aggregate twice where a later value of its
  // initializer list throws.
  ModelId() = default;
  ModelId(std::string name_in, std::string fingerprint_in, Precision precision_in = Precision::kF32)
      : name(std::move(name_in)), fingerprint(std::move(fingerprint_in)), precision(precision_in) {}
};

// Class id of an input; kNoLabel where it is not known.
using Label = std::int32_t;
inline constexpr Label kNoLabel = -1;

inline constexpr double kNotMeasured = std::numeric_limits<double>::quiet_NaN();

// What something took. `j` is NaN where energy was not measured, and stays NaN through sums.
struct Cost {
  double ms = 0.0;
  double j = kNotMeasured;

  Cost& operator+=(const Cost& other) {
    ms += other.ms;
    j += other.j;
    return *this;
  }
};

// Classes that a model may have; profiles store them in two bytes.
inline constexpr std::int32_t kMaxClasses = 65536;

// How many classes of a model's output are kept, everywhere: in profiles, in replay and live.
inline constexpr int kTopK = 16;

struct ClassProbability {
  std::int32_t cls = 0;
  float probability = 0.0F;  // 0..1
};

// The kTopK most probable classes of one output, best first (ties: the lower class index first), and the
// probability mass of all the others. Trivially copyable; holds no pointers.
class TopK {
 public:
  TopK() = default;

  // From all class probabilities, shape (n_classes). Values are clamped to [0, 1]; they need not sum to 1
  // (8-bit outputs do not). NaN throws kEngine.
  [[nodiscard]] static TopK from_probabilities(std::span<const float> probabilities);
  // From stored parts: `entries` best first, at most kTopK. Throws kProfile when out of order or range.
  [[nodiscard]] static TopK from_parts(std::span<const ClassProbability> entries, float residual,
                                       std::int32_t n_classes);

  [[nodiscard]] std::span<const ClassProbability> entries() const { return {entries_.data(), size_}; }
  [[nodiscard]] bool empty() const { return size_ == 0; }
  [[nodiscard]] std::int32_t n_classes() const { return n_classes_; }
  // Mass of the classes that are not listed; 0 when all are.
  [[nodiscard]] float residual() const { return residual_; }
  // The best class, kNoLabel when empty.
  [[nodiscard]] std::int32_t best() const { return size_ == 0 ? kNoLabel : entries_[0].cls; }
  // Probability of the best class; NaN when empty.
  [[nodiscard]] double confidence() const;
  // Probability of any class; one that is not listed has min(p_16, residual / (n_classes - 16)).
  [[nodiscard]] double probability(std::int32_t cls) const;
  // 1-based position of `cls`, or nullopt when it is not listed.
  [[nodiscard]] std::optional<int> rank(std::int32_t cls) const;

 private:
  std::array<ClassProbability, kTopK> entries_{};
  std::uint32_t size_ = 0;
  std::int32_t n_classes_ = 0;
  float residual_ = 0.0F;
};

static_assert(std::is_trivially_copyable_v<TopK> && std::is_standard_layout_v<TopK>);

// 1-based rank of `cls` among all probabilities: classes with a higher one, or an equal one and a lower
// index, come before it.
[[nodiscard]] std::int32_t rank_of(std::span<const float> probabilities, std::int32_t cls);

// When an answer counts as right: the label is the best class, or among the best five.
enum class Criterion { kTop1, kTop5 };
[[nodiscard]] std::string_view to_string(Criterion criterion);
// Throws kUsage for anything but "top1" and "top5".
[[nodiscard]] Criterion parse_criterion(std::string_view text);
// Score in [0, 1] of a 1-based rank; rank 0 means "not known" and scores 0.
[[nodiscard]] inline double score_of_rank(std::int32_t rank, Criterion criterion) {
  return rank >= 1 && rank <= (criterion == Criterion::kTop1 ? 1 : 5) ? 1.0 : 0.0;
}
// Of an answer; 0 where it does not list the label.
[[nodiscard]] inline double score_of_answer(const TopK& answer, Label label, Criterion criterion) {
  return score_of_rank(answer.rank(label).value_or(0), criterion);
}

// How the nearest training inputs of a premodel vote: each alike, or by 1 / distance. Where some are at
// distance 0, they alone vote, each alike.
enum class VoteWeights { kUniform, kDistance };
[[nodiscard]] std::string_view to_string(VoteWeights weights);
// Throws kUsage for anything but "uniform" and "distance".
[[nodiscard]] VoteWeights parse_vote_weights(std::string_view text);

struct FeatureRef {
  std::string name;
  int version = 0;        // 0 for features that are not ours
  std::size_t group = 0;  // index into FeatureSchema::groups, where there are any
  bool operator==(const FeatureRef&) const = default;
};

// An ordered list of features; positions in it are what feature vectors refer to. Those of images, at most
// 64, are ours, at one working size. A table that somebody brought has features of its own, in at most 64
// groups that cost something together; they may be missing (NaN).
struct FeatureSchema {
  std::vector<FeatureRef> features;
  int working_px = 224;  // images are reduced to this short side
  std::vector<std::string> groups{};
  [[nodiscard]] std::size_t size() const { return features.size(); }
  bool operator==(const FeatureSchema&) const = default;
};
// Bit i: feature i of a schema; of one with groups, the features of group i.
using FeatureMask = std::uint64_t;
[[nodiscard]] inline FeatureMask all_features(const FeatureSchema& schema) {
  const std::size_t n = schema.groups.empty() ? schema.size() : schema.groups.size();
  return n >= 64 ? ~FeatureMask{0} : (FeatureMask{1} << n) - 1;
}

// What a premodel's stage is taught to say yes to: that its model is the input's optimum, as in the paper, or
// that its model is right on the input.
enum class PremodelLabel { kOptimum, kCorrect };
[[nodiscard]] std::string_view to_string(PremodelLabel label);
// Throws kUsage for anything but "optimum" and "correct".
[[nodiscard]] PremodelLabel parse_premodel_label(std::string_view text);

}  // namespace triage
