// What a comparison of two policies says.
#include <fmt/format.h>

#include <cmath>

#include "report/phrases.h"
#include "triage/tools/report.h"

namespace triage {
namespace {

ScoreWords words_of(const Comparison& comparison) {
  return ScoreWords(comparison.terms, comparison.criterion, comparison.labels_from);
}

std::string score_of(const Comparison& comparison) {
  if (!comparison.terms.score.empty()) return comparison.terms.score;
  const std::string word = score_word(comparison.criterion, comparison.labels_from);
  return comparison.labels_from.empty() ? word : fmt::format("{} with {}", word, comparison.labels_from);
}

// The first's score against the second's, as far as it is shown.
std::string preference_sentence(const Comparison& comparison) {
  const auto& [first, second] = comparison.names;
  const ScoreWords words = words_of(comparison);
  const std::string by = words.gain_phrase(comparison.difference);
  const std::string sure = fmt::format("with probability {:g} or more", 1 - comparison.delta);
  if (words.is_named() && comparison.better != Preference::kNeither) {
    const bool is_first = comparison.better == Preference::kFirst;
    return fmt::format("{} is better than {}, {}: the {} of {} is {}.", is_first ? first : second,
                       is_first ? second : first, sure, score_of(comparison), first,
                       words.advantage(comparison.difference));
  }
  switch (comparison.better) {
    case Preference::kFirst:
      return fmt::format("{} is better than {}, {}: its {} is higher by {}.", first, second, sure,
                         score_of(comparison), by);
    case Preference::kSecond:
      return fmt::format("{} is better than {}, {}: the {} of {} is lower by {}.", second, first, sure,
                         score_of(comparison), first, by);
    case Preference::kNeither:
      break;
  }
  return fmt::format("{} and {} are not told apart: the difference in {} is {}.", first, second,
                     score_of(comparison), by);
}

std::string margin_sentence(const Comparison& comparison) {
  if (!comparison.margin) return {};
  const auto& [first, second] = comparison.names;
  return fmt::format(" {}: {} is worse than {} by less than {}, if by anything.",
                     comparison.within_margin ? "Shown" : "Not shown", first, second,
                     words_of(comparison).amount(*comparison.margin));
}

std::string needed_sentence(const Comparison& comparison) {
  if (!std::isfinite(comparison.inputs_needed)) return {};
  return fmt::format(" About {} inputs would {}, were these typical.",
                     grouped(static_cast<std::size_t>(comparison.inputs_needed)),
                     comparison.margin ? "show it" : "tell them apart");
}

std::string cost_sentence(const Comparison& comparison) {
  const auto& [first, second] = comparison.names;
  const Estimate& ratio = comparison.ms.ratio;
  if (!std::isfinite(ratio.value)) return {};
  // Where the interval has 1 inside, neither is faster.
  const bool is_faster = high_end(ratio)<1, is_slower = low_end(ratio)> 1;
  const ScoreWords words = words_of(comparison);
  return fmt::format(" {} takes {}, {} {}: {}, {} times its {}.", first,
                     words.cost_phrase(comparison.ms.mean[0]), second,
                     words.cost_phrase(comparison.ms.mean[1]),
                     is_faster   ? fmt::format("{} is {}", first, words.faster())
                     : is_slower ? fmt::format("{} is {}", first, words.slower())
                                 : fmt::format("neither is {}", words.faster()),
                     times_estimate(ratio), words.cost_noun());
}

}  // namespace

std::string comparison_verdict(const Comparison& comparison) {
  const std::string note = agreement_note(comparison.labels_from);
  return preference_sentence(comparison) + margin_sentence(comparison) + needed_sentence(comparison) +
         cost_sentence(comparison) + (note.empty() ? "" : " " + note);
}

std::vector<std::string> comparison_warnings(const Comparison& comparison) {
  Evaluation told;  // what the sentences name
  told.criterion = comparison.criterion;
  told.labels_from = comparison.labels_from;
  told.terms = comparison.terms;
  told.imported = comparison.imported;
  told.machine = comparison.machine;
  told.n_inputs = comparison.table_inputs;
  for (const std::string& name : comparison.names) told.policies.push_back({name, {}});
  told.warnings = comparison.warnings;
  return evaluation_warnings(told);
}

}  // namespace triage
