#include "profile/header.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/hash.h"
#include "profile/codec.h"
#include "triage/error.h"

namespace triage {
namespace {

std::vector<const ModelSpec*> classifiers(const Zoo& zoo) {
  std::vector<const ModelSpec*> models;
  for (const ModelSpec& model : zoo.models) {
    if (model.role == Role::kClassifier) models.push_back(&model);
  }
  if (models.empty()) {
    throw Error(ErrorCode::kUsage,
                fmt::format("zoo '{}': has no classifier, expected 1 or more; add one with 'triage zoo add'",
                            zoo.name));
  }
  for (const ModelSpec* model : models) {
    if (model->output.n_classes != models[0]->output.n_classes) {
      throw Error(
          ErrorCode::kUsage,
          fmt::format("zoo '{}': '{}' has {} classes and '{}' has {}, expected the same; choose models that "
                      "agree",
                      zoo.name, models[0]->name, models[0]->output.n_classes, model->name,
                      model->output.n_classes));
    }
  }
  return models;
}

void add_models(ProfileHeader& header, const Zoo& zoo) {
  const std::vector<const ModelSpec*> models = classifiers(zoo);
  header.n_classes = models[0]->output.n_classes;
  if (header.n_classes < 1 || header.n_classes > kMaxClasses) {
    throw Error(ErrorCode::kUsage, fmt::format("zoo '{}': {} classes, expected 1 to {}", zoo.name,
                                               header.n_classes, kMaxClasses));
  }
  for (const ModelIndex index : profiled_models(zoo)) {
    const ModelSpec& model = zoo.models[static_cast<std::size_t>(index)];
    const std::string key = recipe_key(model.input);
    auto at = std::find(header.recipes.begin(), header.recipes.end(), key);
    if (at == header.recipes.end()) at = header.recipes.insert(at, key);
    ProfileModel& profiled = header.models.emplace_back();
    profiled.name = model.name;
    profiled.fingerprint = model.fingerprint();
    profiled.precision = model.precision;
    profiled.recipe = static_cast<std::int32_t>(at - header.recipes.begin());
    profiled.device = model.device;
    profiled.threads = model.threads;
    profiled.chooses = model.chooses;
    profiled.fold = model.fold;
  }
}

// Labels from a model need what it says.
void check_labels_from(const ProfileHeader& header, const ProfileOptions& options) {
  const std::string& name = options.labels_from;
  if (name.empty()) return;
  std::vector<std::string_view> known;
  for (const ProfileModel& model : header.models) {
    if (!model.is_selector()) known.push_back(model.name);
  }
  if (std::find(known.begin(), known.end(), name) == known.end()) {
    throw Error(ErrorCode::kUsage, fmt::format("labels from '{}': no such classifier among the models to "
                                               "profile, expected one of: {}",
                                               name, fmt::join(known, ", ")));
  }
  if (options.times_only) {
    throw Error(
        ErrorCode::kUsage,
        fmt::format("labels from '{}': asked for with times alone, without any answers, expected scores "
                    "too; leave the labels out",
                    name));
  }
}

// Covers names and labels only: reading all pixels would cost as much as profiling. Checks the labels too.
std::string data_fingerprint(const Dataset& data, std::int32_t n_classes, bool with_labels) {
  std::string text;
  for (std::size_t i = 0; i < data.size(); ++i) {
    const Label label = with_labels ? data.label(i) : kNoLabel;
    if (label != kNoLabel && (label < 0 || label >= n_classes)) {
      throw Error(ErrorCode::kData,
                  fmt::format("{}: label {}, expected 0 to {} (the models' classes); check that "
                              "labels and zoo belong together",
                              data.id(i), label, n_classes - 1));
    }
    text += data.id(i);
    text += '\n';
    text += std::to_string(label);
    text += '\n';
  }
  return sha256_hex(std::as_bytes(std::span(text))).substr(0, 16);
}

// The mode's numbers, rounded as they are stored.
Timing checked(Timing timing) {
  timing.cells = timing.capped = 0;
  if (timing.mode == TimingMode::kCheap) return Timing{};
  if (!(timing.bound >= 0.0001 && timing.bound < 1)) {
    throw Error(ErrorCode::kUsage,
                fmt::format("timing bound: {:.4g}, expected a share from 0.0001 to 1; 0.05 is the "
                            "paper's",
                            timing.bound));
  }
  if (timing.min_runs < 2 || timing.max_runs < timing.min_runs || timing.max_runs > 1'000'000) {
    throw Error(ErrorCode::kUsage,
                fmt::format("timing runs: {} to {}, expected 2 or more, and no more than 1000000",
                            timing.min_runs, timing.max_runs));
  }
  timing.bound = static_cast<double>(std::llround(timing.bound * 1e6)) / 1e6;
  return timing;
}

std::int64_t shard_size(std::int64_t n_data, const Shard& shard) {
  const std::int64_t index = shard.index;
  return n_data <= index ? 0 : (n_data - index - 1) / shard.count + 1;
}

template <class Found, class Wanted>
std::string differ(std::string_view object, const Found& found, const Wanted& wanted) {
  return fmt::format("{} {}, expected {}", object, found, wanted);
}

std::string in_words(const FeatureSchema& schema) {
  std::string text;
  for (const FeatureRef& feature : schema.features) {
    text += fmt::format("{}{} v{}", text.empty() ? "" : ", ", feature.name, feature.version);
  }
  return text.empty() ? "none" : text;
}

std::optional<std::string> difference(const ProfileModel& found, const ProfileModel& wanted) {
  if (found.name != wanted.name) return differ("model", "'" + found.name + "'", "'" + wanted.name + "'");
  const std::string object = "model '" + found.name + "': ";
  if (found.precision != wanted.precision)
    return differ(object + "precision", to_string(found.precision), to_string(wanted.precision));
  if (found.fingerprint != wanted.fingerprint)
    return differ(object + "fingerprint", found.fingerprint, wanted.fingerprint);
  if (found.device != wanted.device) return differ(object + "device", found.device, wanted.device);
  if (found.threads != wanted.threads) return differ(object + "threads", found.threads, wanted.threads);
  if (found.chooses != wanted.chooses) {
    return differ(object + "chooses", fmt::to_string(fmt::join(found.chooses, ", ")),
                  fmt::to_string(fmt::join(wanted.chooses, ", ")));
  }
  if (found.fold != wanted.fold) return differ(object + "fold", "another", "the same");
  return std::nullopt;
}

}  // namespace

std::int64_t ProfileHeader::n_inputs() const {
  std::int64_t sum = 0;
  for (const ProfilePart& part : parts) sum += part.n_inputs;
  return sum;
}

std::vector<ModelIndex> profiled_models(const Zoo& zoo) {
  std::vector<ModelIndex> indices;
  for (const bool selectors : {false, true}) {
    for (std::size_t i = 0; i < zoo.models.size(); ++i) {
      const ModelSpec& model = zoo.models[i];
      if ((model.role == Role::kSelector) != selectors || (selectors && model.chooses.empty())) continue;
      indices.push_back(static_cast<ModelIndex>(i));
    }
  }
  return indices;
}

ProfileHeader make_header(const Zoo& zoo, const Dataset& data, const ProfileOptions& options) {
  if (options.shard.count < 1 || options.shard.index >= options.shard.count) {
    throw Error(ErrorCode::kUsage, fmt::format("shard: {} of {}, expected an index below the count",
                                               options.shard.index, options.shard.count));
  }
  if (options.decode.max_pixels < 1) {
    throw Error(ErrorCode::kUsage,
                fmt::format("pixel limit: {}, expected 1 or more", options.decode.max_pixels));
  }
  ProfileHeader header;
  header.zoo = zoo.name;
  add_models(header, zoo);
  header.max_pixels = options.decode.max_pixels;
  std::vector<std::string_view> names(options.features.begin(), options.features.end());
  if (names.empty()) {
    for (const FeatureInfo& feature : feature_registry()) names.push_back(feature.name);
  }
  header.schema = make_schema(names, options.working_px);
  for (const std::string_view node : feature_nodes()) header.nodes.emplace_back(node);
  check_labels_from(header, options);
  header.labels_from = options.labels_from;
  // Sub-folders of images without labels are no classes.
  const bool own_labels = header.labels_from.empty();
  for (const std::vector<std::string>& labels :
       {zoo.label_names, own_labels ? data.label_names() : std::vector<std::string>{}}) {
    if (header.label_names.empty() && std::ssize(labels) == header.n_classes) header.label_names = labels;
  }
  if (own_labels && !options.times_only) header.label_mapping = data.label_mapping();
  header.times_only = options.times_only;
  header.timing = checked(options.timing);
  const auto n_data = static_cast<std::int64_t>(data.size());
  header.parts = {{data_fingerprint(data, header.n_classes, own_labels && !options.times_only), n_data,
                   options.shard, 0, shard_size(n_data, options.shard), data.perturbations()}};
  return header;
}

std::optional<std::string> model_difference(const ProfileHeader& found, const ProfileHeader& wanted) {
  if (found.models.size() != wanted.models.size())
    return differ("number of models", found.models.size(), wanted.models.size());
  for (std::size_t i = 0; i < found.models.size(); ++i) {
    if (auto text = difference(found.models[i], wanted.models[i])) return text;
    const std::string& recipe = found.recipes[static_cast<std::size_t>(found.models[i].recipe)];
    const std::string& other = wanted.recipes[static_cast<std::size_t>(wanted.models[i].recipe)];
    if (recipe != other) return differ("recipe", recipe, other);
  }
  if (found.n_classes != wanted.n_classes) return differ("classes", found.n_classes, wanted.n_classes);
  if (found.schema.features != wanted.schema.features)
    return differ("features", in_words(found.schema), in_words(wanted.schema));
  if (found.schema.working_px != wanted.schema.working_px)
    return differ("working size", found.schema.working_px, wanted.schema.working_px);
  if (found.nodes != wanted.nodes)
    return differ("feature nodes", fmt::to_string(fmt::join(found.nodes, " ")),
                  fmt::to_string(fmt::join(wanted.nodes, " ")));
  if (found.max_pixels != wanted.max_pixels)
    return differ("pixel limit", found.max_pixels, wanted.max_pixels);
  if (found.times_only != wanted.times_only) {
    const auto contents = [](const ProfileHeader& h) {
      return h.times_only ? "times alone" : "scores and times";
    };
    return differ("contents", contents(found), contents(wanted));
  }
  if (found.labels_from != wanted.labels_from) {
    const auto labels = [](const ProfileHeader& h) {
      return h.labels_from.empty() ? std::string("from the data set")
                                   : fmt::format("from model '{}'", h.labels_from);
    };
    return differ("labels", labels(found), labels(wanted));
  }
  const auto timing = [](const Timing& t) {
    return t.mode == TimingMode::kCheap ? std::string(to_string(t.mode))
                                        : fmt::format("{} (bound {:.3g}, {} to {} runs)", to_string(t.mode),
                                                      t.bound, t.min_runs, t.max_runs);
  };
  if (timing(found.timing) != timing(wanted.timing))
    return differ("timing", timing(found.timing), timing(wanted.timing));
  return std::nullopt;
}

std::optional<std::string> data_difference(const ProfileHeader& found, const ProfileHeader& wanted) {
  if (found.parts.size() != wanted.parts.size())
    return differ("data sets", found.parts.size(), wanted.parts.size());
  for (std::size_t i = 0; i < found.parts.size(); ++i) {
    const ProfilePart& a = found.parts[i];
    const ProfilePart& b = wanted.parts[i];
    if (a.perturbations != b.perturbations) {
      const auto list = [](const ProfilePart& part) {
        return part.perturbations.empty() ? std::string("none") : part.perturbations;
      };
      return differ("perturbations", list(a), list(b));
    }
    if (a.n_data != b.n_data) return differ("data: number of inputs", a.n_data, b.n_data);
    if (a.data != b.data) return differ("data: fingerprint of names and labels", a.data, b.data);
    if (a.shard.index != b.shard.index || a.shard.count != b.shard.count) {
      return differ("shard", fmt::format("{}/{}", a.shard.index, a.shard.count),
                    fmt::format("{}/{}", b.shard.index, b.shard.count));
    }
    if (a.first != b.first || a.n_inputs != b.n_inputs) return differ("inputs", a.n_inputs, b.n_inputs);
  }
  return std::nullopt;
}

}  // namespace triage
