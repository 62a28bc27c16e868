// A policy and a single model, live on images as they are and perturbed.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "base/hash.h"
#include "base/stop.h"
#include "data/readable.h"
#include "preprocess/needed_extent.h"
#include "profile/picture_hash.h"
#include "runtime/serving.h"
#include "stats/bootstrap.h"
#include "stats/mean.h"
#include "triage/error.h"
#include "triage/tools/perturb.h"

namespace triage {
namespace {

// What one of the two did on one input.
struct Reaction {
  std::vector<ModelIndex> looks;
  Label answer = kNoLabel;
  int score = 0;
};

Reaction reaction_of(const TopK& answer, Label label, Criterion criterion) {
  const int rank = answer.rank(label).value_or(0);
  return {{}, answer.best(), score_of_rank(rank, criterion) > 0 ? 1 : 0};
}

// Runs both on an input after the other.
class Subjects {
 public:
  Subjects(const std::shared_ptr<const Policy>& policy, const std::shared_ptr<Runtime>& runtime,
           ModelIndex single, const PerturbOptions& options)
      : serving_(policy, runtime),
        policy_backend_(serving_.borrow()),
        single_backend_(runtime->pool(), {single}, no_features_, runtime->clock()),
        options_(&options) {}

  // The policy's reaction, and the single model's. Pictures are resized as the recipes say where nothing is
  // given.
  std::array<Reaction, 2> react(const Image& image, Label label, std::optional<Resampling> resampling) {
    policy_backend_->begin(image, resampling);
    drive(*serving_.policy(), *policy_backend_, serving_.runtime()->clock(), result_, options_->request);
    Reaction chosen = reaction_of(result_.answer, label, options_->criterion);
    for (const Look& look : result_.looks) chosen.looks.push_back(look.model);
    single_backend_.begin(image, resampling);
    return {std::move(chosen), reaction_of(single_backend_.run(0).output, label, options_->criterion)};
  }

 private:
  FeatureSchema no_features_;
  Serving serving_;
  std::unique_ptr<LiveBackend> policy_backend_;
  LiveBackend single_backend_;
  const PerturbOptions* options_;
  Result result_;
};

// Adds up what one perturbation does.
class EffectCount {
 public:
  void add(const std::array<Reaction, 2>& before, const std::array<Reaction, 2>& after) {
    same_looks_ += before[0].looks == after[0].looks ? 1 : 0;
    for (std::size_t i = 0; i < 2; ++i) {
      losses_[i].push_back(before[i].score - after[i].score);
      same_answers_[i] += before[i].answer == after[i].answer ? 1 : 0;
      score_[i] += before[i].score;
    }
  }

  [[nodiscard]] PerturbationEffect effect(const Perturbation& perturbation,
                                          const PerturbOptions& options) const {
    const std::size_t n = losses_[0].size();
    PerturbationEffect effect;
    effect.perturbation = perturbation;
    effect.inputs = n;
    effect.same_looks = same_looks_;
    if (n == 0) return effect;
    const std::vector<double> resampled = bootstrap_means(losses_, options.resamples, options.seed);
    const std::array means{mean(losses_[0]), mean(losses_[1])};
    const auto estimate = [&](auto figure) {
      return Estimate{figure(means), bootstrap_interval(resampled, 2, figure)};
    };
    using Means = std::span<const double>;
    effect.policy = change(0, estimate([](Means m) { return m[0]; }));
    effect.single = change(1, estimate([](Means m) { return m[1]; }));
    effect.extra_loss = estimate([](Means m) { return m[0] - m[1]; });
    return effect;
  }

 private:
  [[nodiscard]] AnswerChange change(std::size_t i, const Estimate& loss) const {
    const double before = static_cast<double>(score_[i]) / static_cast<double>(losses_[i].size());
    return {same_answers_[i], before, before - loss.value, loss};
  }

  std::array<std::vector<double>, 2> losses_;  // by input
  std::array<std::size_t, 2> same_answers_{};
  std::array<int, 2> score_{};
  std::size_t same_looks_ = 0;
};

// Time decides otherwise from run to run, so no difference could be told from chance.
void check_perturb_options(const PerturbOptions& options) {
  const Request& request = options.request;
  if (!std::isinf(request.max_latency_ms) || request.deadline_ns != kNoDeadline) {
    throw Error(ErrorCode::kUsage,
                "max_latency_ms: given with perturbations, expected no cap on time, which decides otherwise "
                "from run to run; leave it out");
  }
  if (options.perturbations.empty()) {
    throw Error(ErrorCode::kUsage, "perturbations: none, expected at least one, such as jpeg:75");
  }
  if (options.resamples < 0) {
    throw Error(ErrorCode::kUsage, fmt::format("resamples: {}, expected 0 or more", options.resamples));
  }
}

// Position in the zoo of the single model.
ModelIndex find_single(const PolicyInfo& info, const Zoo& zoo, const std::string& asked) {
  const std::string& name = asked.empty() ? info.best.name : asked;
  const ModelIndex found = zoo.find(name);
  const bool is_classifier =
      found != kNoModel && zoo.models[static_cast<std::size_t>(found)].role == Role::kClassifier;
  if (!asked.empty() && !is_classifier) {
    throw Error(ErrorCode::kUsage,
                fmt::format("`versus`: '{}', expected a model of the zoo; see 'triage zoo list'", asked));
  }
  if (!is_classifier) {
    throw Error(ErrorCode::kPolicy,
                fmt::format("perturbations: '{}', the best single model where the policy was trained, is not "
                            "in zoo '{}', expected it there to compare with; name another model as `versus`",
                            name, zoo.name));
  }
  return found;
}

// By its picture, as ids are file names, which repeat from folder to folder; by its id where training kept
// no pictures.
bool was_seen(const TrainingFacts& training, const Dataset& data, std::size_t i, const Image& image,
              const DecodeOptions& decode) {
  const bool has_pictures = training.input_hashes.size() > training.inputs;
  if (!has_pictures) return training.has_input(hash64(0, data.id(i)));
  const Extent size = image.original_size();
  return training.has_input(
      picture_hash(hash_input(data, i, image, decode), size.width, size.height, image.channels));
}

void add_reactions(Subjects& subjects, const Image& image, Label label, const PerturbOptions& options,
                   std::vector<EffectCount>& counts) {
  const auto before = subjects.react(image, label, std::nullopt);
  for (std::size_t p = 0; p < counts.size(); ++p) {
    throw_if_stopped(options.stop, "perturbations");
    const Perturbation& perturbation = options.perturbations[p];
    const auto resampling = perturbation.kind == PerturbationKind::kResample
                                ? std::optional(perturbation.resampling)
                                : std::nullopt;
    if (resampling) {
      counts[p].add(before, subjects.react(image, label, resampling));
    } else if (const auto perturbed = perturb(image, perturbation)) {
      counts[p].add(before, subjects.react(*perturbed, label, std::nullopt));
    }
  }
}

}  // namespace

PerturbationStudy study_perturbations(const std::shared_ptr<const Policy>& policy,
                                      const std::shared_ptr<Runtime>& runtime, const Dataset& data,
                                      const PerturbOptions& options) {
  check_perturb_options(options);
  check_request(*policy, options.request);
  const ModelIndex single = find_single(policy->info(), runtime->zoo(), options.versus);
  const DecodeOptions decode =
      decode_options_for(runtime->zoo(), policy->info().schema.working_px, options.decode);
  Subjects subjects(policy, runtime, single, options);
  PerturbationStudy study;
  study.kind = policy->kind();
  study.versus = runtime->zoo().models[static_cast<std::size_t>(single)].name;
  study.criterion = options.criterion;
  std::vector<EffectCount> counts(options.perturbations.size());
  for (std::size_t i = 0; i < data.size(); ++i) {
    throw_if_stopped(options.stop, "perturbations");
    const auto image = load_readable(data, i, decode);
    if (!image) {
      ++study.n_failed;
    } else if (was_seen(policy->info().training, data, i, *image, decode)) {
      ++study.n_seen;
    } else {
      ++study.inputs;
      add_reactions(subjects, *image, data.label(i), options, counts);
    }
    if (options.on_image) options.on_image(i + 1, data.size());
  }
  if (study.inputs == 0) {
    throw Error(ErrorCode::kData,
                fmt::format("perturbations: of {} images {} were trained on and {} could not be read, "
                            "expected others; give images that the policy was not trained on",
                            data.size(), study.n_seen, study.n_failed));
  }
  for (std::size_t p = 0; p < counts.size(); ++p) {
    study.effects.push_back(counts[p].effect(options.perturbations[p], options));
  }
  return study;
}

}  // namespace triage
