// The one driver loop, and what it drives: a backend that runs models for real (live.h) or reads a table
// (replay/replay_backend.h).
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <stop_token>

#include "runtime/load_factor.h"
#include "triage/clock.h"
#include "triage/policy.h"
#include "triage/request.h"
#include "triage/result.h"

namespace triage {

// How long a model may be waited for.
struct Patience {
  std::int64_t until_ns = kNoDeadline;  // Clock::now_ns()
  std::stop_token stop = {};
  double most_ms = std::numeric_limits<double>::infinity();  // Action::most_ms
};

// Does what a policy asks for, on one input.
class Backend {
 public:
  virtual ~Backend() = default;
  // Writes the features of `mask` into `values`, shape (schema.size()); returns what it cost.
  virtual Cost extract(FeatureMask mask, std::span<float> values) = 0;
  // Runs a model of the policy's list. Look::cost is preprocessing (when not yet done for that recipe) and
  // inference.
  virtual Look run(ModelIndex model) = 0;
  // The same where the model may have to be waited for; nothing when it could not be had in time.
  virtual std::optional<Look> run_within(ModelIndex model, const Patience&) { return run(model); }
  // Milliseconds since this input began, of which `accounted_ms` are known costs: what a latency cap counts.
  [[nodiscard]] virtual double elapsed_ms(double accounted_ms) const { return accounted_ms; }
};

// One input on its way: says which model to run next until there is an answer. For callers that run models
// themselves (classify_batch); others call drive(). All that it is given must outlive it.
//
// Holds the request's caps, for every kind of policy: a model that does not fit into what is left is not
// started. The answer is then what the looks so far give; where there are none, the most expensive model that
// fits runs and answers, and where none fits the input is refused.
class Drive {
 public:
  // `result` is reused: its vectors keep their capacity, so a warm loop allocates nothing.
  // `load`: what times have to be multiplied by; null: nothing.
  Drive(const Policy& policy, Backend& backend, const Clock& clock, const Request& request,
        const std::stop_token& stop, Result& result, const LoadFactor* load = nullptr);
  // The model to run now; nothing when the result is complete. For a policy to ask for the same model twice,
  // or for one not in its list, is a bug (kInternal).
  [[nodiscard]] std::optional<ModelIndex> next_model();
  // Until when it is worth waiting for that model.
  [[nodiscard]] Patience patience(ModelIndex model) const;
  // The look of that model.
  void took(const Look& look);
  // Says that the model could not be had in time.
  void gave_up();

 private:
  enum class State { kAsking, kAnswersNext, kDone };

  [[nodiscard]] Evidence evidence() const;
  void tick();
  [[nodiscard]] double quantile_ms(ModelIndex model) const;
  [[nodiscard]] Limit limit_of(ModelIndex model) const;
  [[nodiscard]] ModelIndex dearest_fitting() const;
  std::optional<ModelIndex> ask();
  std::optional<ModelIndex> within_limits(ModelIndex wanted);
  std::optional<ModelIndex> cut_short(Limit limit, bool may_run_another);
  void extract(FeatureMask mask);
  void answer(const Action& action);
  void finish();

  const Policy& policy_;
  Backend& backend_;
  const Clock& clock_;
  const Request& request_;
  const std::stop_token& stop_;
  Result& result_;
  const LoadFactor* load_;
  Trace* trace_;
  double deadline_ms_;  // in elapsed milliseconds
  FeatureMask extracted_ = 0;
  double most_ms_ = std::numeric_limits<double>::infinity();  // of the model that was asked for last
  State state_ = State::kAsking;
};

// Asks `policy` until it answers or refuses.
void drive(const Policy& policy, Backend& backend, const Clock& clock, Result& result,
           const Request& request = {}, const std::stop_token& stop = {}, const LoadFactor* load = nullptr);

}  // namespace triage
