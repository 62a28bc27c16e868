// What a policy does on recorded inputs: a table is read instead of running models.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "triage/clock.h"
#include "triage/policy.h"
#include "triage/request.h"
#include "triage/result.h"
#include "triage/tools/rows.h"

namespace triage {

// Why the policy cannot be replayed on the table, and what to do; nothing when it can. Models and features go
// by name, and have to have the policy's fingerprints, versions and classes; with the policy itself, also the
// choices of the networks that choose (Policy::choices_of).
[[nodiscard]] std::optional<std::string> policy_difference(const Table& table, const PolicyInfo& policy);
[[nodiscard]] std::optional<std::string> policy_difference(const Table& table, const Policy& policy);

// What a chooser did on each input of a table; arrays of shape (n). The common currency of every method that
// is compared.
struct Replay {
  std::string name;
  std::vector<std::int32_t> predicted;  // class answered; kNoLabel when refused, or in a score-only table
  std::vector<double> top1, top5;       // 1 when right, 0 otherwise (refusals too)
  std::vector<double> ms;               // selection, preprocessing, inference
  std::vector<double> selection_ms;     // features and decisions, of that
  std::vector<double> j;                // features, preprocessing, inference; NaN where not measured
  std::vector<double> selection_j;      // features, of that; decisions are timed, not metered
  std::vector<double> confidence;       // of the answer; NaN where it has none
  std::vector<std::uint8_t> limited;    // 1 where a cap decided, see Result::limited
  std::vector<std::uint8_t> breached;   // 1 where the latency cap was overrun all the same
  std::vector<std::uint8_t> unsure;     // 1 where Request::min_confidence was not reached
  std::vector<ModelIndex> model;    // last model that ran, in the table's numbering; kNoModel when refused
  std::vector<std::uint8_t> looks;  // how many models ran

  [[nodiscard]] const std::vector<double>& score(Criterion criterion) const {
    return criterion == Criterion::kTop1 ? top1 : top5;
  }
};
[[nodiscard]] Replay make_replay(std::string name, std::size_t n);

// Is told of each decision as it is made; the result is valid until it returns.
using OnDecision = std::function<void(std::uint32_t input, const Result& result)>;

// Replays `policy` on the given rows, writing those entries of `replay` (whose arrays must have shape (n)).
// Under `request`, whose caps see the recorded times: what a budget does can be predicted before deployment.
// Throws kUsage as check_request does.
void replay_policy(const Table& table, Rows rows, const Policy& policy, const Clock& clock, Replay& replay,
                   const Request& request = {}, const OnDecision& on_decision = {});
// The rows in their order as one stream with a mean time to meet; `caps` hold for each input. Throws kUsage
// for reuse, which needs pictures.
void replay_stream(const Table& table, Rows rows, const Policy& policy, const Clock& clock, Replay& replay,
                   const StreamOptions& options, const Request& caps = {});
// As if `model` had been run on `input` without any selection; kNoModel refuses, at no cost.
void replay_model(const Table& table, std::size_t input, ModelIndex model, Replay& replay);

}  // namespace triage
