#include "policy/checks.h"

#include <algorithm>
#include <cmath>
#include <set>

#include "policy/text_reduction.h"

namespace triage {
namespace {

void check_times(const PolicyModel& model, std::string_view field) {
  for (const double ms : {model.mean_ms, model.p999_ms}) {
    if (!std::isfinite(ms) || ms < 0) fail_field(field, ms, "finite times of 0 ms or more");
  }
  for (const double ms : {model.p50_ms, model.p90_ms, model.p99_ms}) {
    if (!std::isnan(ms) && !(std::isfinite(ms) && ms >= 0))
      fail_field(field, ms, "finite times of 0 ms or more");
  }
  if (!std::isnan(model.mean_j) && !(std::isfinite(model.mean_j) && model.mean_j >= 0)) {
    fail_field(field, model.mean_j, "a finite energy of 0 J or more, or none");
  }
}

void check_features(const FeatureSchema& schema) {
  const bool are_ours = schema.groups.empty();
  const std::size_t n_parts = are_ours ? schema.size() : schema.groups.size();
  if (n_parts > 64) fail_field(are_ours ? "schema.features" : "schema.groups", n_parts, "at most 64");
  std::set<std::string_view> names;
  for (const auto& feature : schema.features) {
    if (feature.name.empty() || !names.insert(feature.name).second) {
      fail_field("schema.features", fmt::format("name '{}'", feature.name),
                 "names that are unique and not empty");
    }
    if (feature.version < (are_ours ? 1 : 0)) {
      fail_field("schema.features", feature.version, "versions from 1");
    }
    if (!are_ours && feature.group >= n_parts) {
      fail_field("schema.features", fmt::format("group {}", feature.group), "one of its groups");
    }
  }
  if (schema.working_px < 8) fail_field("schema.working_px", schema.working_px, "at least 8");
}

// Its numbers are the last features.
void check_text(const PolicyInfo& info) {
  if (info.text == nullptr) return;
  check_text_reduction(*info.text, "text");
  const auto names = info.text->names();
  const auto& features = info.schema.features;
  const bool fits = !info.schema.groups.empty() && features.size() >= names.size() &&
                    std::equal(names.rbegin(), names.rend(), features.rbegin(),
                               [](const std::string& name, const FeatureRef& f) { return f.name == name; });
  if (!fits) fail_field("schema.features", features.size(), "the numbers of the text behind all others");
}

void check_terms(const Terms& terms) {
  if (!std::isfinite(terms.worst) || !std::isfinite(terms.best) || terms.worst == terms.best) {
    fail_field("terms", fmt::format("scores from {} to {}", terms.worst, terms.best), "two finite values");
  }
  if (!(terms.cutoff >= 0) || std::isinf(terms.cutoff)) fail_field("terms.cutoff", terms.cutoff, "0 or more");
}

void check_training(const PolicyInfo& info) {
  const auto& hashes = info.training.input_hashes;
  if (!std::is_sorted(hashes.begin(), hashes.end())) {
    fail_field("training.input_hashes", "a decrease", "rising hashes");
  }
  const auto* premodel = std::get_if<PremodelFacts>(&info.training.details);
  if (premodel == nullptr) return;
  if (premodel->fallback != kNoModel) check_model(info, premodel->fallback, "training.details.fallback");
  if (premodel->optimum_of.size() > info.models.size() + 1) {
    fail_field("training.details.optimum_of", premodel->optimum_of.size(), "at most one more than models");
  }
}

}  // namespace

void check_info(const PolicyInfo& info) {
  if (info.models.empty()) fail_field("models", "none", "at least one");
  std::set<std::string_view> names;
  for (std::size_t i = 0; i < info.models.size(); ++i) {
    const auto& model = info.models[i];
    const std::string field = fmt::format("models[{}]", i);
    if (model.name.empty() || !names.insert(model.name).second) {
      fail_field(field, fmt::format("name '{}'", model.name), "names that are unique and not empty");
    }
    check_times(model, field);
  }
  check_times(info.best, "best");
  check_features(info.schema);
  check_text(info);
  check_terms(info.terms);
  check_training(info);
  if (info.n_classes < 0) fail_field("n_classes", info.n_classes, "0 or more");
  if (!info.label_names.empty() && std::ssize(info.label_names) != info.n_classes) {
    fail_field("class_names", info.label_names.size(), fmt::format("{}, one a class", info.n_classes));
  }
}

void check_model(const PolicyInfo& info, ModelIndex model, std::string_view field) {
  if (model < 0 || static_cast<std::size_t>(model) >= info.models.size()) {
    fail_field(field, model, fmt::format("a model from 0 to {}", static_cast<long>(info.models.size()) - 1));
  }
}

}  // namespace triage
