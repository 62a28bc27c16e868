// The running figures of one policy version: its score as labels come in, its promise, and drift.
#pragma once

#include <cstddef>
#include <map>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "import/feedback_schema.h"
#include "serve/feedback_store.h"
#include "stats/drift_test.h"
#include "triage/tools/monitor.h"
#include "triage/tools/serve.h"

namespace triage {

// What goes into the store with each change: small, so that it is copied before a transaction.
struct FeedbackTally {
  std::size_t inputs = 0, refused = 0, explored = 0;
  std::size_t told = 0;      // inputs with a label or a score
  double score_sum = 0;      // of them
  std::size_t agreed = 0;    // of the explored: the answer is the reference's
  std::size_t compared = 0;  // with the reference, by a label
  double loss_sum = 0;       // reference's score less the policy's
  std::optional<Monitor> promise;
};

struct FeedbackAlarm {
  std::string kind;        // "promise", "drift" or "store"
  std::string version;     // of the policy; empty: of none
  std::string of;          // "confidence", "looks", a feature; empty: of nothing
  std::size_t inputs = 0;  // after which it was raised
  bool operator==(const FeedbackAlarm&) const = default;
};

// Not safe concurrently.
class FeedbackFigures {
 public:
  // `saved`: what saved() gave, or empty.
  FeedbackFigures(ServedPolicyFacts facts, const FeedbackOptions& options, const std::string& saved);

  [[nodiscard]] const ServedPolicyFacts& facts() const { return facts_; }
  [[nodiscard]] const FeedbackTally& tally() const { return tally_; }
  void set_tally(const FeedbackTally& tally) { tally_ = tally; }

  void count_input(bool is_refused);
  void count_explored(bool agrees);
  // Of an answer (classes, the best first): what was told of it before, and now.
  void count_told(const std::vector<std::int32_t>& answer, const ToldScore& before, const ToldScore& now);
  // An explored input with a label: once. Only where a guarantee covers the answer is the promise watched.
  void count_loss(const std::vector<std::int32_t>& answer, const std::vector<std::int32_t>& reference,
                  Label label, bool certified);
  // In the order of the inputs.
  void look_for_drift(const StoredEvidence& evidence);

  // The class of a name; none: there is no such class, or there are two.
  [[nodiscard]] std::optional<Label> label_of(std::string_view name) const;
  [[nodiscard]] std::vector<FeedbackAlarm> alarms() const;
  [[nodiscard]] std::string saved() const;
  [[nodiscard]] nlohmann::json json() const;

 private:
  struct Watched {
    std::string of;
    DriftTest test;
  };
  ServedPolicyFacts facts_;
  FeedbackOptions options_;
  FeedbackTally tally_;
  std::vector<Watched> drift_;
  std::unordered_map<std::string, Label> labels_;
};

}  // namespace triage
