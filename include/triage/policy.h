// Policies: pure functions from evidence to action. The driver (src/runtime/driver.h) asks one what to do
// next and has a backend do it, live or by replay, so what is evaluated is exactly what is deployed.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "triage/request.h"
#include "triage/result.h"
#include "triage/types.h"

namespace triage {

// All that a policy may look at.
struct Evidence {
  std::span<const float> features;  // by the policy's schema; NaN where not extracted yet
  std::span<const Look> looks;      // models already run on this input, in order
  Cost spent;
  Request request = {};
};

struct Action {
  enum class Kind { kExtract, kRun, kAnswer, kRefuse };
  Kind kind = Kind::kRefuse;
  FeatureMask features = 0;     // kExtract: which; features cost time, so they are bought like looks
  ModelIndex model = kNoModel;  // kRun: which; kAnswer: whose answer it is, kNoModel when combined
  TopK answer;                  // kAnswer

  [[nodiscard]] static Action extract(FeatureMask mask) { return {Kind::kExtract, mask, kNoModel, {}}; }
  [[nodiscard]] static Action run(ModelIndex model) { return {Kind::kRun, 0, model, {}}; }
  [[nodiscard]] static Action answer_of(const Look& look) {
    return {Kind::kAnswer, 0, look.model, look.output};
  }
  [[nodiscard]] static Action refuse() { return {}; }
};

// A model as a policy knows it.
struct PolicyModel {
  std::string name;
  std::string
      fingerprint;     // ModelSpec::fingerprint() of the model that was profiled; empty for foreign tables
  double mean_ms = 0;  // preprocessing and inference, on `machine` (see PolicyInfo)
  double p999_ms = 0;
  double mean_j = kNotMeasured;  // the same in joules
};

// What a policy file carries besides the policy itself.
struct PolicyInfo {
  Criterion criterion = Criterion::kTop1;
  std::vector<PolicyModel> models;  // those that the policy may run; Look::model and Action::model index it
  FeatureSchema schema;             // may be empty
  std::int32_t n_classes = 0;
  std::string machine;  // where the times were measured
  std::vector<std::pair<std::string, std::string>>
      training;  // summary: inputs, seed, options, trace of Algorithm 1
  // The single model with the best mean score in training, to say what the policy saves. No name: not known.
  PolicyModel best{};
};

// What calibration has shown of a policy (`triage calibrate`): with probability of at least 1 - delta over
// the calibration inputs, its mean score on inputs like them lies at most `max_loss` below that of `versus`.
struct Certificate {
  double max_loss = 0;  // a share, between 0 and 1
  double delta = 0;     // between 0 and 1
  std::string versus;   // the single model that it is compared with
  std::size_t inputs = 0;
  std::string inputs_hash;  // of the calibration inputs, see inputs_hash() in table.h
  double mean_loss = 0;     // seen on them: mean of versus' score less the policy's; negative: it is better
  double mean_ms = 0;       // seen on them
  std::string labels_from;  // the model whose answers were the labels; empty for true labels
};

// Immutable after loading; const methods are safe concurrently. `next` allocates nothing when `trace` is
// null.
class Policy {
 public:
  virtual ~Policy() = default;
  // "single", "premodel", "selector", "cascade" or "adaptive".
  [[nodiscard]] virtual std::string_view kind() const = 0;
  [[nodiscard]] virtual Action next(const Evidence& evidence, Trace* trace = nullptr) const = 0;
  // The answer that the looks so far give, for when the budget ends before `next` has answered; kRefuse when
  // they give none. Allocates nothing.
  [[nodiscard]] virtual Action answer(const Evidence& evidence) const {
    return evidence.looks.empty() ? Action::refuse() : Action::answer_of(evidence.looks.back());
  }
  // Whether this model's look is an answer.
  [[nodiscard]] virtual bool can_answer(ModelIndex) const { return true; }
  // Whether Request::price means anything to it.
  [[nodiscard]] virtual bool has_prices() const { return false; }
  // Whether a statistical guarantee covers what it does for this request.
  [[nodiscard]] virtual bool certifies(const Request&) const { return false; }
  [[nodiscard]] const PolicyInfo& info() const { return info_; }

 protected:
  explicit Policy(PolicyInfo info) : info_(std::move(info)) {}

 private:
  PolicyInfo info_;
};

// Policy files (*.triage, CBOR; docs/formats.md). Loading checks magic, versions, sizes and ranges before
// anything is used. Throws kIo, kPolicy. Saving is atomic.
void save_policy(const Policy& policy, const std::filesystem::path& path);
[[nodiscard]] std::unique_ptr<Policy> load_policy(const std::filesystem::path& path);

// Runs one model on everything. The baseline.
[[nodiscard]] std::unique_ptr<Policy> make_single(PolicyInfo info, ModelIndex model);

}  // namespace triage
