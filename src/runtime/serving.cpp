#include "runtime/serving.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/check.h"
#include "features/schema.h"
#include "preprocess/needed_extent.h"
#include "runtime/policy_models.h"
#include "triage/error.h"

namespace triage {
namespace {

// A network may have the same fingerprint and yet not be what the policy was made for: the file may lie.
void check_classes(const Policy& policy, const Zoo& zoo, const std::vector<ModelIndex>& zoo_models,
                   const std::string& owner) {
  std::int32_t answered = policy.info().n_classes;  // 0: not known before the first
  for (std::size_t i = 0; i < zoo_models.size(); ++i) {
    const auto model = static_cast<ModelIndex>(i);
    const ModelSpec& found = zoo.models[static_cast<std::size_t>(zoo_models[i])];
    const bool answers = policy.choices_of(model) == 0 && policy.can_answer(model);
    const std::int32_t wanted = answers ? answered : policy.choices_of(model);
    if (wanted != 0 && found.output.n_classes != wanted) {
      throw Error(
          ErrorCode::kPolicy,
          fmt::format("{}: model '{}' has {} classes in zoo '{}', expected {} as the policy states; give "
                      "the zoo that it was trained with, or profile this one and train again",
                      owner, found.name, found.output.n_classes, zoo.name, wanted));
    }
    if (answers) answered = found.output.n_classes;
  }
}

double dearest_ms(const std::shared_ptr<const Policy>& policy) {
  TRIAGE_CHECK(policy != nullptr);
  double most = 0;
  for (const PolicyModel& model : policy->info().models) most = std::max(most, model.mean_ms);
  return most;
}

}  // namespace

Serving::Serving(std::shared_ptr<const Policy> policy, std::shared_ptr<Runtime> runtime)
    : policy_(std::move(policy)), runtime_(std::move(runtime)), load_(dearest_ms(policy_)) {
  TRIAGE_CHECK(runtime_ != nullptr);
  const std::string owner = fmt::format("policy of kind '{}'", policy_->kind());
  check_schema(policy_->info().schema, owner);
  zoo_models_ = map_models(policy_->info(), *runtime_, owner);
  check_classes(*policy_, runtime_->zoo(), zoo_models_, owner);
  decode_ =
      decode_options_for(runtime_->zoo(), policy_->info().schema.working_px, runtime_->options().decode);
}

std::unique_ptr<LiveBackend> Serving::borrow() {
  {
    const std::lock_guard lock(mutex_);
    if (!idle_.empty()) {
      std::unique_ptr<LiveBackend> backend = std::move(idle_.back());
      idle_.pop_back();
      return backend;
    }
  }
  return std::make_unique<LiveBackend>(runtime_->pool(), zoo_models_, policy_->info().schema,
                                       runtime_->clock());
}

void Serving::give_back(std::unique_ptr<LiveBackend> backend) {
  const std::lock_guard lock(mutex_);
  idle_.push_back(std::move(backend));
}

void count_look(const Serving& serving, const Look& look, const LookTimes& times, Result& result) {
  result.preprocess_ms += times.preprocess_ms;
  result.infer_ms += times.infer_ms;
  Runtime& runtime = *serving.runtime();
  if (Observer* observer = runtime.options().observer.get(); observer != nullptr) {
    const ModelIndex zoo_model = serving.zoo_models()[static_cast<std::size_t>(look.model)];
    observer->on_look({.model = runtime.zoo().models[static_cast<std::size_t>(zoo_model)].name,
                       .look = look,
                       .wait_ms = times.wait_ms});
  }
}

}  // namespace triage
