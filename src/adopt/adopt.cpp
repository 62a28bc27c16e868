// The search for a network's recipe: successive halving over images. Every round runs the recipes that are
// left on more images than the round before; crops come in at the second, since they change little.
#include "triage/tools/adopt.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "adopt/candidates.h"
#include "adopt/image_sample.h"
#include "base/check.h"
#include "base/files.h"
#include "preprocess/preprocess.h"
#include "stats/binomial.h"
#include "triage/error.h"

namespace triage {
namespace {

constexpr double kMaxPValue = 0.01;
constexpr std::size_t kFirstRound = 32;
constexpr std::size_t kSecondRound = 96;
constexpr std::size_t kFinalists = 4;
constexpr double kLeastProbability = 1e-6;  // of a label, so that its logarithm is finite
constexpr int kOpenPx = 224;
constexpr int kSmallImagePx = 96;

PixelStatistics pixel_statistics(const Sample& sample) {
  std::array<double, 3> sum{}, squares{};
  double n = 0;
  for (const Image& image : sample.images) {
    const auto channels = static_cast<std::size_t>(image.channels);
    for (std::size_t i = 0; i < image.pixels.size(); ++i) {
      const double value = image.pixels[i];
      for (std::size_t c = channels == 1 ? 0 : i % 3; c < (channels == 1 ? 3 : i % 3 + 1); ++c) {
        sum[c] += value;
        squares[c] += value * value;
      }
    }
    n += static_cast<double>(image.width) * image.height;
  }
  PixelStatistics statistics;
  for (std::size_t c = 0; c < 3; ++c) {
    const double mean = sum[c] / n;
    const double deviation = std::sqrt(std::max(squares[c] / n - mean * mean, 1.0));
    // Two decimals: the mean of a few images is no more precise.
    statistics.mean[c] = static_cast<float>(std::round(mean * 100) / 100);
    statistics.deviation[c] = static_cast<float>(std::round(deviation * 100) / 100);
  }
  return statistics;
}

double log_softmax(std::span<const float> logits, std::size_t label) {
  const double largest = *std::max_element(logits.begin(), logits.end());
  double sum = 0;
  for (const float logit : logits) sum += std::exp(static_cast<double>(logit) - largest);
  return static_cast<double>(logits[label]) - largest - std::log(sum);
}

// A recipe in the race, with what it has shown so far for each label offset.
struct Candidate {
  Recipe recipe;
  Network* network = nullptr;
  std::size_t n_images = 0;
  struct Tally {
    std::size_t top1 = 0, top5 = 0;
    double reciprocal_rank = 0;
    // Log-likelihood of the labels, outputs being probabilities, or logits.
    double as_probabilities = 0, as_logits = 0;
  };
  std::vector<Tally> tallies;  // by offset
  bool in_unit_range = true;   // all outputs so far lie in [0, 1]
  float largest = 0;

  [[nodiscard]] std::size_t best_offset() const {
    const auto worse = [](const Tally& a, const Tally& b) { return a.reciprocal_rank < b.reciprocal_rank; };
    return static_cast<std::size_t>(std::max_element(tallies.begin(), tallies.end(), worse) -
                                    tallies.begin());
  }
  [[nodiscard]] double score() const {
    return n_images == 0 ? 0.0 : tallies[best_offset()].reciprocal_rank / static_cast<double>(n_images);
  }
  // Tells recipes apart that are right equally often: mean log-likelihood of the labels, to a hundredth, as
  // fed in the way that it was trained a network is surer of them. Nearly certain is certain: values that are
  // too large make any network so.
  [[nodiscard]] double likelihood() const {
    constexpr double kCertain = -0.01;
    if (n_images == 0) return 0;
    const Tally& tally = tallies[best_offset()];
    const double mean =
        (in_unit_range ? tally.as_probabilities : tally.as_logits) / static_cast<double>(n_images);
    return std::min(kCertain, std::round(mean * 100) / 100);
  }
  // Values of 0 to 255 as they are make almost any network certain, so they come last of those that are right
  // equally often.
  [[nodiscard]] bool is_scaled() const { return recipe.type == ElementType::kU8 || recipe.scale[0] != 1; }
};

class RecipeSearch {
 public:
  RecipeSearch(ModelSpec spec, ClassOutput output, const Sample& sample, const AdoptOptions& options,
               const std::function<void(std::size_t, std::size_t)>& on_run)
      : spec_(std::move(spec)),
        output_(std::move(output)),
        sample_(&sample),
        options_(&options),
        on_run_(&on_run) {}

  // Loads the network once for each shape: mean, scale, colour and crop do not change what the network takes.
  void load(const Zoo& zoo, Engine& engine, const std::vector<Recipe>& shapes) {
    std::string last_error;
    for (const Recipe& shape : shapes) {
      ModelSpec spec = spec_;
      spec.input = shape;
      spec.output.index = output_.index;
      spec.output.n_classes = output_.n_values;
      try {
        networks_.push_back(engine.load(zoo, spec));
      } catch (const Error& error) {
        if (error.code() != ErrorCode::kModel) throw;
        last_error = error.what();
        continue;
      }
      const PixelStatistics statistics = pixel_statistics(*sample_);
      for (const Recipe& recipe : value_recipes(shape, statistics)) add(recipe, networks_.back().get());
    }
    if (networks_.empty()) throw Error(ErrorCode::kModel, last_error);
  }

  void run() {
    const std::size_t n = sample_->images.size();
    const std::size_t first = std::min(n, kFirstRound);
    const std::size_t second = std::min(n, kSecondRound);
    const std::size_t survivors = std::max(kFinalists, candidates_.size() / 3);
    const std::size_t left = std::min(survivors, candidates_.size());
    planned_ = candidates_.size() * first + left * (second - first) + left * second +
               std::min(kFinalists, 2 * left) * (n - second);
    advance(first);
    keep(survivors);
    add_crops();
    advance(second);
    keep(kFinalists);
    advance(n);
    rank();
  }

  [[nodiscard]] std::vector<RecipeTrial> trials() const {
    std::vector<RecipeTrial> trials;
    for (const auto* list : {&candidates_, &dropped_}) {
      for (const Candidate& candidate : *list) {
        const std::size_t offset = candidate.best_offset();
        const Candidate::Tally& tally = candidate.tallies[offset];
        const auto n = static_cast<double>(candidate.n_images);
        trials.push_back({candidate.recipe, output_.offsets[offset], candidate.n_images,
                          static_cast<double>(tally.top1) / n, static_cast<double>(tally.top5) / n,
                          tally.reciprocal_rank / n});
      }
    }
    return trials;
  }
  [[nodiscard]] const Candidate& best() const { return candidates_.front(); }
  [[nodiscard]] std::size_t n_tried() const {
    return (candidates_.size() + dropped_.size()) * output_.offsets.size();
  }

 private:
  void add(const Recipe& recipe, Network* network) {
    // Recipes that give the same tensor count once.
    for (const Candidate& candidate : candidates_) {
      if (candidate.network == network && recipe_key(candidate.recipe) == recipe_key(recipe)) return;
    }
    Candidate candidate;
    candidate.recipe = recipe;
    candidate.network = network;
    candidate.tallies.resize(output_.offsets.size());
    candidates_.push_back(std::move(candidate));
  }

  void add_crops() {
    const std::size_t n = candidates_.size();
    for (std::size_t i = 0; i < n; ++i) {
      Recipe recipe = candidates_[i].recipe;
      recipe.crop.fraction = 0.875;
      add(recipe, candidates_[i].network);
    }
  }

  // Runs every candidate on the images up to `n` that it has not seen.
  void advance(std::size_t n) {
    for (Candidate& candidate : candidates_) {
      tensor_.resize(candidate.recipe.size_bytes());
      for (; candidate.n_images < n; ++candidate.n_images) {
        if (options_->stop.stop_requested()) {
          throw Error(ErrorCode::kInterrupted, "interrupted: nothing was written");
        }
        look(candidate, candidate.n_images);
        if (*on_run_) (*on_run_)(++done_, planned_);
      }
    }
  }

  void look(Candidate& candidate, std::size_t i) {
    preprocess(sample_->images[i], candidate.recipe, tensor_);
    const std::span<const float> raw = candidate.network->run(tensor_);
    for (const float value : raw) {
      candidate.in_unit_range = candidate.in_unit_range && value >= 0.0F && value <= 1.001F;
      candidate.largest = std::max(candidate.largest, value);
    }
    // NaN compares false with everything, so such an output would rank first.
    if (std::any_of(raw.begin(), raw.end(), [](float value) { return std::isnan(value); })) return;
    for (std::size_t o = 0; o < output_.offsets.size(); ++o) {
      const std::int32_t rank =
          rank_of(raw.subspan(static_cast<std::size_t>(output_.offsets[o])), sample_->labels[i]);
      Candidate::Tally& tally = candidate.tallies[o];
      tally.top1 += rank <= 1;
      tally.top5 += rank <= 5;
      tally.reciprocal_rank += 1.0 / rank;
      const std::span<const float> classes = raw.subspan(static_cast<std::size_t>(output_.offsets[o]));
      const auto label = static_cast<std::size_t>(sample_->labels[i]);
      tally.as_probabilities += std::log(std::max(static_cast<double>(classes[label]), kLeastProbability));
      tally.as_logits += log_softmax(classes, label);
    }
  }

  // Drops all but the best `n`; the dropped stay in the order of their last round, later rounds first.
  void keep(std::size_t n) {
    rank();
    if (candidates_.size() <= n) return;
    const auto cut = candidates_.begin() + static_cast<std::ptrdiff_t>(n);
    dropped_.insert(dropped_.begin(), cut, candidates_.end());
    candidates_.erase(cut, candidates_.end());
  }

  void rank() {
    std::stable_sort(candidates_.begin(), candidates_.end(), [](const Candidate& a, const Candidate& b) {
      if (a.score() != b.score()) return a.score() > b.score();
      if (a.is_scaled() != b.is_scaled()) return a.is_scaled();
      return a.likelihood() > b.likelihood();
    });
  }

  ModelSpec spec_;
  ClassOutput output_;
  const Sample* sample_;
  const AdoptOptions* options_;
  const std::function<void(std::size_t, std::size_t)>* on_run_;
  std::vector<std::unique_ptr<Network>> networks_;
  std::vector<Candidate> candidates_;
  std::vector<Candidate> dropped_;
  std::vector<std::byte> tensor_;
  std::size_t done_ = 0;
  std::size_t planned_ = 0;
};

std::optional<std::int32_t> known_classes(const Zoo& zoo, const Dataset& data) {
  if (!zoo.label_names.empty()) return static_cast<std::int32_t>(zoo.label_names.size());
  for (const ModelSpec& model : zoo.models) {
    if (model.role == Role::kClassifier) return model.output.n_classes;
  }
  if (const std::size_t n = data.label_names().size(); n > 0) return static_cast<std::int32_t>(n);
  return {};
}

// The share of the commonest label, or 1/classes when that is more: what guessing reaches.
double chance_rate(const Sample& sample, std::int32_t n_classes) {
  std::map<Label, std::size_t> counts;
  std::size_t most = 0;
  for (const Label label : sample.labels) most = std::max(most, ++counts[label]);
  return std::max(static_cast<double>(most) / static_cast<double>(sample.labels.size()), 1.0 / n_classes);
}

int open_size(const AdoptOptions& options, const Sample& sample) {
  if (options.size_px > 0) return options.size_px;
  const Image& image = sample.images.front();
  return std::max(image.width, image.height) <= kSmallImagePx ? std::max(image.width, image.height) : kOpenPx;
}

// The kind of output is inferred from the values seen; 8-bit ones are a softmax in units of 1/256.
OutputSpec output_spec(const Candidate& best, const ClassOutput& output, std::int32_t offset, bool is_u8) {
  OutputSpec spec;
  spec.index = output.index;
  spec.label_offset = offset;
  spec.n_classes = output.n_values - offset;
  if (is_u8) spec.scale = 1.0F / 256;
  spec.kind = is_u8 || best.in_unit_range ? OutputKind::kProbabilities : OutputKind::kLogits;
  return spec;
}

void check_beats_chance(const Adoption& adoption, const std::string& owner) {
  if (adoption.p_value <= kMaxPValue) return;
  const RecipeTrial& best = adoption.trials.front();
  throw Error(
      ErrorCode::kModel,
      fmt::format("{}: the best of {} recipes is right on {:.1f} % of {} images, expected clearly more "
                  "than the {:.1f} % of guessing; check that the labels are the network's, or write its "
                  "manifest entry by hand",
                  owner, adoption.trials.size(), 100 * best.top1_rate, best.n_images, 100 * adoption.chance));
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
  ModelShapes shapes = engine.inspect(files[0]);
  if (files.size() == 2) {
    const ModelShapes last = engine.inspect(files[1]);
    shapes.outputs = last.outputs;
    shapes.output_types = last.output_types;
  }
  const Sample sample = draw_sample(data, options.limit, options.seed);
  adoption.n_failed = sample.n_failed;
  const Label max_label = *std::max_element(sample.labels.begin(), sample.labels.end());
  const ClassOutput output = class_output(shapes, known_classes(zoo, data), max_label, owner);

  RecipeSearch search(model, output, sample, options, on_run);
  search.load(zoo, engine, input_shapes(shapes, open_size(options, sample), owner));
  search.run();
  adoption.trials = search.trials();

  const RecipeTrial& best = adoption.trials.front();
  model.input = best.input;
  const bool is_u8 = shapes.output_types[static_cast<std::size_t>(output.index)] == "u8";
  model.output = output_spec(search.best(), output, best.label_offset, is_u8);
  adoption.chance = chance_rate(sample, model.output.n_classes);
  const auto right =
      static_cast<std::size_t>(std::llround(best.top1_rate * static_cast<double>(best.n_images)));
  adoption.p_value = std::min(
      1.0, static_cast<double>(search.n_tried()) * binomial_tail(right, best.n_images, adoption.chance));
  check_beats_chance(adoption, owner);
  return adoption;
}

}  // namespace triage
