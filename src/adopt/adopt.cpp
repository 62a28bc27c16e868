// Adopts a network: its shapes, the recipes that they allow, the best of them, and how sure that is.
#include "triage/tools/adopt.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "adopt/candidates.h"
#include "adopt/image_sample.h"
#include "adopt/recipe_search.h"
#include "base/check.h"
#include "base/files.h"
#include "preprocess/needed_extent.h"
#include "stats/binomial.h"
#include "stats/chance.h"
#include "stats/intervals.h"
#include "triage/error.h"

namespace triage {
namespace {

constexpr double kMaxPValue = 0.01;
constexpr int kOpenPx = 224;
constexpr int kSmallImagePx = 96;
constexpr double kLimitError = 0.05;
constexpr double kTooSure = 0.15;  // confidence above the upper limit of the share that is right

std::optional<std::int32_t> known_classes(const Zoo& zoo, const Dataset& data) {
  if (!zoo.label_names.empty()) return static_cast<std::int32_t>(zoo.label_names.size());
  for (const ModelSpec& model : zoo.models) {
    if (model.role == Role::kClassifier) return model.output.n_classes;
  }
  if (const std::size_t n = data.label_names().size(); n > 0) return static_cast<std::int32_t>(n);
  return {};
}

int open_size(const AdoptOptions& options, const Sample& sample) {
  if (options.size_px > 0) return options.size_px;
  const Extent size = sample.images.front().original_size();
  return std::max(size.width, size.height) <= kSmallImagePx ? std::max(size.width, size.height) : kOpenPx;
}

// Enough for every recipe that may be tried, and for the models that the zoo has.
DecodeOptions decode_options_of(const Zoo& zoo, const ModelShapes& shapes, const AdoptOptions& options,
                                const std::string& owner) {
  DecodeOptions decode = decode_options_for(zoo, kOpenPx, {});
  for (Recipe recipe : input_shapes(shapes, std::max(options.size_px, kOpenPx), owner)) {
    recipe.crop = kTriedCrop;
    decode.needed = larger_of(decode.needed, needed_extent(recipe));
  }
  return decode;
}

ModelShapes shapes_of(std::span<const std::filesystem::path> files, Engine& engine) {
  ModelShapes shapes = engine.inspect(files[0]);
  if (files.size() == 1) return shapes;
  ModelShapes last = engine.inspect(files[1]);
  shapes.outputs = std::move(last.outputs);
  shapes.output_names = std::move(last.output_names);
  shapes.output_types = std::move(last.output_types);
  return shapes;
}

Label checked_max_label(const Sample& sample) {
  const auto [least, most] = std::minmax_element(sample.labels.begin(), sample.labels.end());
  if (*least != *most) return *most;
  throw Error(ErrorCode::kData,
              fmt::format("data: all of {} images are of class {}, expected several classes; a network that "
                          "always answers the same would do as well",
                          sample.labels.size(), *most));
}

// Fills in what guessing would reach and whether the best recipe is trustworthy.
void judge(Adoption& adoption, const Sample& sample, std::size_t n_tried) {
  const RecipeTrial& best = adoption.trials.front();
  adoption.chance = chance_rate(sample.labels, adoption.model.output.n_classes);
  const auto right =
      static_cast<std::size_t>(std::llround(best.top1_rate * static_cast<double>(best.n_images)));
  adoption.p_value =
      std::min(1.0, static_cast<double>(n_tried) * binomial_tail(right, best.n_images, adoption.chance));
  adoption.is_at_chance = adoption.p_value > kMaxPValue;
  adoption.is_too_sure = best.mean_confidence > upper_share(right, best.n_images, kLimitError) + kTooSure;
}

void refuse_chance(const Adoption& adoption, const std::string& owner) {
  const RecipeTrial& best = adoption.trials.front();
  throw Error(
      ErrorCode::kModel,
      fmt::format(
          "{}: the best of {} recipes is right on {:.1f} % of {} images{}, expected clearly more than "
          "the {:.1f} % of guessing; check that labels count from 0 in the network's order of classes and "
          "that the classes are its own, or take the recipe as a guess with allow_chance",
          owner, adoption.trials.size(), 100 * best.top1_rate, best.n_images,
          adoption.is_too_sure ? fmt::format(", {:.0f} % sure of itself", 100 * best.mean_confidence) : "",
          100 * adoption.chance));
}

}  // namespace

Adoption adopt_model(std::span<const std::filesystem::path> files, const Zoo& zoo, Engine& engine,
                     const Dataset& data, const AdoptOptions& options,
                     const std::function<void(std::size_t, std::size_t)>& on_run) {
  TRIAGE_CHECK(!files.empty() && files.size() <= 2 && options.limit > 0);
  Adoption adoption;
  ModelSpec& model = adoption.model;
  model.name = options.name.empty() ? files[0].stem().string() : options.name;
  for (const std::filesystem::path& file : files) {
    model.files.push_back({absolute_path(file), model_checksum(file)});
  }
  const std::string owner = fmt::format("model '{}'", model.name);
  const ModelShapes shapes = shapes_of(files, engine);
  const Sample sample =
      draw_sample(data, options.limit, options.seed, decode_options_of(zoo, shapes, options, owner));
  adoption.n_failed = sample.n_failed;
  const std::vector<Recipe> inputs = input_shapes(shapes, open_size(options, sample), owner);
  RecipeSearch search(model, class_heads(shapes, known_classes(zoo, data), checked_max_label(sample), owner),
                      sample, options, on_run);
  search.load(zoo, engine, inputs);
  search.run();
  adoption.trials = search.trials();
  model.input = adoption.trials.front().input;
  model.output = search.best_output();
  judge(adoption, sample, search.n_tried());
  if (adoption.is_at_chance && !options.allow_chance) refuse_chance(adoption, owner);
  return adoption;
}

}  // namespace triage
