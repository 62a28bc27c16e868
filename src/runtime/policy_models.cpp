#include "runtime/policy_models.h"

#include <fmt/format.h>

#include <optional>

#include "triage/engine.h"
#include "triage/error.h"

namespace triage {
namespace {

// Nothing where it cannot run here in its precision.
std::optional<ModelSpec> as_here(EngineSet& engines, const ModelSpec& model) {
  try {
    return engines.resolved(model);
  } catch (const Error& error) {
    if (error.code() != ErrorCode::kEngine) throw;
    return std::nullopt;
  }
}

bool is_same_network(ModelSpec found, const PolicyModel& wanted) {
  found.precision = wanted.precision;
  return found.fingerprint() == wanted.fingerprint;
}

// The same network in a precision that there is here, f32 if possible; the answers nearest to those of the
// policy's training.
std::optional<ModelSpec> nearest(Runtime& runtime, const PolicyModel& wanted) {
  std::optional<ModelSpec> best;
  for (const ModelSpec& model : runtime.zoo().models) {
    if (!is_same_network(model, wanted)) continue;
    const std::optional<ModelSpec> here = as_here(runtime.engines(), model);
    if (here && (!best || (best->precision != Precision::kF32 && here->precision == Precision::kF32)))
      best = here;
  }
  return best;
}

Error another_network(const ModelSpec& found, const PolicyModel& wanted, const Zoo& zoo,
                      const std::string& owner) {
  return {
      ErrorCode::kPolicy,
      fmt::format("{}: model '{}' has fingerprint {} in zoo '{}', expected {}; its weights or recipe are not "
                  "those that were profiled: give that zoo, or profile this one and train again",
                  owner, wanted.name, found.fingerprint(), zoo.name,
                  wanted.fingerprint.empty() ? "one (the policy was trained on a foreign table)"
                                             : wanted.fingerprint)};
}

Error another_precision(const ModelSpec& found, const PolicyModel& wanted, Runtime& runtime,
                        const std::string& owner) {
  const std::optional<ModelSpec> here = as_here(runtime.engines(), found);
  const std::string runs =
      here ? fmt::format("runs in {} here", to_string(here->precision))
           : fmt::format("cannot run in {} on {} of this machine", to_string(found.precision), found.device);
  const std::optional<ModelSpec> other = nearest(runtime, wanted);
  const std::string offer =
      other ? fmt::format("nearest is '{}', the same network in {}: profile that and train again",
                          other->name, to_string(other->precision))
            : fmt::format(
                  "zoo '{}' does not have this network in a precision that runs here: list it in f32, "
                  "profile that and train again",
                  runtime.zoo().name);
  return {ErrorCode::kPolicy, fmt::format("{}: model '{}' {}, expected {}, in which it was profiled; {}",
                                          owner, wanted.name, runs, to_string(wanted.precision), offer)};
}

}  // namespace

bool runs_here_as(EngineSet& engines, const ModelSpec& found, const PolicyModel& wanted) {
  if (!is_same_network(found, wanted)) return false;
  const std::optional<ModelSpec> here = as_here(engines, found);
  return here && here->fingerprint() == wanted.fingerprint;
}

std::vector<ModelIndex> map_models(const PolicyInfo& policy, Runtime& runtime, const std::string& owner) {
  const Zoo& zoo = runtime.zoo();
  std::vector<ModelIndex> models;
  for (const PolicyModel& wanted : policy.models) {
    const ModelIndex index = zoo.find(wanted.name);
    if (index == kNoModel) {
      throw Error(ErrorCode::kPolicy,
                  fmt::format("{}: model '{}' is not in zoo '{}', expected every model of the policy there; "
                              "give the zoo that it was trained with, or profile this one and train again",
                              owner, wanted.name, zoo.name));
    }
    const ModelSpec& found = zoo.models[static_cast<std::size_t>(index)];
    if (!is_same_network(found, wanted)) throw another_network(found, wanted, zoo, owner);
    if (!runs_here_as(runtime.engines(), found, wanted))
      throw another_precision(found, wanted, runtime, owner);
    models.push_back(index);
  }
  return models;
}

}  // namespace triage
