// The one driver loop, and the backend that runs models for real. Replay's backend is in eval.h.
#pragma once

#include <memory>
#include <mutex>
#include <span>
#include <vector>

#include "triage/clock.h"
#include "triage/engine.h"
#include "triage/features.h"
#include "triage/image.h"
#include "triage/policy.h"
#include "triage/zoo.h"

namespace triage {

// Does what a policy asks for, on one input.
class Backend {
 public:
  virtual ~Backend() = default;
  // Writes the features of `mask` into `values`, shape (schema.size()); returns what it cost.
  virtual Cost extract(FeatureMask mask, std::span<float> values) = 0;
  // Runs a model of the policy's list. Look::cost is preprocessing (when not yet done for that recipe) and
  // inference.
  virtual Look run(ModelIndex model) = 0;
  // Milliseconds since this input began, of which `accounted_ms` are known costs: what a latency cap counts.
  [[nodiscard]] virtual double elapsed_ms(double accounted_ms) const { return accounted_ms; }
};

// How one input went.
struct Outcome {
  bool refused = false;
  TopK answer;                    // empty when refused
  ModelIndex model = kNoModel;    // whose answer it is; kNoModel when refused or combined
  bool limited = false;           // a cap decided: the policy would have run another model
  bool breached = false;          // the latency cap was overrun all the same: a model took longer than its
                                  // upper quantile
  bool below_confidence = false;  // the answer's confidence is below Request::min_confidence
  bool certified = false;         // a guarantee covers this answer
  std::vector<Look> looks;        // in the order in which they were taken
  std::vector<float> features;    // by the policy's schema; NaN where not extracted
  Cost total;                     // all looks, features and decisions
  double features_ms = 0;
  double features_j = 0;
  double decision_ms = 0;  // time spent inside Policy::next
  double elapsed_ms = 0;   // what the latency cap counted: Request::spent_ms and all that followed
};

// Whether the policy can meet the request at all. Throws kUsage: a cap below what its cheapest model needs
// (the message says which would work), an energy cap without measured energy, a price for a policy without
// prices, values out of range.
void check_request(const Policy& policy, const Request& request);

// Asks `policy` until it answers or refuses. `outcome` is reused: its vectors keep their capacity, so a warm
// loop allocates nothing. A policy that asks for the same model twice, or for none of its list, is a bug
// (kInternal).
//
// Holds the request's caps, for every kind of policy: a model that does not fit into what is left is not
// started. The answer is then what the looks so far give; where there are none, the dearest model that fits
// runs and answers, and where none fits the input is refused.
void drive(const Policy& policy, Backend& backend, const Clock& clock, Outcome& outcome,
           Trace* trace = nullptr, const Request& request = {});

// Loaded models of a zoo, each loaded on first use; hands out one Network a caller at a time and loads
// another copy when all are taken. Safe concurrently.
class ModelPool {
 public:
  ModelPool(const Zoo& zoo, EngineSet& engines);
  ~ModelPool();
  class Lease;  // returns its network to the pool when destroyed
  // `model` indexes zoo.models.
  [[nodiscard]] Lease acquire(ModelIndex model);
  [[nodiscard]] const Zoo& zoo() const { return *zoo_; }

 private:
  struct Slot;
  const Zoo* zoo_;
  EngineSet* engines_;
  std::vector<std::unique_ptr<Slot>> slots_;
};

class ModelPool::Lease {
 public:
  Lease(Slot& slot, std::unique_ptr<Network> network);
  Lease(Lease&&) noexcept;
  Lease& operator=(Lease&&) = delete;
  ~Lease();
  Network* operator->() const { return network_.get(); }

 private:
  Slot* slot_;
  std::unique_ptr<Network> network_;
};

// Times of one live look, apart.
struct LookTimes {
  double preprocess_ms = 0;  // 0 when another model's look had made the same tensor
  double infer_ms = 0;
};

// Runs models on one image after another; remembers tensors and feature graph of the current one. Profiling
// measures through it too. Not thread-safe; make one per thread.
class LiveBackend final : public Backend {
 public:
  // `models[i]` is the zoo model behind the policy's model i. `schema` and `pool` must outlive it.
  LiveBackend(ModelPool& pool, std::vector<ModelIndex> models, const FeatureSchema& schema,
              const Clock& clock);
  ~LiveBackend() override;
  // Begins the next input; `image` must outlive its use.
  void begin(const Image& image);
  Cost extract(FeatureMask mask, std::span<float> values) override;
  Look run(ModelIndex model) override;
  // By the clock, since begin().
  [[nodiscard]] double elapsed_ms(double accounted_ms) const override;
  // Makes the model's tensor, if it has not been made yet; returns the milliseconds that took, else 0.
  double prepare(ModelIndex model);

  // Of the last run(): its times apart, and all class probabilities, shape (n_classes).
  [[nodiscard]] LookTimes last_times() const;
  [[nodiscard]] std::span<const float> last_probabilities() const;
  // Of the current input: milliseconds per feature node, empty before extract().
  [[nodiscard]] std::span<const float> node_ms() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace triage
