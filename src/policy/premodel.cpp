#include "policy/premodel.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "base/check.h"
#include "policy/checks.h"

namespace triage {
namespace {

constexpr double kMaxScaled = 1e6;

void check_values(std::span<const float> values, std::size_t size, std::string_view field) {
  if (values.size() != size) fail_field(field, values.size(), fmt::format("{} values", size));
  for (const float value : values) {
    if (!std::isfinite(value)) fail_field(field, value, "finite numbers");
  }
}

// Sizes are compared by division, so that no product can overflow.
void check_rows(const PremodelModel& model, std::size_t d) {
  const std::size_t n = model.optimum.size();
  if (d == 0 || d > kMaxDimensions) fail_field("schema.features", d, "1 to 64 for a premodel");
  if (n == 0) fail_field("premodel.optimum", "no training inputs", "at least k");
  if (model.rows.size() % d != 0 || model.rows.size() / d != n) {
    fail_field("premodel.rows", model.rows.size(), fmt::format("{} x {} values", n, d));
  }
  check_values(model.rows, model.rows.size(), "premodel.rows");
  const auto outside =
      std::find_if(model.rows.begin(), model.rows.end(), [](float v) { return v < 0 || v > 1; });
  if (outside != model.rows.end()) fail_field("premodel.rows", *outside, "scaled values from 0 to 1");
  if (model.ids.size() != n) fail_field("premodel.ids", model.ids.size(), fmt::format("{} entries", n));
}

void check_scaling(const PremodelModel& model, std::size_t d) {
  check_values(model.minimum, d, "premodel.minimum");
  check_values(model.maximum, d, "premodel.maximum");
  for (std::size_t i = 0; i < d; ++i) {
    if (model.maximum[i] < model.minimum[i]) {
      fail_field("premodel.maximum", model.maximum[i],
                 fmt::format("at least the minimum, {}", model.minimum[i]));
    }
  }
}

void check_chain(const PolicyInfo& info, const PremodelModel& model) {
  if (model.n_stages == 0 || model.n_stages > info.models.size()) {
    fail_field("premodel.n_stages", model.n_stages, fmt::format("1 to {}, the models", info.models.size()));
  }
  if (model.fallback != kNoModel) check_model(info, model.fallback, "premodel.fallback");
  if (model.k < 1 || model.k > 63 || model.k % 2 == 0)
    fail_field("premodel.k", model.k, "an odd number from 1 to 63");
  const std::size_t n = model.optimum.size();
  if (static_cast<std::size_t>(model.k) > n) {
    fail_field("premodel.k", model.k, fmt::format("at most the training inputs, {}", n));
  }
  for (const ModelIndex label : model.optimum) {
    if (label < kNoModel || label >= static_cast<ModelIndex>(model.n_stages)) {
      fail_field("premodel.optimum", label, fmt::format("-1 to {}", model.n_stages - 1));
    }
  }
}

const PremodelModel& checked(const PolicyInfo& info, const PremodelModel& model) {
  check_info(info);
  check_rows(model, info.schema.size());
  check_scaling(model, info.schema.size());
  check_chain(info, model);
  return model;
}

FeatureMask missing(std::span<const float> features) {
  FeatureMask mask = 0;
  for (std::size_t i = 0; i < features.size(); ++i) {
    if (std::isnan(features[i])) mask |= FeatureMask{1} << i;
  }
  return mask;
}

std::string_view name_of(const PolicyInfo& info, ModelIndex model) {
  return model == kNoModel ? "none" : std::string_view(info.models[static_cast<std::size_t>(model)].name);
}

// The evidence behind the votes: features raw and scaled, and the neighbours.
void explain_search(const Premodel& premodel, std::span<const float> raw, std::span<const float> scaled,
                    std::span<const Neighbour> neighbours, Trace& trace) {
  const auto& names = premodel.info().schema.features;
  Trace::Step raw_step{"features", {}}, scaled_step{"features, scaled", {}};
  for (std::size_t i = 0; i < raw.size(); ++i) {
    raw_step.values.emplace_back(names[i].name, raw[i]);
    scaled_step.values.emplace_back(names[i].name, scaled[i]);
  }
  trace.steps.push_back(std::move(raw_step));
  trace.steps.push_back(std::move(scaled_step));
  for (const auto& neighbour : neighbours) {
    trace.neighbours.push_back(
        {std::string(premodel.model().ids.at(neighbour.row)), std::sqrt(neighbour.squared_distance),
         std::string(name_of(premodel.info(), premodel.model().optimum[neighbour.row]))});
  }
}

void explain_stage(const Premodel& premodel, std::size_t stage, int votes, bool yes, Trace& trace) {
  trace.steps.push_back(
      {fmt::format("KNN-{}: {} of {} neighbours say {}: {}", stage + 1, votes, premodel.model().k,
                   premodel.info().models[stage].name, yes ? "yes" : "no"),
       {{"votes", votes}}});
}

void explain_fallback(const Premodel& premodel, Trace& trace) {
  const ModelIndex fallback = premodel.model().fallback;
  trace.steps.push_back({fallback == kNoModel ? std::string("every stage says no: refused")
                                              : fmt::format("every stage says no: runs {}, the fallback",
                                                            name_of(premodel.info(), fallback)),
                         {}});
}

}  // namespace

IdList::IdList(std::string bytes, std::vector<std::uint32_t> ends)
    : bytes_(std::move(bytes)), ends_(std::move(ends)) {
  if (!std::is_sorted(ends_.begin(), ends_.end()))
    fail_field("premodel.id_ends", "a decrease", "rising offsets");
  const std::size_t end = ends_.empty() ? 0 : ends_.back();
  if (end != bytes_.size()) fail_field("premodel.id_ends", end, fmt::format("{} at the end", bytes_.size()));
}

void IdList::push_back(std::string_view id) {
  TRIAGE_CHECK(bytes_.size() + id.size() <= std::numeric_limits<std::uint32_t>::max());
  bytes_ += id;
  ends_.push_back(static_cast<std::uint32_t>(bytes_.size()));
}

std::string_view IdList::at(std::size_t i) const {
  const std::size_t begin = i == 0 ? 0 : ends_[i - 1];
  return std::string_view(bytes_).substr(begin, ends_[i] - begin);
}

float scale_feature(float value, float minimum, float maximum) {
  if (!(maximum > minimum)) return 0.0F;
  const double range = static_cast<double>(maximum) - static_cast<double>(minimum);
  const double scaled = (static_cast<double>(value) - static_cast<double>(minimum)) / range;
  return static_cast<float>(std::clamp(scaled, -kMaxScaled, kMaxScaled));
}

Premodel::Premodel(PolicyInfo info, PremodelModel model)
    : Policy(std::move(info)),
      model_(std::move(model)),
      index_(checked(this->info(), model_).rows, this->info().schema.size()) {
  std::vector<float>().swap(model_.rows);
}

int Premodel::votes(std::span<const Neighbour> neighbours, std::size_t stage) const {
  return static_cast<int>(
      std::count_if(neighbours.begin(), neighbours.end(), [&](const Neighbour& neighbour) {
        return model_.optimum[neighbour.row] == static_cast<ModelIndex>(stage);
      }));
}

Action Premodel::next(const Evidence& evidence, Trace* trace) const {
  if (!evidence.looks.empty()) return Action::answer_of(evidence.looks.back());
  TRIAGE_CHECK(evidence.features.size() == info().schema.size());
  const FeatureMask mask = missing(evidence.features);
  return mask != 0 ? Action::extract(mask) : choose(evidence.features, trace);
}

Action Premodel::choose(std::span<const float> features, Trace* trace) const {
  std::array<float, kMaxDimensions> scaled_values{};
  const auto scaled = std::span(scaled_values).first(features.size());
  for (std::size_t i = 0; i < features.size(); ++i) {
    scaled[i] = scale_feature(features[i], model_.minimum[i], model_.maximum[i]);
  }
  std::array<Neighbour, kMaxNeighbours> nearest;
  const auto neighbours = std::span(nearest).first(static_cast<std::size_t>(model_.k));
  TRIAGE_CHECK(index_.search(scaled, neighbours) == neighbours.size());
  if (trace != nullptr) explain_search(*this, features, scaled, neighbours, *trace);

  for (std::size_t stage = 0; stage < model_.n_stages; ++stage) {
    const int n_yes = votes(neighbours, stage);
    const bool yes = 2 * n_yes > model_.k;
    if (trace != nullptr) explain_stage(*this, stage, n_yes, yes, *trace);
    if (yes) return Action::run(static_cast<ModelIndex>(stage));
  }
  if (trace != nullptr) explain_fallback(*this, *trace);
  return model_.fallback == kNoModel ? Action::refuse() : Action::run(model_.fallback);
}

std::unique_ptr<Policy> make_premodel(PolicyInfo info, PremodelModel model) {
  return std::make_unique<Premodel>(std::move(info), std::move(model));
}

}  // namespace triage
