#include "policy/premodel_policy.h"

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

bool needs_neighbours(const PremodelParameters& parameters) {
  return std::isfinite(parameters.max_distance) ||
         std::any_of(parameters.choosers.begin(), parameters.choosers.end(),
                     [](const Chooser& chooser) { return std::holds_alternative<KnnChooser>(chooser); });
}

// Sizes are compared by division, so that no product can overflow.
void check_rows(const PremodelParameters& parameters, std::size_t d) {
  const std::size_t n = parameters.optimum.size();
  if (n == 0 && needs_neighbours(parameters))
    fail_field("premodel.optimum", "no training inputs", "at least k");
  if (parameters.rows.size() % d != 0 || parameters.rows.size() / d != n) {
    fail_field("premodel.rows", parameters.rows.size(), fmt::format("{} x {} values", n, d));
  }
  check_values(parameters.rows, parameters.rows.size(), "premodel.rows");
  const auto outside =
      std::find_if(parameters.rows.begin(), parameters.rows.end(), [](float v) { return v < 0 || v > 1; });
  if (outside != parameters.rows.end()) fail_field("premodel.rows", *outside, "scaled values from 0 to 1");
  if (parameters.ids.size() != n)
    fail_field("premodel.ids", parameters.ids.size(), fmt::format("{} entries", n));
  for (const ModelIndex label : parameters.optimum) {
    if (label < kNoModel || label >= static_cast<ModelIndex>(parameters.n_stages)) {
      fail_field("premodel.optimum", label, fmt::format("-1 to {}", parameters.n_stages - 1));
    }
  }
}

void check_scaling(const PremodelParameters& parameters, std::size_t d) {
  check_values(parameters.minimum, d, "premodel.minimum");
  check_values(parameters.maximum, d, "premodel.maximum");
  for (std::size_t i = 0; i < d; ++i) {
    if (parameters.maximum[i] < parameters.minimum[i]) {
      fail_field("premodel.maximum", parameters.maximum[i],
                 fmt::format("at least the minimum, {}", parameters.minimum[i]));
    }
  }
}

void check_neighbours(const PremodelParameters& parameters) {
  if (parameters.k < 1 || parameters.k > 63 || parameters.k % 2 == 0)
    fail_field("premodel.k", parameters.k, "an odd number from 1 to 63");
  if (std::isnan(parameters.max_distance) || parameters.max_distance < 0) {
    fail_field("premodel.max_distance", parameters.max_distance, "0 or more");
  }
  const std::size_t n = parameters.optimum.size();
  if (!needs_neighbours(parameters)) {
    if (n != 0) fail_field("premodel.optimum", n, "no training inputs, as nothing looks at them");
    return;
  }
  if (static_cast<std::size_t>(parameters.k) > n) {
    fail_field("premodel.k", parameters.k, fmt::format("at most the training inputs, {}", n));
  }
}

void check_stages(const PolicyInfo& info, const PremodelParameters& parameters) {
  if (parameters.n_stages == 0 || parameters.n_stages > info.models.size()) {
    fail_field("premodel.n_stages", parameters.n_stages,
               fmt::format("1 to {}, the models", info.models.size()));
  }
  // Classes are stored in a byte.
  if (parameters.n_classes() > 256) fail_field("premodel.n_stages", parameters.n_stages, "at most 255");
}

void check_choosers(const PolicyInfo& info, const PremodelParameters& parameters) {
  const std::size_t wanted = parameters.form == PremodelForm::kChain ? parameters.n_stages : 1;
  if (parameters.choosers.size() != wanted) {
    fail_field("premodel.choosers", parameters.choosers.size(), fmt::format("{}, as its form has", wanted));
  }
  if (parameters.fallback != kNoModel) check_model(info, parameters.fallback, "premodel.fallback");
  for (std::size_t i = 0; i < parameters.choosers.size(); ++i) {
    check_chooser(parameters.choosers[i], parameters.optimum.size(), info.schema.size(),
                  parameters.n_classes(), fmt::format("premodel.choosers[{}]", i));
  }
}

const PremodelParameters& checked(const PolicyInfo& info, const PremodelParameters& parameters) {
  check_info(info);
  const std::size_t d = info.schema.size();
  if (d == 0 || d > kMaxDimensions) fail_field("schema.features", d, "1 to 64 for a premodel");
  check_stages(info, parameters);
  check_rows(parameters, d);
  check_neighbours(parameters);
  check_scaling(parameters, d);
  check_choosers(info, parameters);
  return parameters;
}

// Features of ours are never missing once they are there.
FeatureMask missing(std::span<const float> features) {
  FeatureMask mask = 0;
  for (std::size_t i = 0; i < features.size(); ++i) {
    if (std::isnan(features[i])) mask |= FeatureMask{1} << i;
  }
  return mask;
}

// The evidence behind the votes: features raw and scaled, and the neighbours.
void explain_search(const Premodel& premodel, std::span<const float> raw, std::span<const float> scaled,
                    std::span<const Neighbour> neighbours, Trace& trace) {
  trace.emplace_back(FeaturesRead{{raw.begin(), raw.end()}});
  trace.emplace_back(FeaturesScaled{{scaled.begin(), scaled.end()}});
  if (neighbours.empty()) return;
  NearestInputs nearest;
  for (const auto& neighbour : neighbours) {
    nearest.inputs.push_back({std::string(premodel.parameters().ids.at(neighbour.row)),
                              std::sqrt(neighbour.squared_distance),
                              premodel.parameters().optimum[neighbour.row]});
  }
  trace.emplace_back(std::move(nearest));
}

}  // namespace

std::vector<Chooser> paper_choosers(const PremodelParameters& parameters) {
  std::vector<Chooser> choosers;
  for (std::size_t stage = 0; stage < parameters.n_stages; ++stage) {
    KnnChooser knn;
    for (const ModelIndex best : parameters.optimum) {
      knn.labels.push_back(best == static_cast<ModelIndex>(stage) ? 1 : 0);
    }
    choosers.emplace_back(std::move(knn));
  }
  return choosers;
}

double mean_distance(std::span<const Neighbour> neighbours) {
  double sum = 0;
  for (const Neighbour& neighbour : neighbours) sum += std::sqrt(neighbour.squared_distance);
  return sum / static_cast<double>(neighbours.size());
}

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

Premodel::Premodel(PolicyInfo info, PremodelParameters parameters)
    : Policy(std::move(info)), parameters_(std::move(parameters)) {
  checked(this->info(), parameters_);
  if (!parameters_.optimum.empty()) index_.emplace(parameters_.rows, this->info().schema.size());
  std::vector<float>().swap(parameters_.rows);
}

Action Premodel::next(const Evidence& evidence, Trace* trace) const {
  if (!evidence.looks.empty()) return Action::answer_of(evidence.looks.back());
  TRIAGE_CHECK(evidence.features.size() == info().schema.size());
  const FeatureMask mask = info().schema.groups.empty() ? missing(evidence.features)
                                                        : all_features(info().schema) & ~evidence.extracted;
  return mask != 0 ? Action::extract(mask) : choose_model(evidence.features, trace);
}

void Premodel::scale(std::span<const float> raw, std::span<float> scaled) const {
  for (std::size_t i = 0; i < raw.size(); ++i) {
    scaled[i] = scale_feature(raw[i], parameters_.minimum[i], parameters_.maximum[i]);
  }
}

Question Premodel::ask(std::span<const float> scaled, std::span<Neighbour> nearest) const {
  if (!index_) return {scaled, {}};
  const auto neighbours = nearest.first(static_cast<std::size_t>(parameters_.k));
  TRIAGE_CHECK(index_->search(scaled, neighbours) == neighbours.size());
  return {scaled, neighbours};
}

ModelIndex Premodel::chosen(const Question& question, Trace* trace) const {
  if (parameters_.form == PremodelForm::kMulticlass) {
    const std::size_t cls = choose(parameters_.choosers.front(), question);
    const ModelIndex model = cls == parameters_.n_stages ? kNoModel : static_cast<ModelIndex>(cls);
    if (trace != nullptr) {
      trace->push_back(explain(parameters_.choosers.front(), question, cls, {std::nullopt, model}));
    }
    return model;
  }
  for (std::size_t stage = 0; stage < parameters_.n_stages; ++stage) {
    const bool yes = choose(parameters_.choosers[stage], question) == 1;
    if (trace != nullptr) {
      trace->push_back(
          explain(parameters_.choosers[stage], question, 1, {stage, static_cast<ModelIndex>(stage), yes}));
    }
    if (yes) return static_cast<ModelIndex>(stage);
  }
  return kNoModel;
}

Action Premodel::fall_back(bool refuse) const {
  return refuse || parameters_.fallback == kNoModel ? Action::refuse() : Action::run(parameters_.fallback);
}

Action Premodel::choose_model(std::span<const float> features, Trace* trace) const {
  std::array<float, kMaxDimensions> scaled_values{};
  std::array<Neighbour, kMaxNeighbours> nearest;
  const auto scaled = std::span(scaled_values).first(features.size());
  scale(features, scaled);
  const Question question = ask(scaled, nearest);
  if (trace != nullptr) explain_search(*this, features, scaled, question.neighbours, *trace);

  if (std::isfinite(parameters_.max_distance) &&
      mean_distance(question.neighbours) > parameters_.max_distance) {
    const Action action = fall_back(parameters_.refuse_beyond);
    if (trace != nullptr) {
      trace->emplace_back(FellBack{FellBack::Reason::kUnlikeTraining, action.model,
                                   mean_distance(question.neighbours), parameters_.max_distance});
    }
    return action;
  }
  const ModelIndex model = chosen(question, trace);
  if (model != kNoModel) return Action::run(model);
  const Action action = fall_back(false);
  if (trace != nullptr) {
    trace->emplace_back(FellBack{parameters_.form == PremodelForm::kChain
                                     ? FellBack::Reason::kEveryStageSaysNo
                                     : FellBack::Reason::kNoneIsRight,
                                 action.model});
  }
  return action;
}

std::unique_ptr<Policy> make_premodel(PolicyInfo info, PremodelParameters parameters) {
  return std::make_unique<Premodel>(std::move(info), std::move(parameters));
}

}  // namespace triage
