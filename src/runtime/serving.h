// A policy at work on a runtime: what calls that begin together share.
#pragma once

#include <memory>
#include <mutex>
#include <vector>

#include "runtime/live.h"
#include "runtime/load_factor.h"
#include "triage/policy.h"
#include "triage/runtime.h"

namespace triage {

// Safe concurrently.
class Serving {
 public:
  // Throws kPolicy where the policy does not fit the runtime's zoo.
  Serving(std::shared_ptr<const Policy> policy, std::shared_ptr<Runtime> runtime);

  [[nodiscard]] const std::shared_ptr<const Policy>& policy() const { return policy_; }
  [[nodiscard]] const std::shared_ptr<Runtime>& runtime() const { return runtime_; }
  [[nodiscard]] const std::vector<ModelIndex>& zoo_models() const { return zoo_models_; }

  // An idle backend, or a new one. One that is not given back, because of an error, is destroyed: its state
  // is unknown.
  [[nodiscard]] std::unique_ptr<LiveBackend> borrow();
  void give_back(std::unique_ptr<LiveBackend> backend);
  // Of pictures that it is to see.
  [[nodiscard]] const DecodeOptions& decode() const { return decode_; }
  // Of this policy's times.
  [[nodiscard]] LoadFactor& load() { return load_; }

 private:
  std::shared_ptr<const Policy> policy_;
  std::shared_ptr<Runtime> runtime_;
  std::vector<ModelIndex> zoo_models_;  // behind each of the policy's
  DecodeOptions decode_;
  LoadFactor load_;
  std::mutex mutex_;
  std::vector<std::unique_ptr<LiveBackend>> idle_;  // guarded by mutex_
};

// Adds up the times of looks, and tells the observer of each.
void count_look(const Serving& serving, const Look& look, const LookTimes& times, Result& result);

// The same image by image and in step: see Classifier. `results` has one for each.
void classify_in_step(Serving& serving, std::span<const ImageView> images, const Request& request,
                      const std::stop_token& stop, std::span<Result> results);

}  // namespace triage
