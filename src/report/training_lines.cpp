// What a policy was trained on and how, in words.
#include <fmt/format.h>

#include "calibrate/setting_losses.h"
#include "triage/tools/report.h"
#include "triage/tools/table.h"

namespace triage {
namespace {

class Lines {
 public:
  explicit Lines(const Policy& policy) : policy_(&policy), info_(&policy.info()) {}

  std::vector<TrainingLine> take() {
    const TrainingFacts& facts = info_->training;
    if (facts.inputs > 0) add("inputs", std::to_string(facts.inputs));
    if (!facts.inputs_hash.empty()) add("inputs_hash", facts.inputs_hash);
    add("criterion", std::string(to_string(info_->criterion)));
    if (!facts.labels_from.empty()) add("labels", describe_labels(facts.labels_from));
    std::visit([&](const auto& details) { add_details(details); }, facts.details);
    // A premodel's stand among its options.
    if (!std::holds_alternative<PremodelFacts>(facts.details)) add_notes();
    return std::move(lines_);
  }

 private:
  void add(std::string key, std::string value) { lines_.emplace_back(std::move(key), std::move(value)); }
  void add_notes() {
    lines_.insert(lines_.end(), info_->training.notes.begin(), info_->training.notes.end());
  }

  void add_details(std::monostate) {}
  void add_details(const CascadeFacts& facts) {
    add("aim",
        facts.price
            ? fmt::format("most score at a price of {} {}", *facts.price, per_unit(facts.unit))
            : fmt::format("least {} at a score of at least {:.4f}{}", to_string(facts.unit), facts.wanted,
                          facts.reached ? "" : ", which no cascade reaches: the best score instead"));
    add("score in training", fmt::format("{:.4f}", facts.score));
    add(fmt::format("{} in training", unit_name(facts.unit)), format_figure(facts.cost));
  }
  void add_details(const AdaptiveFacts& facts) {
    const Certificate* certificate = policy_->certificate();
    add("aim", certificate != nullptr
                   ? fmt::format("least {} at {}, certified on {} inputs", to_string(policy_->price_unit()),
                                 promise_of(*certificate), certificate->inputs)
                   : adaptive_aim(facts));
    if (policy_->default_setting())
      add_setting(policy_->price_settings()[*policy_->default_setting()], facts);
    add("orders tried", std::to_string(facts.orders_tried));
    if (info_->training.seed) add("seed", std::to_string(*info_->training.seed));
  }
  void add_setting(const PriceSetting& setting, const AdaptiveFacts& facts) {
    const CostWeights unit = policy_->price_unit();
    add("order", order_names(*info_, policy_->look_order({})));
    add("price", fmt::format("{:.4g} {}", setting.price, per_unit(unit)));
    std::string score = fmt::format("{:.4f} by inner cross-validation", setting.score);
    if (policy_->certificate() == nullptr) {  // else the setting may not be the one that training chose
      score += fmt::format(
          ", {:+.2f} points (standard error {:.2f}) against the single best model of each inner fold",
          100 * facts.gain, 100 * facts.gain_error);
    }
    add("expected score", std::move(score));
    add(fmt::format("expected {}", unit_name(unit)), format_figure(setting.cost));
  }
  void add_details(const RoutingFacts& facts) {
    add("aim", fmt::format("least {} at a score of at least {:.4f}{}", to_string(facts.unit), facts.wanted,
                           facts.reached ? "" : ", which is not reached: the best score instead"));
    add("expected score", fmt::format("{:.4f}, by inner cross-validation", facts.score));
    add(fmt::format("expected {}", unit_name(facts.unit)), format_figure(facts.cost));
    add("searched",
        fmt::format("{} settings; estimates from {} inputs", facts.settings_searched, facts.estimated_on));
  }
  void add_details(const SelectorFacts& facts) {
    add("premodel", "cnn");
    add("selector", facts.selector);
  }
  void add_details(const PremodelFacts& facts) {
    add("premodel", facts.kind);
    add("label", std::string(to_string(facts.label)));
    add("cost", to_string(facts.cost));
    add_notes();
    add("theta", fmt::format("{}", facts.theta));
    add("k", std::to_string(facts.k));
    if (facts.weights != VoteWeights::kUniform) add("weights", std::string(to_string(facts.weights)));
    add("coverage", coverage(facts));
    for (std::size_t stage = 0; stage + 1 < facts.optimum_of.size(); ++stage) {
      add(fmt::format("optimum of stage {}", stage + 1),
          fmt::format("{}: {} inputs", info_->models[stage].name, facts.optimum_of[stage]));
    }
    if (!facts.optimum_of.empty()) add("none right", fmt::format("{} inputs", facts.optimum_of.back()));
    add_choosers(facts.choosers);
    add("fallback", facts.fallback == kNoModel ? "refuse" : model_name(*info_, facts.fallback));
    if (facts.distance_limit) {
      add("distance limit",
          fmt::format("{:.4f}, quantile {} of the training inputs; beyond: {}", facts.distance_limit->limit,
                      facts.distance_limit->quantile, facts.distance_limit->refuses ? "refuse" : "fallback"));
    }
    if (facts.shuffle_seed) add("control", fmt::format("features shuffled, seed {}", *facts.shuffle_seed));
  }

  [[nodiscard]] std::string adaptive_aim(const AdaptiveFacts& facts) const {
    if (facts.price) {
      return fmt::format("most score at a price of {} {}", *facts.price, per_unit(policy_->price_unit()));
    }
    return fmt::format("least {} at the score of {} {:+.2f} points, as far as {} inputs can tell",
                       to_string(policy_->price_unit()), info_->best.name, 100 * facts.margin,
                       info_->training.inputs);
  }
  static std::string coverage(const PremodelFacts& facts) {
    std::string text;
    for (const auto& step : facts.selection) {
      text += fmt::format("{}{}{} {:.2f} % (+{:.2f})", text.empty() ? "" : ", ", step.kept ? "" : "dropped ",
                          step.model, 100 * step.coverage, 100 * step.gain);
    }
    return text;
  }
  void add_choosers(std::span<const ChooserFacts> choosers) {
    const auto inner = [](const std::optional<double>& accuracy) {
      return accuracy ? fmt::format("{:.1f} % right in inner folds", 100 * *accuracy)
                      : std::string("too few inputs to search");
    };
    for (std::size_t i = 0; i < choosers.size(); ++i) {
      if (const auto* tree = std::get_if<TreeFacts>(&choosers[i])) {
        add(fmt::format("DT-{}", i + 1),
            fmt::format("depth {}, at least {} inputs a leaf, {} nodes: {}", tree->max_depth, tree->min_leaf,
                        tree->nodes, inner(tree->accuracy)));
      } else if (const auto* svm = std::get_if<SvmFacts>(&choosers[i])) {
        add(fmt::format("SVM-{}", i + 1),
            fmt::format("C {}, gamma {}, {} support vectors, trained on {} of {} inputs: {}", svm->c,
                        svm->gamma, svm->support_vectors, svm->trained_on, svm->inputs,
                        inner(svm->accuracy)));
      }
    }
  }

  const Policy* policy_;
  const PolicyInfo* info_;
  std::vector<TrainingLine> lines_;
};

}  // namespace

std::string per_unit(const CostWeights& unit) {
  const std::string name = unit_name(unit);
  return unit == kTimeCost || unit == kEnergyCost ? "a " + name : fmt::format("per ({})", name);
}

std::string order_names(const PolicyInfo& info, std::span<const OrderedLook> order) {
  std::string names;
  for (const OrderedLook& look : order) names += (names.empty() ? "" : " > ") + model_name(info, look.model);
  return names;
}

std::vector<TrainingLine> training_lines(const Policy& policy) { return Lines(policy).take(); }

}  // namespace triage
