// What a policy was trained on and how, in words.
#include <fmt/format.h>

#include "calibrate/setting_losses.h"
#include "triage/tools/report.h"
#include "triage/tools/table.h"

namespace triage {
namespace {

class Lines {
 public:
  explicit Lines(const Policy& policy)
      : policy_(&policy),
        info_(&policy.info()),
        words_(info_->terms, info_->criterion, info_->training.labels_from) {}

  std::vector<TrainingLine> take() {
    const TrainingFacts& facts = info_->training;
    if (facts.inputs > 0) add("inputs", std::to_string(facts.inputs));
    if (!facts.inputs_hash.empty()) add("inputs_hash", facts.inputs_hash);
    if (words_.is_named()) {
      add("score", words_.head());
    } else {
      add("criterion", std::string(to_string(info_->criterion)));
    }
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

  // Of kinds that keep nothing of their own, those with prices can say what their setting is expected to do.
  void add_details(std::monostate) {
    if (!policy_->default_setting()) return;
    if (const Certificate* certificate = policy_->certificate()) add("aim", certified_aim(*certificate));
    const PriceSetting& setting = policy_->price_settings()[*policy_->default_setting()];
    const CostWeights unit = policy_->price_unit();
    add("price", fmt::format("{:.4g} {}", setting.price, words_.per_unit(unit)));
    add("expected score", score(setting.score));
    add(fmt::format("expected {}", words_.unit_of(unit)), words_.cost_figure(setting.cost));
    if (info_->training.seed) add("seed", std::to_string(*info_->training.seed));
  }
  void add_details(const CascadeFacts& facts) {
    add("aim", facts.price
                   ? most_score(*facts.price, facts.unit)
                   : fmt::format("{}{}", least_cost(facts.unit, facts.wanted),
                                 facts.reached ? "" : ", which no cascade reaches: the best score instead"));
    add("score in training", score(facts.score));
    add(fmt::format("{} in training", words_.unit_of(facts.unit)), words_.cost_figure(facts.cost));
  }
  // Prices are what people ask with, so they count in shares of the score.
  [[nodiscard]] std::string most_score(double price, const CostWeights& unit) const {
    return fmt::format("most score at a price of {} {}", price, words_.per_unit(unit));
  }
  [[nodiscard]] std::string least_cost(const CostWeights& unit, double wanted) const {
    if (!words_.is_named())
      return fmt::format("least {} at a score of at least {:.4f}", words_.saved(unit), wanted);
    return fmt::format("least {} at a {} of at {} {}", words_.saved(unit), words_.name(),
                       words_.less_is_better() ? "most" : "least", score(wanted));
  }
  [[nodiscard]] std::string score(double share) const {
    return words_.is_named() ? words_.score_with_unit(share) : fmt::format("{:.4f}", share);
  }
  void add_details(const AdaptiveFacts& facts) {
    const Certificate* certificate = policy_->certificate();
    add("aim", certificate != nullptr ? certified_aim(*certificate) : adaptive_aim(facts));
    if (policy_->default_setting())
      add_setting(policy_->price_settings()[*policy_->default_setting()], facts);
    add("orders tried", std::to_string(facts.orders_tried));
    if (info_->training.seed) add("seed", std::to_string(*info_->training.seed));
  }
  void add_setting(const PriceSetting& setting, const AdaptiveFacts& facts) {
    const CostWeights unit = policy_->price_unit();
    add("order", order_names(*info_, policy_->look_order({})));
    add("price", fmt::format("{:.4g} {}", setting.price, words_.per_unit(unit)));
    std::string expected = score(setting.score) + " by inner cross-validation";
    if (policy_->certificate() == nullptr) {  // else the setting may not be the one that training chose
      expected += fmt::format(", {} against the single best model of each inner fold",
                              words_.gain_with_error(facts.gain, facts.gain_error));
    }
    add("expected score", std::move(expected));
    add(fmt::format("expected {}", words_.unit_of(unit)), words_.cost_figure(setting.cost));
  }
  void add_details(const RoutingFacts& facts) {
    add("aim", fmt::format("{}{}", least_cost(facts.unit, facts.wanted),
                           facts.reached ? "" : ", which is not reached: the best score instead"));
    add("expected score", score(facts.score) + ", by inner cross-validation");
    add(fmt::format("expected {}", words_.unit_of(facts.unit)), words_.cost_figure(facts.cost));
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
    add("cost", words_.saved(facts.cost));
    add_notes();
    add("theta", fmt::format("{}", facts.theta));
    add("k", std::to_string(facts.k));
    if (facts.weights != VoteWeights::kUniform) add("weights", std::string(to_string(facts.weights)));
    if (words_.counts_successes()) add("coverage", coverage(facts));
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

  [[nodiscard]] std::string certified_aim(const Certificate& certificate) const {
    return fmt::format("least {} at {}, certified on {} inputs", words_.saved(policy_->price_unit()),
                       promise_of(certificate, words_), certificate.inputs);
  }
  [[nodiscard]] std::string adaptive_aim(const AdaptiveFacts& facts) const {
    if (facts.price) {
      return most_score(*facts.price, policy_->price_unit());
    }
    return fmt::format("least {} at the score of {} {}, as far as {} inputs can tell",
                       words_.saved(policy_->price_unit()), info_->best.name,
                       words_.is_named() ? words_.gain_phrase({facts.margin, {}})
                                         : fmt::format("{:+.2f} points", 100 * facts.margin),
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
  ScoreWords words_;
  std::vector<TrainingLine> lines_;
};

}  // namespace

std::string order_names(const PolicyInfo& info, std::span<const OrderedLook> order) {
  std::string names;
  for (const OrderedLook& look : order) names += (names.empty() ? "" : " > ") + model_name(info, look.model);
  return names;
}

std::vector<TrainingLine> training_lines(const Policy& policy) { return Lines(policy).take(); }

}  // namespace triage
