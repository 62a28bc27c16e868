// The report's definitions, in the words of the table.
#include <fmt/format.h>

#include <algorithm>

#include "report/phrases.h"
#include "report/sections.h"

namespace triage {
namespace {

Definitions score_and_cost(const Evaluation& evaluation, const ScoreWords& words) {
  const Terms& terms = words.terms();
  const std::string unit = terms.score_unit.empty() ? "" : " " + terms.score_unit;
  const std::string score =
      words.counts_run_times()
          ? fmt::format("The run time of an input that is solved within {0}, ten times that of others.",
                        words.cost_phrase(terms.cutoff))
          : fmt::format("As the table says, from {:g}{} (worst) to {:g}{} (best).", terms.worst, unit,
                        terms.best, unit);
  return {
      {words.name(), score + (words.less_is_better() ? " Less is better." : "")},
      {words.cost_noun(),
       fmt::format("Of all that ran on an input, {}. What features cost is in it where the table says that.",
                   imported_costs_phrase(evaluation.machine, words))}};
}

Definitions right_and_time(const Evaluation& evaluation, const ScoreWords& words) {
  const std::string score =
      evaluation.labels_from.empty()
          ? fmt::format("1 when the answer is right under {} and 0 otherwise; a refusal is wrong.",
                        criterion_name(evaluation))
          : fmt::format(
                "{}: 1 when the answer is right, that is the one of {}{}, and 0 otherwise; a refusal is "
                "wrong. It is no accuracy.",
                criterion_name(evaluation), evaluation.labels_from,
                evaluation.criterion == Criterion::kTop1 ? "" : " among the best five");
  const std::string time =
      evaluation.imported
          ? fmt::format("Of all that ran on an input, {}.", imported_costs_phrase(evaluation.machine, words))
          : "What the user waits: selection (features and decisions), preprocessing and inference. Loading "
            "and "
            "decoding are not in it. Preprocessing and shared feature computations count once an input.";
  return {{"score", score}, {words.cost_noun(), time}};
}

Definitions solvers(const ScoreWords& words) {
  const std::string time = words.cost_noun();
  if (words.is_named()) {
    return {
        {"optimum",
         fmt::format("Of one input: the model of the best {}, of equals the cheapest, by mean {}s of "
                     "the training inputs.",
                     words.name(), time)},
        {"optimum chosen", "Share of the inputs that have an optimum on which the method ran it last."},
        {"SBS", fmt::format("Single best model: the best mean {} on the training inputs (ties: the cheaper).",
                            words.name())},
        {"VBS, oracle",
         fmt::format("Always the optimum. No selector can do better in {}, and it pays nothing for knowing.",
                     words.name())}};
  }
  return {{"optimum",
           fmt::format("Of one input: the cheapest model that is right, by mean {}s of the training inputs.",
                       time)},
          {"optimum chosen", "Share of the inputs that have an optimum on which the method ran it last."},
          {"SBS", "Single best model: the best mean score on the training inputs (ties: the cheaper)."},
          {"VBS, oracle",
           "Always the optimum; the cheapest model where none is right. No selector can do better in "
           "score, and it pays nothing for knowing."}};
}

Definitions routers(const ScoreWords& words) {
  const std::string time = words.cost_noun();
  return {
      {"closed gap", "(score - SBS) / (VBS - SBS): 0 % is as good as SBS, 100 % as good as the oracle."},
      {"zero router",
       fmt::format(
           "Mixes two single models at random, as the hull of the training inputs says for a given {0}. "
           "It looks at no input; a selector has to beat it at equal {0}.",
           time)},
      {"controls",
       "What the premodel has to beat: itself with features shuffled among the training inputs; each "
       "stage's more frequent answer; its first model always."},
      {"perfect chain", "The premodel's chain and fallback if its stages were never wrong and cost nothing."},
      {"overhead", fmt::format("Selection's share of the {}.", time)}};
}

Definitions frontier_readings(const ScoreWords& words) {
  const std::string time = words.cost_noun();
  return {
      {"AIQ",
       fmt::format("Mean height of a frontier's convex hull between the {}s of the cheapest and the dearest "
                   "model.",
                   time)},
      {"95 % of the way",
       fmt::format(
           "{}{} at which a frontier's hull has done 95 % of the way from the cheapest model's score to "
           "SBS's, as a share "
           "of SBS's {}.",
           static_cast<char>(time[0] - 'a' + 'A'), time.substr(1), time)},
      {"intervals of frontiers",
       fmt::format(
           "Their hulls are read again on 200 resamples of the inputs. Where a resampled hull does not "
           "reach SBS's score its "
           "speed-up counts as 0, where it does not get 95 % of the way its {} as \u201cnever\u201d. A "
           "hull is the best "
           "of many settings, so it flatters a little.",
           time)}};
}

// Of answers that are right or wrong.
Definitions looks() {
  return {
      {"difficulty", "Of one input: 1 less the mean probability that the models give to its label."},
      {"ECE",
       "Expected calibration error: inputs in bins of equal size by confidence, mean over the inputs of the "
       "distance "
       "between their bin's mean confidence and share of answers whose best class is right."},
      {"wrong to stop",
       "Of the stops by choice: the answer is wrong, and that of the last look would have been right. "
       "\u201cRight to stop\u201d is the reverse; of all others the end would have been the same."},
      {"went on for nothing",
       "Of those that continued: what was known before the next look was right already. \u201cLost\u201d: "
       "right before and wrong in the end; \u201cwon\u201d: wrong before and right in the end."}};
}

Definitions statistics(const Evaluation& evaluation) {
  return {
      {"interval",
       fmt::format("Paired bootstrap over the inputs, {} resamples, 2.5 % to 97.5 %. It covers the choice "
                   "of inputs, not that of the training set.",
                   evaluation.resamples)},
      {"precision, recall, F1",
       "Averaged over the classes that have inputs, with equal weight; a class that is never answered has "
       "precision 0."}};
}

// Whether the report has what this defines; that of images always has.
bool is_used(const Evaluation& evaluation, std::string_view term) {
  if (term.starts_with("interval") && evaluation.resamples == 0) return false;
  if (!evaluation.imported) return true;
  if (term == "controls" || term == "perfect chain") return !evaluation.premodels.empty();
  if (term == "difficulty") return !evaluation.breakdown.deciles.empty();
  if (term == "ECE") return !evaluation.reliability.empty() && words_of(evaluation).is_share();
  if (term == "wrong to stop" || term == "went on for nothing") return !evaluation.decisions.empty();
  return term != "precision, recall, F1" || has_class_figures(evaluation);
}

}  // namespace

Markup definition_list(const Definitions& items) {
  Markup out;
  for (const auto& [term, meaning] : items) {
    out += element_text("dt", {}, term) + element_text("dd", {}, meaning);
  }
  return element("dl", {}, out);
}

Markup glossary(const Evaluation& evaluation) {
  const ScoreWords words = words_of(evaluation);
  Definitions items =
      words.is_named() ? score_and_cost(evaluation, words) : right_and_time(evaluation, words);
  for (const Definitions& more :
       {solvers(words), routers(words), frontier_readings(words), looks(), statistics(evaluation)}) {
    items.insert(items.end(), more.begin(), more.end());
  }
  std::erase_if(items, [&](const auto& item) { return !is_used(evaluation, item.first); });
  return definition_list(items);
}

}  // namespace triage
