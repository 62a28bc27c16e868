// Policies: pure functions from evidence to action. The driver (runtime.h) asks one what to do next and has a
// backend do it, live or by replay, so what is evaluated is exactly what is deployed.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "triage/features.h"
#include "triage/types.h"

namespace triage {

// What one model, once run, said about this input.
struct Look {
  ModelIndex model = kNoModel;       // in the policy's list of models
  TopK output;                       // empty for score-only tables
  double confidence = kNotMeasured;  // the model's own (its best probability); NaN when it has none
  Cost cost;
};

// All that a policy may look at.
struct Evidence {
  std::span<const float> features;  // by the policy's schema; NaN where not extracted yet
  std::span<const Look> looks;      // models already run on this input, in order
  Cost spent;
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

// Why an action was taken, for --explain; filled by the same code path that decides, when it is given.
struct Trace {
  struct Step {
    std::string what;  // "KNN-1: 3 of 5 neighbours say mobilenet: yes"
    std::vector<std::pair<std::string, double>> values;
  };
  struct Neighbour {
    std::string input;  // id of the training input
    double distance = 0;
    std::string optimum;  // its optimum model, "none" where no selected model is right
  };
  std::vector<Step> steps;
  std::vector<Neighbour> neighbours;  // nearest first; of the premodel's shared search
};

// A model as a policy knows it.
struct PolicyModel {
  std::string name;
  std::string
      fingerprint;     // ModelSpec::fingerprint() of the model that was profiled; empty for foreign tables
  double mean_ms = 0;  // preprocessing and inference, on `machine` (see PolicyInfo)
  double p999_ms = 0;
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
};

// Immutable after loading; const methods are safe concurrently. `next` allocates nothing when `trace` is
// null.
class Policy {
 public:
  virtual ~Policy() = default;
  // "single", "premodel", "selector" or "cascade".
  [[nodiscard]] virtual std::string_view kind() const = 0;
  [[nodiscard]] virtual Action next(const Evidence& evidence, Trace* trace = nullptr) const = 0;
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
