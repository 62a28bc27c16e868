#include "report/method_names.h"

#include <fmt/format.h>

#include <algorithm>

#include "learn/premodel/train_selector.h"
#include "triage/tools/report.h"
#include "triage/tools/train_forests.h"

namespace triage {
namespace {

// For the kinds that occur at most once.
const char* kind_name(MethodKind kind) {
  switch (kind) {
    case MethodKind::kSbs:
      return "SBS";
    case MethodKind::kCheapestEqual:
      return "cheapest equal";
    case MethodKind::kVbs:
      return "VBS (oracle)";
    case MethodKind::kRandom:
      return "random";
    case MethodKind::kBound:
      return "perfect chain";
    case MethodKind::kShuffled:
      return "shuffled features";
    case MethodKind::kMajority:
      return "majority class";
    case MethodKind::kFirstModel:
      return "always Model-1";
    case MethodKind::kCascadeRouting:
      return "cascade routing";
    default:
      return to_string(kind);
  }
}

std::string about_premodel(const PremodelOptions& options) {
  const bool chain = options.kind.find('.') != std::string::npos;
  std::string labels = options.label == PremodelLabel::kCorrect ? ", taught which models are correct" : "";
  if (options.weights == VoteWeights::kDistance) labels += ", neighbours voting by 1 / distance";
  if (options.kind == kPaperPremodel) return "the paper's chain of KNN stages over image features" + labels;
  if (options.kind == kNetworkPremodel) return "a network that looks at the image, one trained for each fold";
  return fmt::format("{} {} over image features{}", chain ? "the chain" : "one chooser", options.kind,
                     labels);
}

const char* about_learner(ForestsLearner learner) {
  switch (learner) {
    case ForestsLearner::kSeven:
      break;
    case ForestsLearner::kPairwise:
      return "as forests, by a cost-sensitive forest for each pair of models, which vote";
    case ForestsLearner::kNearest:
      return "as forests, by the mean over the nearest training inputs";
    case ForestsLearner::kBoostedRegression:
      return "as forests, by boosted trees that predict what is lost with a model, for each model apart";
    case ForestsLearner::kBoostedClassification:
      return "as forests, by boosted trees that say whether a model is nearly the best, for each model apart";
  }
  return "";
}

const char* about_kind(MethodKind kind) {
  switch (kind) {
    case MethodKind::kSingle:
      return "this model on every input";
    case MethodKind::kSbs:
      return "single best model, the one with the best mean score on the training inputs";
    case MethodKind::kCheapestEqual:
      return "the cheapest model that is no worse than SBS within noise, on the training inputs";
    case MethodKind::kVbs:
      return "always the optimum model, the cheapest one where none is right; not attainable";
    case MethodKind::kRandom:
      return "any model with equal chances";
    case MethodKind::kBound:
      return "the premodel's chain were it never wrong and free of cost; not attainable";
    case MethodKind::kShuffled:
      return "the same premodel, its features shuffled among the training inputs";
    case MethodKind::kMajority:
      return "every stage gives its more frequent answer, without any features";
    case MethodKind::kFirstModel:
      return "the first model of Algorithm 1 on every input";
    case MethodKind::kCascade:
      return "up to three models in order, each accepted when confident enough";
    case MethodKind::kCascadeRouting:
      return "after each look: run what adds the most expected quality for its price, of any further models";
    case MethodKind::kForests:
      return "before anything runs, seven forests predict from the features what is lost with each model";
    case MethodKind::kLadder:
      return "after each look: stop, or go on when features, votes and signals promise more than it costs";
    case MethodKind::kAdaptive:
      return "after each look: stop, or go on when the expected gain is worth its price; looks are combined";
    default:
      return "";
  }
}

}  // namespace

std::string method_name(const Evaluation& evaluation, MethodId method) {
  const auto index = static_cast<std::size_t>(method.index);
  switch (method.kind) {
    case MethodKind::kSingle:
      return evaluation.models[index];
    case MethodKind::kPremodel:
      return index == 0 ? "premodel" : evaluation.premodels[index].name;
    case MethodKind::kExactCascade:
      return fmt::format("cascade of {}", method.index);
    case MethodKind::kLearner:
      return std::string(to_string(static_cast<ForestsLearner>(method.index)));
    case MethodKind::kPolicy:
      return evaluation.policies[index].name;
    default:
      return kind_name(method.kind);
  }
}

std::string auto_kinds(const Evaluation& evaluation) {
  auto kinds = evaluation.auto_kinds;
  std::stable_sort(kinds.begin(), kinds.end(),
                   [](const auto& a, const auto& b) { return a.second > b.second; });
  std::string text;
  for (const auto& [kind, folds] : kinds) {
    text += fmt::format("{}{} in {} fold{}", text.empty() ? "" : ", ", to_string(kind), folds,
                        folds == 1 ? "" : "s");
  }
  return text;
}

std::string method_phrase(const Evaluation& evaluation, MethodId method) {
  if (method.kind == MethodKind::kAuto) return "what training chooses by itself";
  const std::string name = method_name(evaluation, method);
  return method.kind == MethodKind::kPolicy ? "the " + name : fmt::format("the {} policy", name);
}

std::string method_about(const Evaluation& evaluation, MethodId method) {
  const auto index = static_cast<std::size_t>(method.index);
  switch (method.kind) {
    case MethodKind::kPremodel:
      return about_premodel(evaluation.premodels[index].options);
    case MethodKind::kExactCascade:
      return fmt::format("the strongest cascade of exactly {} models, chosen as the cascade is",
                         method.index);
    case MethodKind::kLearner:
      return about_learner(static_cast<ForestsLearner>(method.index));
    case MethodKind::kAuto:
      return fmt::format("what training chooses by itself in each fold: {}", auto_kinds(evaluation));
    case MethodKind::kVbs:
      // Of scores of a table's own there is always a best.
      return evaluation.terms.score.empty() ? about_kind(method.kind)
                                            : "always the optimum model; not attainable";
    case MethodKind::kPolicy:
      return fmt::format("finished {} policy", evaluation.policies[index].kind);
    default:
      return about_kind(method.kind);
  }
}

std::string frontier_name(const Frontier& frontier) {
  if (!frontier.method) return "zero router";
  if (frontier.method->kind == MethodKind::kLearner) {
    return std::string(to_string(static_cast<ForestsLearner>(frontier.method->index)));
  }
  return frontier.method->kind == MethodKind::kCascade ? "cascades" : kind_name(frontier.method->kind);
}

bool is_reserved_name(std::string_view name) {
  for (const MethodKind kind :
       {MethodKind::kSbs, MethodKind::kCheapestEqual, MethodKind::kVbs, MethodKind::kRandom}) {
    if (name == kind_name(kind)) return true;
  }
  return false;
}

}  // namespace triage
