// Each trace event in words.
#include <fmt/format.h>

#include "triage/tools/report.h"

namespace triage {
namespace {

class Describer {
 public:
  explicit Describer(const PolicyInfo& info) : info_(&info) {}

  TraceLine operator()(const AlwaysRuns& event) const {
    return {fmt::format("single: always runs {}", name(event.model)), {}};
  }
  TraceLine operator()(const FeaturesRead& event) const { return {"features", by_feature(event.values)}; }
  TraceLine operator()(const FeaturesScaled& event) const {
    return {"features, scaled", by_feature(event.values)};
  }
  TraceLine operator()(const NearestInputs& event) const {
    TraceLine line{"nearest training inputs", {}};
    for (const auto& input : event.inputs) line.values.emplace_back(input.id, input.distance);
    return line;
  }
  TraceLine operator()(const NeighboursVote& event) const {
    std::string why =
        fmt::format("{} of {} neighbours say {}", event.votes, event.neighbours, name(event.model));
    if (event.weight_share) why += fmt::format(", with {:.1f} % of the weight", 100 * *event.weight_share);
    return asked("KNN", event, why);
  }
  TraceLine operator()(const TreeAnswer& event) const {
    std::string way;
    for (const TreeAnswer::Turn& turn : event.way) {
      way += fmt::format("{}{} {} {:.4g}", way.empty() ? "" : ", ", info_->schema.features[turn.feature].name,
                         turn.is_below ? "<=" : ">", turn.threshold);
    }
    return asked("DT", event,
                 fmt::format("{} (scaled) for {}", way.empty() ? "one leaf" : way, name(event.model)));
  }
  TraceLine operator()(const SvmAnswered& event) const {
    return asked("SVM", event,
                 event.pairs > 0
                     ? fmt::format("{} of {} pairs won by {}", event.value, event.pairs, name(event.model))
                     : fmt::format("decision value {:.4f} for {}", event.value, name(event.model)));
  }
  TraceLine operator()(const FellBack& event) const {
    return {fmt::format("{}: {}", reason(event),
                        event.model == kNoModel ? std::string("refused")
                                                : fmt::format("runs {}, the fallback", name(event.model))),
            {}};
  }
  TraceLine operator()(const SelectorChose& event) const {
    std::string what = name(event.selector) + " says ";
    if (event.choice != kNoModel) {
      what += name(event.choice);
    } else if (event.runs == kNoModel) {
      what += "none is right: refused";
    } else {
      what += fmt::format("none is right: runs {}, the fallback", name(event.runs));
    }
    return {std::move(what), {{"confidence", event.confidence}}};
  }
  TraceLine operator()(const CascadeStage& event) const {
    const std::string head = fmt::format("stage {}: {} has confidence {:.4f}", event.stage + 1,
                                         name(event.model), event.confidence);
    if (!event.threshold) return {head + " and is the last: accepted", {{"confidence", event.confidence}}};
    return {fmt::format("{}, threshold {:.4f}: {}", head, *event.threshold,
                        event.accepted ? "accepted" : "goes on"),
            {{"confidence", event.confidence}, {"threshold", *event.threshold}}};
  }
  TraceLine operator()(const AdaptiveLook& event) const {
    TraceLine line;
    line.what = fmt::format("look {}, {}{}: {}", event.looks, name(event.model),
                            event.looks > 1 ? " and all before it together" : "", decision(event));
    line.values.emplace_back("confidence", event.confidence);
    if (event.next != kNoModel) line.values.emplace_back("expected net gain", event.net_gain);
    if (event.decision != AdaptiveLook::Decision::kOnlyModel) line.values.emplace_back("price", event.price);
    return line;
  }
  TraceLine operator()(const RoutingStep& event) const {
    TraceLine line;
    std::string names;
    for (const ModelIndex model : event.best) names += (names.empty() ? "" : " + ") + name(model);
    line.what = fmt::format("after {} looks {} is worth the most, with an expected quality of {:.4f}",
                            event.looks, names, event.quality);
    for (std::size_t m = 0; m < event.qualities.size(); ++m) {
      line.values.emplace_back("quality of " + info_->models[m].name, event.qualities[m]);
    }
    line.values.emplace_back("lambda", event.lambda);
    return line;
  }
  TraceLine operator()(const ForestsExpect& event) const {
    TraceLine line;
    const ScoreWords words(info_->terms, info_->criterion, info_->training.labels_from);
    const double share = 1 - event.losses[static_cast<std::size_t>(event.model)];
    line.what =
        fmt::format("{} is worth the most: {} expected", name(event.model), words.score_with_unit(share));
    if (event.second != kNoModel) line.what += fmt::format("; next is {}", name(event.second));
    for (std::size_t m = 0; m < event.losses.size(); ++m) {
      line.values.emplace_back(fmt::format("{} of {}", words.name(), info_->models[m].name),
                               info_->terms.shown(1 - event.losses[m]));
    }
    for (std::size_t m = 0; m < event.costs.size(); ++m) {
      line.values.emplace_back(fmt::format("{} of {}", words.cost_unit(), info_->models[m].name),
                               event.costs[m]);
    }
    line.values.emplace_back("price", event.price);
    return line;
  }
  TraceLine operator()(const CapHeld& event) const {
    if (event.cap != CapHeld::Cap::kEnergyJ) {
      return {fmt::format("{0} may take {1:.3f} {4}, and {2:.3f} of {3:.3f} {4} {5}are gone: not started",
                          name(event.model), event.needs, event.gone, event.limit, info_->terms.cost_unit,
                          event.cap == CapHeld::Cap::kDeadlineMs ? "to the deadline " : ""),
              {}};
    }
    return {fmt::format("{} takes {:.3g} J on average, too much for a cap of {:.3g} J: not started",
                        name(event.model), event.needs, event.limit),
            {}};
  }
  TraceLine operator()(const OwnStep& event) const { return {event.what, event.values}; }

 private:
  [[nodiscard]] std::string name(ModelIndex model) const { return model_name(*info_, model); }

  [[nodiscard]] std::vector<std::pair<std::string, double>> by_feature(std::span<const double> values) const {
    std::vector<std::pair<std::string, double>> named;
    for (std::size_t i = 0; i < values.size(); ++i) {
      named.emplace_back(info_->schema.features[i].name, values[i]);
    }
    return named;
  }
  // Choosers have the paper's names.
  static TraceLine asked(std::string_view chooser, const ChooserQuestion& question, const std::string& why) {
    if (!question.stage) return {fmt::format("{}: {}", chooser, why), {}};
    return {fmt::format("{}-{}: {}: {}", chooser, *question.stage + 1, why, question.yes ? "yes" : "no"), {}};
  }
  static std::string reason(const FellBack& event) {
    switch (event.reason) {
      case FellBack::Reason::kUnlikeTraining:
        return fmt::format("mean distance to the neighbours {:.4f}, limit {:.4f}: unlike training",
                           event.mean_distance, event.limit);
      case FellBack::Reason::kEveryStageSaysNo:
        return "every stage says no";
      case FellBack::Reason::kNoneIsRight:
        break;
    }
    return "none is right";
  }
  [[nodiscard]] std::string decision(const AdaptiveLook& event) const {
    switch (event.decision) {
      case AdaptiveLook::Decision::kOnlyModel:
        return "the only model of its order, answers";
      case AdaptiveLook::Decision::kLast:
        return "the last of its order, answers";
      case AdaptiveLook::Decision::kContinue:
        return fmt::format("{} is expected to gain more than its price, goes on", name(event.next));
      case AdaptiveLook::Decision::kContinueForConfidence:
        return fmt::format("{} is not expected to gain its price, goes on for the confidence asked for",
                           name(event.next));
      case AdaptiveLook::Decision::kAnswer:
        break;
    }
    return fmt::format("{} is not expected to gain its price, answers", name(event.next));
  }

  const PolicyInfo* info_;
};

}  // namespace

std::string model_name(const PolicyInfo& info, ModelIndex model) {
  return model == kNoModel ? "none" : info.models[static_cast<std::size_t>(model)].name;
}

TraceLine describe(const TraceEvent& event, const PolicyInfo& info) {
  return std::visit(Describer(info), event);
}

}  // namespace triage
