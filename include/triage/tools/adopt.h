// Adding a user's own network to a zoo: its recipe is found by trying the usual ones on labelled images. Also
// measures how well the networks of a zoo do on labelled images.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <vector>

#include "triage/engine.h"
#include "triage/tools/dataset.h"
#include "triage/tools/table.h"
#include "triage/zoo.h"

namespace triage {

// One recipe that was tried.
struct RecipeTrial {
  Recipe input;
  int output_index = 0;
  std::int32_t label_offset = 0, label_tail = 0;
  std::size_t n_images = 0;      // in the last round that it took part in
  std::size_t n_not_finite = 0;  // of these, with NaN or infinity among the outputs; they count as wrong
  double top1_rate = 0;          // 0..1, of those
  double top5_rate = 0;          // 0..1, of those
  double reciprocal_rank = 0;    // mean of 1 / rank of the label; what recipes compete by
  double log_likelihood = 0;     // mean, of the label, natural, at equal mean confidence of all
  double mean_confidence = 0;    // mean probability of the best class
  bool is_tied = false;          // neither tells it from the best: which one was taken is chance
};

struct AdoptOptions {
  std::string name;         // empty: the first file's name without its extension
  std::size_t limit = 200;  // images in the last round
  std::uint64_t seed = 0;   // which images
  int size_px = 0;  // input side where the network leaves it open; 0: 224, or the images' own up to 96
  bool allow_chance = false;  // a recipe that is no better than guessing is no error
  std::stop_token stop = {};  // when asked to stop: throws kInterrupted
};

struct Adoption {
  ModelSpec model;                  // with the best recipe; paths as given
  std::vector<RecipeTrial> trials;  // all, the best first
  std::size_t n_failed = 0;         // images that could not be read
  double chance = 0;  // top-1 rate that needs no network: 1/classes, or the commonest label's share
  // Probability that the best of as many recipes does as well by guessing (binomial, Bonferroni).
  double p_value = 1;
  bool is_at_chance = false;  // that is above 1 %
  // The best recipe is far less often right than it is sure: labels in another order, other classes, or none
  // of the recipes that were tried.
  bool is_too_sure = false;
};

// Tries recipes on a network of one or two files: layout and size as its shape says, the usual means and
// scales, colour orders, crops, ways of resizing (for the best recipe, and only another than the usual one
// where that is shown to be better), outputs that may hold the classes, a background in front or at the end.
// Recipes that do worse on a few images are dropped early, before more images are spent on them. `zoo` gives
// the number of classes when it has models or labels. Throws kModel for networks that do not look like image
// classifiers, that give only NaN, and, unless allowed, when no recipe beats chance; kData for labels that
// are all the same. The message says what was found.
[[nodiscard]] Adoption adopt_model(
    std::span<const std::filesystem::path> files, const Zoo& zoo, Engine& engine, const Dataset& data,
    const AdoptOptions& options, const std::function<void(std::size_t done, std::size_t total)>& on_run = {});

struct JudgeOptions {
  std::size_t limit = SIZE_MAX;  // images, from the start
  std::stop_token stop = {};     // when asked to stop: throws kInterrupted
};

// How one network of a zoo did.
struct ModelScore {
  std::size_t n_images = 0;
  double top1_rate = 0;  // 0..1
  double top5_rate = 0;  // 0..1
  double mean_ms = 0;    // inference
  double mean_preprocess_ms = 0;
};
struct ModelScores {
  std::vector<ModelScore> models;  // as in the list that was asked for
  AtChance at_chance;              // positions in that list
  std::size_t n_failed = 0;        // images that could not be read
};
// Runs the given models of the zoo on labelled images, one pass over them.
[[nodiscard]] ModelScores judge_models(
    const Zoo& zoo, std::span<const ModelIndex> models, EngineSet& engines, const Dataset& data,
    const JudgeOptions& options,
    const std::function<void(std::size_t done, std::size_t total)>& on_image = {});

}  // namespace triage
