#include "adopt/recipe_search.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "preprocess/preprocess.h"
#include "triage/error.h"

namespace triage {
namespace {

constexpr std::size_t kFirstRound = 32;
constexpr std::size_t kSecondRound = 96;
constexpr std::size_t kFinalists = 4;
constexpr double kSameLikelihood = 2e-4, kMuchSurer = 0.3;  // differences of mean log likelihoods
constexpr double kMostSure = 0.9;

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

// Whether any picture has another size than the recipe makes of it.
bool is_resized(const Sample& sample, const Recipe& recipe) {
  return recipe.crop != Crop{} ||
         std::any_of(sample.images.begin(), sample.images.end(), [&](const Image& image) {
           return image.width != recipe.width || image.height != recipe.height;
         });
}

// How sure all recipes are taken to be when their likelihoods are compared: as the leader is right, but never
// so sure that nothing is left to tell them apart.
double equal_confidence(const CutRecord& leader, const ClassHead& head) {
  const double right = static_cast<double>(leader.top1) / static_cast<double>(leader.right.size());
  return std::clamp(right, std::min(kMostSure, 1.5 / head.n_classes({})), kMostSure);
}

}  // namespace

RecipeSearch::RecipeSearch(ModelSpec spec, std::vector<ClassHead> heads, const Sample& sample,
                           const AdoptOptions& options, const OnRun& on_run)
    : spec_(std::move(spec)),
      heads_(std::move(heads)),
      ranges_(heads_.size()),
      sample_(&sample),
      options_(&options),
      on_run_(&on_run) {}

void RecipeSearch::load(const Zoo& zoo, Engine& engine, const std::vector<Recipe>& shapes) {
  const PixelStatistics statistics = pixel_statistics(*sample_);
  std::string last_error;
  for (std::size_t head = 0; head < heads_.size(); ++head) {
    for (const Recipe& shape : shapes) {
      ModelSpec spec = spec_;
      spec.input = shape;
      spec.output.index = heads_[head].index;
      spec.output.n_classes = heads_[head].is_one_value() ? 2 : heads_[head].n_values;
      if (heads_[head].is_one_value()) spec.output.kind = OutputKind::kSigmoid;
      try {
        networks_.push_back(engine.load(zoo, spec));
      } catch (const Error& error) {
        if (error.code() != ErrorCode::kModel) throw;
        last_error = error.what();
        continue;
      }
      for (const Recipe& recipe : value_recipes(shape, statistics)) add(recipe, networks_.back().get(), head);
    }
  }
  if (networks_.empty()) throw Error(ErrorCode::kModel, last_error);
}

void RecipeSearch::run() {
  const std::size_t n = sample_->images.size();
  const std::size_t first = std::min(n, kFirstRound);
  const std::size_t second = std::min(n, kSecondRound);
  const std::size_t survivors = std::max(kFinalists, candidates_.size() / 3);
  const std::size_t left = std::min(survivors, candidates_.size());
  planned_ = candidates_.size() * first + left * (second - first) + left * second +
             std::min(kFinalists, 2 * left) * (n - second);
  advance(first);
  check_finite();
  keep(survivors);
  add_crops();
  advance(second);
  keep(kFinalists);
  advance(n);
  rank();
  try_resamplings(n);
}

// Of the best recipe and those tied with it alone, since ways of resizing change least.
void RecipeSearch::try_resamplings(std::size_t n) {
  std::vector<Recipe> left;
  std::vector<std::pair<Network*, std::size_t>> behind;  // network and head of each
  for (const Candidate& candidate : candidates_) {
    if ((&candidate != &candidates_.front() && !candidate.is_tied) || !is_resized(*sample_, candidate.recipe))
      continue;
    left.push_back(candidate.recipe);
    behind.emplace_back(candidate.network, candidate.head);
  }
  if (left.empty()) return;
  planned_ += left.size() * (all_resamplings().size() - 1) * n;
  for (std::size_t i = 0; i < left.size(); ++i) {
    for (const Resampling resampling : all_resamplings()) {
      left[i].resampling = resampling;
      add(left[i], behind[i].first, behind[i].second);
    }
  }
  advance(n);
  rank();
  prefer_usual_resampling();
}

// The usual way stays where no other is shown to be better: models with equal recipes share its cost.
void RecipeSearch::prefer_usual_resampling() {
  Recipe usual = candidates_.front().recipe;
  usual.resampling = Resampling::kBySize;
  const auto at = std::find_if(candidates_.begin(), candidates_.end(),
                               [&](const Candidate& candidate) { return candidate.recipe == usual; });
  if (at == candidates_.end() || !at->is_tied) return;
  std::rotate(candidates_.begin(), at, at + 1);
  mark_ties();
}

void RecipeSearch::add(const Recipe& recipe, Network* network, std::size_t head) {
  // Recipes that give the same tensor count once.
  for (const Candidate& candidate : candidates_) {
    if (candidate.network == network && recipe_key(candidate.recipe) == recipe_key(recipe)) return;
  }
  candidates_.push_back({recipe, network, head, n_added_++, TrialRecord(heads_[head].cuts.size())});
}

void RecipeSearch::add_crops() {
  const std::size_t n = candidates_.size();
  for (std::size_t i = 0; i < n; ++i) {
    Recipe recipe = candidates_[i].recipe;
    recipe.crop = kTriedCrop;
    add(recipe, candidates_[i].network, candidates_[i].head);
  }
}

// Runs every candidate on the images up to `n` that it has not seen.
void RecipeSearch::advance(std::size_t n) {
  for (Candidate& candidate : candidates_) {
    tensor_.resize(candidate.recipe.size_bytes());
    while (candidate.record.n_images() < n) {
      if (options_->stop.stop_requested()) {
        throw Error(ErrorCode::kInterrupted, "interrupted: nothing was written");
      }
      const std::size_t i = candidate.record.n_images();
      preprocess(sample_->images[i], candidate.recipe, tensor_);
      candidate.record.add(candidate.network->run(tensor_), sample_->labels[i], heads_[candidate.head],
                           ranges_[candidate.head]);
      if (*on_run_) (*on_run_)(++done_, planned_);
    }
  }
}

void RecipeSearch::check_finite() const {
  std::size_t n = 0;
  for (const Candidate& candidate : candidates_) {
    if (candidate.record.n_not_finite() < candidate.record.n_images()) return;
    n += candidate.record.n_images();
  }
  throw Error(ErrorCode::kModel,
              fmt::format("model '{}': gives NaN or infinity in all of {} runs, under {} recipes, expected "
                          "numbers; export it anew, in 32-bit floats if it has 16-bit ones",
                          spec_.name, n, candidates_.size()));
}

// Drops all but the best `n`; the dropped stay in the order of their last round, later rounds first.
void RecipeSearch::keep(std::size_t n) {
  rank();
  if (candidates_.size() <= n) return;
  const auto cut = candidates_.begin() + static_cast<std::ptrdiff_t>(n);
  dropped_.insert(dropped_.begin(), cut, candidates_.end());
  candidates_.erase(cut, candidates_.end());
}

// By the label's place. Those that are as often right as the first but for chance go by the label's
// likelihood, since right answers are few and a likelihood says how near each was, at equal confidence. Where
// that is the same, as of recipes that differ by contrast alone, the first stands first, unless another makes
// the network much surer of the labels.
void RecipeSearch::rank() {
  for (Candidate& candidate : candidates_)
    candidate.record.settle(heads_[candidate.head], ranges_[candidate.head]);
  const auto order = [](auto begin, auto end, auto score) {
    std::stable_sort(begin, end, [&](const Candidate& a, const Candidate& b) { return score(a) > score(b); });
  };
  const auto begin = candidates_.begin(), end = candidates_.end();
  order(begin, end, [](const Candidate& candidate) { return candidate.record.mean_reciprocal_rank(); });
  const CutRecord leader = candidates_.front().record.best();
  const double sure = equal_confidence(leader, heads_[candidates_.front().head]);
  for (Candidate& candidate : candidates_) {
    candidate.matched = candidate.record.matched(heads_[candidate.head], ranges_[candidate.head], sure);
  }
  const auto right = std::stable_partition(
      begin, end, [&](const Candidate& candidate) { return is_as_right(candidate.record.best(), leader); });
  order(begin, right, [](const Candidate& candidate) { return mean_of(candidate.matched); });
  const double least = mean_of(candidates_.front().matched) - kSameLikelihood;
  const auto same = std::find_if(
      begin, right, [&](const Candidate& candidate) { return mean_of(candidate.matched) < least; });
  const auto plain = [](const Candidate& candidate) {
    return mean_of(candidate.record.best().log_likelihood);
  };
  order(begin, same, plain);
  const double sure_enough = plain(candidates_.front()) - kMuchSurer;
  const auto unsure = std::stable_partition(
      begin, same, [&](const Candidate& candidate) { return plain(candidate) >= sure_enough; });
  std::sort(begin, unsure, [](const Candidate& a, const Candidate& b) { return a.place < b.place; });
  mark_ties();
}

void RecipeSearch::mark_ties() {
  const Candidate& best = candidates_.front();
  for (Candidate& candidate : candidates_) {
    candidate.is_tied = &candidate != &best && is_as_right(candidate.record.best(), best.record.best()) &&
                        is_as_likely(candidate.matched, best.matched);
  }
}

RecipeTrial RecipeSearch::trial(const Candidate& candidate) const {
  const CutRecord& best = candidate.record.best();
  const Cut cut = heads_[candidate.head].cuts[candidate.record.best_cut()];
  const auto n = static_cast<double>(candidate.record.n_images());
  RecipeTrial trial;
  trial.input = candidate.recipe;
  trial.output_index = heads_[candidate.head].index;
  trial.label_offset = cut.offset;
  trial.label_tail = cut.tail;
  trial.n_images = candidate.record.n_images();
  trial.n_not_finite = candidate.record.n_not_finite();
  trial.top1_rate = static_cast<double>(best.top1) / n;
  trial.top5_rate = static_cast<double>(best.top5) / n;
  trial.reciprocal_rank = best.reciprocal_rank / n;
  trial.log_likelihood = mean_of(candidate.matched);
  trial.mean_confidence = best.confidence / n;
  trial.is_tied = candidate.is_tied;
  return trial;
}

std::vector<RecipeTrial> RecipeSearch::trials() const {
  std::vector<RecipeTrial> trials;
  for (const Candidate& candidate : candidates_) trials.push_back(trial(candidate));
  for (const Candidate& candidate : dropped_) {
    trials.push_back(trial(candidate));
    trials.back().is_tied = false;  // not with the best of the last round
  }
  return trials;
}

OutputSpec RecipeSearch::best_output() const {
  const Candidate& best = candidates_.front();
  const ClassHead& head = heads_[best.head];
  return ranges_[best.head].reading(head, head.cuts[best.record.best_cut()]);
}

std::size_t RecipeSearch::n_tried() const {
  std::size_t n = 0;
  for (const auto* list : {&candidates_, &dropped_}) {
    for (const Candidate& candidate : *list) n += heads_[candidate.head].cuts.size();
  }
  return n;
}

}  // namespace triage
