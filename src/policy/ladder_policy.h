// The policy for models of which only answers, or signals of their own quality, are known: they run in a
// fixed order; after each, what they said and the features decide whether the next is worth its cost, and
// whose answer is taken (docs/policies.md, Ladders).
#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <span>
#include <vector>

#include "policy/priced_policy.h"

namespace triage {

inline constexpr std::size_t kMaxRungs = 4;

// What a ladder knows of an input. `answers`: looks may be compared, of n_answers different ones; `signals`:
// looks have a confidence of their own; `products`: what the margin tells differs with the features.
struct LadderShape {
  std::size_t n_features = 0;  // d
  bool answers = false;
  bool signals = false;
  bool products = false;
  double n_answers = 2;
};

// Up to k looks, in the order of the ladder.
struct LadderLooks {
  std::array<Label, kMaxRungs> answer{};  // kNoLabel: it said nothing
  std::array<float, kMaxRungs> signal{};  // where it gave none, what is usual
  std::size_t n = 0;
};

// What a model said: its best class; kNoLabel for an output without one, or with two that are alike.
[[nodiscard]] Label said(const TopK& output);

// Numbers of evidence after k looks. What is there at once: the features; which pairs agree, and who said
// nothing; signals. Then, from the support of each look's answer, the largest and its margin, how far it is
// above the next; and each feature's difference from the usual times the margin.
[[nodiscard]] std::size_t ladder_looks_size(const LadderShape& shape,
                                            std::size_t k);  // what is there at once
[[nodiscard]] std::size_t ladder_evidence_size(const LadderShape& shape, std::size_t k);
// What is there at once, shape (ladder_looks_size()).
void ladder_evidence(const LadderShape& shape, std::span<const float> features, const LadderLooks& looks,
                     std::span<float> evidence);
// Support of each look's answer by votes: the sum over those who gave it of log((C - 1) p / (1 - p)), where p
// is the chance that they are right and C how many answers there are; shape (k) each.
void support_by_votes(const LadderShape& shape, const LadderLooks& looks, std::span<const double> right,
                      std::span<double> support);
// The look of the largest support (ties: the later), that support and its margin.
struct BestSupported {
  std::size_t look = 0;
  float support = 0, margin = 0;
};
[[nodiscard]] BestSupported best_supported(std::span<const double> support);

// A linear function of some numbers: 1 weight more, the constant first.
using LinearFunction = std::vector<double>;
[[nodiscard]] double value_of(const LinearFunction& function, std::span<const float> numbers);

// By what the looks' answers are weighed.
struct LadderAnswering {
  std::vector<LinearFunction> right;  // (rungs) with answers: a model's score, of the features
  // (rungs)(looks) without: the score of each look, of the evidence that is there at once.
  std::vector<std::vector<LinearFunction>> quality;
};
// The look whose answer is taken; `evidence` after these looks has what is there at once, and gets the rest.
// `usual` features have shape (d).
[[nodiscard]] std::size_t weigh_looks(const LadderShape& shape, const LadderAnswering& answering,
                                      std::span<const float> usual, const LadderLooks& looks,
                                      std::span<float> evidence);

struct LadderSetting : PriceSetting {
  std::vector<LinearFunction> gains;  // (rungs - 1) of the evidence after each look: go on above 0
};
struct LadderParameters {
  LadderShape shape;
  std::vector<float> usual_features;  // (d) for those that are missing
  std::vector<float> usual_signals;   // (rungs)
  LadderAnswering answering;
  CostWeights unit = kTimeCost;                           // of costs and prices
  std::vector<LadderSetting> settings;                    // 1 or more, by falling price
  std::size_t chosen = 0;                                 // of a request without a price
  std::optional<Certificate> certificate = std::nullopt;  // of the chosen setting
};

// Models run in the order of PolicyInfo::models.
class Ladder final : public PricedPolicy<LadderParameters> {
 public:
  Ladder(PolicyInfo info, LadderParameters parameters);
  [[nodiscard]] std::string_view kind() const override { return "ladder"; }
  [[nodiscard]] Action next(const Evidence& evidence, Trace* trace = nullptr) const override;
  [[nodiscard]] Action answer(const Evidence& evidence) const override;
  [[nodiscard]] std::vector<OrderedLook> look_order(const Request& request) const override;

 private:
  struct Reading {
    std::size_t best = 0;  // look whose answer is taken
    double gain = 0;       // of going on, less its price
  };
  [[nodiscard]] Reading read(const Evidence& evidence) const;
  [[nodiscard]] const LadderSetting& setting(const Request& request) const;
  [[nodiscard]] std::unique_ptr<Policy> remake(LadderParameters parameters) const override;
};

// Throws kPolicy when the parts do not fit together.
[[nodiscard]] std::unique_ptr<Policy> make_ladder(PolicyInfo info, LadderParameters parameters);

}  // namespace triage
