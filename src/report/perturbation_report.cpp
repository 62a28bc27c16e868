// What perturbed inputs do to a policy, as people and programs read it.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "report/json_parts.h"
#include "report/phrases.h"
#include "report/text_layout.h"

namespace triage {
namespace {

std::string share(std::size_t part, std::size_t whole) {
  return whole == 0 ? kNoFigure : percent(static_cast<double>(part) / static_cast<double>(whole), 2);
}

std::vector<std::string> row_of(const PerturbationEffect& effect) {
  std::vector<std::string> row{"  " + to_string(effect.perturbation), grouped(effect.inputs),
                               share(effect.same_looks, effect.inputs)};
  for (const AnswerChange* change : {&effect.policy, &effect.single}) {
    row.push_back(share(change->same_answers, effect.inputs));
    row.push_back(effect.inputs == 0 ? kNoFigure : percent(change->score_after, 2));
    row.push_back(points_estimate(change->loss));
  }
  row.push_back(points_estimate(effect.extra_loss));
  return row;
}

// "jpeg:50 (+0.30 points [+0.10, +0.50])" of each whose extra loss lies beyond 0 on that side.
std::string list_effects(const PerturbationStudy& study, bool is_loss) {
  std::vector<std::string> found;
  for (const PerturbationEffect& effect : study.effects) {
    const Estimate& extra = effect.extra_loss;
    // Without an interval nothing is shown.
    if (!(is_loss ? extra.interval.low > 0 : extra.interval.high < 0)) continue;
    found.push_back(fmt::format("{} ({})", to_string(effect.perturbation), points_phrase(extra)));
  }
  return fmt::format("{}", fmt::join(found, ", "));
}

OrderedJson change_json(const AnswerChange& change, std::size_t inputs) {
  const bool none = inputs == 0;
  return {{"same_answers", change.same_answers},
          {"score_before", none ? OrderedJson() : OrderedJson(change.score_before)},
          {"score_after", none ? OrderedJson() : OrderedJson(change.score_after)},
          {"loss", estimate_json(change.loss.value, change.loss.interval)}};
}

std::string heading(const PerturbationStudy& study) {
  std::string text = fmt::format("{} inputs, policy of kind {}, beside it {} alone", grouped(study.inputs),
                                 study.kind, study.versus);
  if (study.n_seen > 0) text += fmt::format("; {} were trained on and left out", grouped(study.n_seen));
  if (study.n_failed > 0) text += fmt::format("; {} could not be read", grouped(study.n_failed));
  return text;
}

}  // namespace

std::string perturbation_verdict(const PerturbationStudy& study) {
  const std::string worse = list_effects(study, true), better = list_effects(study, false);
  std::string text =
      worse.empty()
          ? fmt::format("Choosing is not shown to be more brittle than {} alone under any of these {}.",
                        study.versus, study.effects.size())
          : fmt::format("Choosing loses more than {} alone under {}.", study.versus, worse);
  if (!better.empty()) text += fmt::format(" It loses less under {}.", better);
  return text;
}

std::string perturbation_text(const PerturbationStudy& study) {
  const std::string score = score_head(study.criterion, {});
  std::vector<std::vector<std::string>> rows{{"  perturbation", "inputs", "same looks %", "same answers %",
                                              score, "loss, points", "alone: same answers %", score,
                                              "loss, points", "policy's loss less its, points"}};
  for (const PerturbationEffect& effect : study.effects) rows.push_back(row_of(effect));
  const auto before = [&](const AnswerChange PerturbationEffect::*who) {
    return percent((study.effects.front().*who).score_before, 2);
  };
  const std::string as_they_are = study.effects.front().inputs == study.inputs
                                      ? fmt::format("As they are: {} of the policy {}, of {} {}.\n", score,
                                                    before(&PerturbationEffect::policy), study.versus,
                                                    before(&PerturbationEffect::single))
                                      : "";
  return fmt::format("{}\n\n{}\n{}{}", heading(study), align(rows), as_they_are,
                     wrap(perturbation_verdict(study), "", ""));
}

std::string perturbation_json(const PerturbationStudy& study) {
  OrderedJson effects = OrderedJson::array();
  for (const PerturbationEffect& effect : study.effects) {
    effects.push_back({{"perturbation", to_string(effect.perturbation)},
                       {"inputs", effect.inputs},
                       {"same_looks", effect.same_looks},
                       {"policy", change_json(effect.policy, effect.inputs)},
                       {"single", change_json(effect.single, effect.inputs)},
                       {"extra_loss", estimate_json(effect.extra_loss.value, effect.extra_loss.interval)}});
  }
  const OrderedJson document{{"kind", study.kind},
                             {"versus", study.versus},
                             {"criterion", to_string(study.criterion)},
                             {"inputs", study.inputs},
                             {"trained_on", study.n_seen},
                             {"failed", study.n_failed},
                             {"effects", effects},
                             {"verdict", perturbation_verdict(study)}};
  return document.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
}

}  // namespace triage
