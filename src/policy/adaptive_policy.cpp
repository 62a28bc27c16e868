#include "policy/adaptive_policy.h"

#include <algorithm>
#include <cmath>

#include "base/check.h"
#include "policy/checks.h"
#include "policy/price_settings.h"

namespace triage {
namespace {

void check_numbers(std::string_view field, std::span<const double> values) {
  for (const double value : values) {
    if (!std::isfinite(value)) fail_field(field, value, "finite numbers");
  }
}

constexpr double kMaxWeight = 1000;

void check_order(const PolicyInfo& info, const AdaptiveSetting& setting, const std::string& field) {
  const auto& order = setting.order;
  if (order.empty() || order.size() > kMaxPooledLooks) {
    fail_field(field, order.size(), fmt::format("1 to {} models", kMaxPooledLooks));
  }
  for (std::size_t i = 0; i < order.size(); ++i) {
    check_model(info, order[i], field);
    if (std::find(order.begin(), order.begin() + static_cast<std::ptrdiff_t>(i), order[i]) !=
        order.begin() + static_cast<std::ptrdiff_t>(i)) {
      fail_field(field, fmt::format("model {} twice", order[i]), "each model once");
    }
  }
}

// `j` looks come before this one, of `n`.
void check_stage(const PolicyInfo& info, const AdaptiveStage& stage, std::size_t j, std::size_t n,
                 const std::string& field) {
  const auto n_classes = static_cast<std::size_t>(info.n_classes);
  const bool may_own = may_have_own_weights(n_classes);
  const auto expect_size = [&](const char* name, std::size_t size, std::size_t plain, std::size_t own) {
    if (size == plain || (may_own && size == own)) return;
    fail_field(field + name, size,
               may_own ? fmt::format("{} or {} numbers", plain, own) : fmt::format("{} numbers", plain));
  };
  expect_size(".weights", stage.weights.size(), j + 1, (j + 2) * n_classes);
  for (const double weight : stage.weights) {
    if (!(std::abs(weight) <= kMaxWeight)) fail_field(field + ".weights", weight, "numbers of at most 1000");
  }
  if (j == 0 && !(stage.weights.size() == 1 && stage.weights[0] > 0)) {
    fail_field(field + ".weights", fmt::format("{}", fmt::join(stage.weights, " ")),
               "one, above 0, so that one look's answer stays its own");
  }
  if (j + 1 == n) {
    if (!stage.gain.empty()) fail_field(field + ".gain", stage.gain.size(), "none: nothing follows");
  } else {
    expect_size(".gain", stage.gain.size(), 1 + kEvidenceNumbers, 1 + kEvidenceNumbers + n_classes);
  }
  check_numbers(field + ".gain", stage.gain);
}

void check_setting(const PolicyInfo& info, const AdaptiveSetting& setting, std::size_t i) {
  const std::string field = fmt::format("adaptive.settings[{}]", i);
  if (!(std::isfinite(setting.price) && setting.price >= 0)) {
    fail_field(field + ".price", setting.price, "a finite number of 0 or more");
  }
  check_order(info, setting, field + ".order");
  if (setting.stages.size() != setting.order.size()) {
    fail_field(field + ".stages", setting.stages.size(), fmt::format("{}, as models", setting.order.size()));
  }
  for (std::size_t j = 0; j < setting.stages.size(); ++j) {
    check_stage(info, setting.stages[j], j, setting.stages.size(), fmt::format("{}.stages[{}]", field, j));
  }
  check_numbers(field, std::array{setting.score, setting.cost});
}

void check_parts(const PolicyInfo& info, const AdaptiveParameters& parameters) {
  check_info(info);
  if (parameters.settings.empty()) fail_field("adaptive.settings", "none", "at least one");
  for (std::size_t i = 0; i < parameters.settings.size(); ++i) {
    check_setting(info, parameters.settings[i], i);
    if (i > 0 && parameters.settings[i].price >= parameters.settings[i - 1].price) {
      fail_field(fmt::format("adaptive.settings[{}].price", i), parameters.settings[i].price,
                 "less than the one before");
    }
  }
  if (parameters.chosen >= parameters.settings.size()) {
    fail_field("adaptive.chosen", parameters.chosen, fmt::format("0 to {}", parameters.settings.size() - 1));
  }
  check_certificate("adaptive", parameters.certificate);
}

Posterior posterior_of(const AdaptiveSetting& setting, std::span<const Look> looks) {
  std::array<const TopK*, kMaxPooledLooks> outputs{};
  for (std::size_t i = 0; i < looks.size(); ++i) outputs[i] = &looks[i].output;
  return combine(gather(std::span(outputs).first(looks.size())), setting.stages[looks.size() - 1].weights);
}

Action answer_with(const Posterior& posterior, std::span<const Look> looks) {
  Action action;
  action.kind = Action::Kind::kAnswer;
  // The answer after one look is that model's, calibrated; after more it belongs to no single model.
  action.model = looks.size() == 1 ? looks.front().model : kNoModel;
  action.answer = to_answer(posterior, looks.front().output.n_classes());
  return action;
}

// An order of one model: there is nothing to decide, and its answer is taken as it is, uncalibrated.
// Combining would take a noticeable part of the time of models that run for microseconds.
Action answer_alone(const Look& look, Trace* trace) {
  if (trace != nullptr) {
    AdaptiveLook event;
    event.decision = AdaptiveLook::Decision::kOnlyModel;
    event.model = look.model;
    event.confidence = look.confidence;
    trace->emplace_back(event);
  }
  return Action::answer_of(look);
}

struct Decision {
  double gain = 0;
  bool is_last = false;
  bool is_confident = true;
  [[nodiscard]] bool goes_on() const { return !is_last && (gain > 0 || !is_confident); }
};

AdaptiveLook explain(const AdaptiveSetting& setting, std::size_t n_looks, const Posterior& posterior,
                     const Decision& decision) {
  AdaptiveLook event;
  event.looks = n_looks;
  event.model = setting.order[n_looks - 1];
  event.confidence = static_cast<double>(posterior.entries[0].probability);
  event.price = setting.price;
  if (decision.is_last) {
    event.decision = AdaptiveLook::Decision::kLast;
    return event;
  }
  event.next = setting.order[n_looks];
  event.net_gain = decision.gain;
  event.decision = !decision.goes_on() ? AdaptiveLook::Decision::kAnswer
                   : decision.gain > 0 ? AdaptiveLook::Decision::kContinue
                                       : AdaptiveLook::Decision::kContinueForConfidence;
  return event;
}

}  // namespace

Adaptive::Adaptive(PolicyInfo info, AdaptiveParameters parameters)
    : PricedPolicy(std::move(info), std::move(parameters)) {
  check_parts(this->info(), parameters_);
}

std::vector<OrderedLook> Adaptive::look_order(const Request& request) const {
  std::vector<OrderedLook> order;
  for (const ModelIndex model : setting(request).order) order.push_back({model});
  return order;
}

std::unique_ptr<Policy> Adaptive::remake(AdaptiveParameters parameters) const {
  return make_adaptive(info(), std::move(parameters));
}

const AdaptiveSetting& Adaptive::setting(const Request& request) const {
  if (std::isnan(request.price)) return parameters_.settings[parameters_.chosen];
  const auto& all = parameters_.settings;
  const auto after = std::find_if(all.begin(), all.end(),
                                  [&](const AdaptiveSetting& s) { return s.price <= request.price; });
  if (after == all.begin()) return all.front();
  if (after == all.end()) return all.back();
  // Of the two neighbours the nearer by ratio: compare price^2 with their product.
  const auto before = after - 1;
  return request.price * request.price > before->price * after->price ? *before : *after;
}

Action Adaptive::next(const Evidence& evidence, Trace* trace) const {
  const AdaptiveSetting& setting = this->setting(evidence.request);
  const std::size_t n_looks = evidence.looks.size();
  if (n_looks == 0) return Action::run(setting.order.front());
  TRIAGE_CHECK(n_looks <= setting.order.size() && evidence.looks.back().model == setting.order[n_looks - 1]);
  if (setting.order.size() == 1) return answer_alone(evidence.looks.front(), trace);
  const Posterior posterior = posterior_of(setting, evidence.looks);
  Decision decision;
  decision.is_last = n_looks == setting.order.size();
  decision.is_confident =
      static_cast<double>(posterior.entries[0].probability) >= evidence.request.min_confidence;
  if (!decision.is_last) decision.gain = predicted_gain(setting.stages[n_looks - 1].gain, posterior);
  if (trace != nullptr) trace->emplace_back(explain(setting, n_looks, posterior, decision));
  return decision.goes_on() ? Action::run(setting.order[n_looks]) : answer_with(posterior, evidence.looks);
}

Action Adaptive::answer(const Evidence& evidence) const {
  if (evidence.looks.empty()) return Action::refuse();
  if (setting(evidence.request).order.size() == 1) return Action::answer_of(evidence.looks.front());
  return answer_with(posterior_of(setting(evidence.request), evidence.looks), evidence.looks);
}

std::unique_ptr<Policy> make_adaptive(PolicyInfo info, AdaptiveParameters parameters) {
  return std::make_unique<Adaptive>(std::move(info), std::move(parameters));
}

}  // namespace triage
