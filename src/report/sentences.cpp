#include "report/sentences.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>

#include "report/method_names.h"
#include "report/phrases.h"
#include "triage/tools/report.h"

namespace triage {
namespace {

std::string_view distance_phrase(DistanceReading reading) {
  switch (reading) {
    case DistanceReading::kUnknown:
      return "cannot be said";
    case DistanceReading::kMisleads:
      return "misleads: the nearer fail more often";
    case DistanceReading::kNothing:
      return "does not predict failure here";
    case DistanceReading::kHardly:
      return "hardly predicts failure here";
    case DistanceReading::kSomewhat:
      return "predicts failure somewhat";
    case DistanceReading::kPredicts:
      return "predicts failure";
  }
  return "";
}

std::string transfer_phrase(const Transfer& transfer) {
  return fmt::format("a {} loses {} and takes {}", transfer.name, points_phrase(transfer.score_regret),
                     with_range(times(transfer.time_ratio.value) + " times as long",
                                times_range(transfer.time_ratio.interval)));
}

std::string transfers_phrase(const Stability& stability) {
  std::string text;
  for (const Transfer& transfer : stability.transfers) {
    text += (text.empty() ? "" : "; ") + transfer_phrase(transfer);
  }
  return text;
}

std::string labels_phrase(std::string_view labels_from) {
  return labels_from.empty() ? std::string("that came with the inputs") : describe_labels(labels_from);
}

std::string warning_sentence(const Evaluation& evaluation, const Warning& warning) {
  const auto name = [&] { return method_name(evaluation, warning.method); };
  switch (warning.kind) {
    case WarningKind::kLabelsOfModel:
      return fmt::format(
          "labels are the answers of {0}, not the truth: where {0} is wrong, a method that is right counts "
          "as wrong",
          evaluation.labels_from);
    case WarningKind::kAtChance:
      return at_chance_sentence(warning.text, warning.inputs, warning.share);
    case WarningKind::kFailedInputs:
      return fmt::format("{} inputs on which some model failed are left out of every figure", warning.inputs);
    case WarningKind::kTraining:
      return warning.text;
    case WarningKind::kNotCombined:
      return fmt::format(
          "adaptive and cascade routing are left out: they need what every model said and {} training inputs "
          "a fold",
          warning.inputs);
    case WarningKind::kTrainedOnSome:
      return fmt::format(
          "{} was trained on {} of these {} inputs, which favours it; judge it on others, or cross-validate",
          name(), warning.inputs, evaluation.n_inputs);
    case WarningKind::kCalibratedHere:
      return fmt::format("{} was calibrated on these very inputs", name());
    case WarningKind::kTrainedHere:
      return fmt::format(
          "{} was trained on these very inputs: its figures here say nothing about new ones; judge it on "
          "others, or cross-validate",
          name());
    case WarningKind::kTrainedLeftOut:
      return fmt::format("{} was trained on {} of these {} inputs; they are left out", name(), warning.inputs,
                         evaluation.n_inputs);
    case WarningKind::kTrainedUnknown:
      return fmt::format(
          "{} does not name the inputs that it was trained on: what is said holds if none of these is among "
          "them",
          name());
    case WarningKind::kOtherCriterion:
      return fmt::format("{} was trained for {}, and is judged by {}", name(), to_string(warning.criterion),
                         to_string(evaluation.criterion));
    case WarningKind::kOtherLabels:
      return fmt::format("{} was trained with labels {}, and is judged with labels {}", name(),
                         labels_phrase(warning.text), labels_phrase(evaluation.labels_from));
    case WarningKind::kOtherMachine:
      return fmt::format("{} was trained with {} of '{}', and is judged with those of '{}'", name(),
                         evaluation.imported ? "costs" : "times", warning.text, evaluation.machine);
  }
  return {};
}

Certificate asked_promise(const Calibration& calibration) {
  Certificate asked;
  asked.max_loss = calibration.max_loss;
  asked.delta = calibration.delta;
  asked.versus = calibration.versus;
  asked.per = to_string(calibration.per);
  asked.groups = static_cast<std::size_t>(std::count_if(calibration.groups.begin(), calibration.groups.end(),
                                                        [](const auto& g) { return g.counts; }));
  return asked;
}

std::string price_of_groups(const Calibration& calibration) {
  if (!std::isfinite(calibration.ms_without_groups)) return {};
  const ScoreWords words(calibration.terms);
  const double ms = calibration.steps[*calibration.chosen].mean_ms;
  return fmt::format(" A promise on average alone would allow {}: to hold in each {} takes {} times the {}.",
                     words.cost_phrase(calibration.ms_without_groups), to_string(calibration.per),
                     times(ms / calibration.ms_without_groups), words.cost_noun());
}

std::string small_groups_sentence(const Calibration& calibration) {
  constexpr std::size_t kShown = 8;
  std::vector<std::string> small;
  for (const CalibrationGroup& group : calibration.groups) {
    if (!group.counts) small.push_back(fmt::format("{} ({})", group.name, group.inputs));
  }
  if (small.empty()) return {};
  const std::size_t more = small.size() - std::min(small.size(), kShown);
  small.resize(small.size() - more);
  return fmt::format(" Nothing is promised for {} of fewer than {} inputs, which are too few to tell: {}{}.",
                     plural(to_string(calibration.per)), calibration.group_needs, fmt::join(small, ", "),
                     more > 0 ? fmt::format(" and {} more", more) : "");
}

}  // namespace

std::string by_how_much(const BandReading& band, const ScoreWords& words) {
  constexpr double kSmallest = 0.00005;  // that is seen with two digits of a point
  return band.worst > -kSmallest ? fmt::format("by less than {}", words.amount(2 * kSmallest))
                                 : fmt::format("by up to {}", words.amount(-band.worst));
}

std::string band_sentence(const Frontier& frontier, const ScoreWords& words) {
  const BandReading band = read_band(frontier);
  if (band.settings == 0) return {};
  const bool less = words.less_is_better();  // above is better, and the numbers are below
  std::string where =
      fmt::format("nowhere {}, and wholly {} at {} of {} settings", less ? "worse" : "below zero",
                  less ? "better" : "above it", band.above, band.settings);
  if (band.below > 0) {
    const std::string at = band.from_ms == band.to_ms ? words.cost_phrase(band.from_ms)
                                                      : fmt::format("{} to {}", words.cost(band.from_ms),
                                                                    words.cost_phrase(band.to_ms));
    where = fmt::format("wholly {} at {} of {} settings ({}, at {}), and wholly {} at {}",
                        less ? "worse" : "below zero", band.below, band.settings, by_how_much(band, words),
                        at, less ? "better" : "above it", band.above);
  }
  return fmt::format("The simultaneous 95 % band of {} against the zero router at equal {} {} {}.",
                     frontier_name(frontier), words.cost_noun(), less ? "is" : "lies", where);
}

std::string soundness_sentence(const Soundness& soundness, const ScoreWords& words) {
  if (soundness.inputs == 0) return {};
  if (soundness.reading == DistanceReading::kUnknown) {
    return "Whether the distance to the training inputs predicts failure cannot be said: the choices were "
           "all right or all wrong.";
  }
  const auto& [low, high] = soundness.auc.interval;
  return fmt::format(
      "The distance to the training inputs {} ({}; 0.5 is chance); refusing the farthest {:.0f} % changes "
      "the "
      "score of the others by {}.",
      distance_phrase(soundness.reading),
      with_range(fmt::format("AUC {:.3f}", soundness.auc.value),
                 std::isfinite(low) ? fmt::format("[{:.3f}, {:.3f}]", low, high) : kNoFigure),
      100 * kFarthestShare, words.gain_phrase({soundness.gain_without_farthest, {}}));
}

std::string timing_phrase(const Timing& timing) {
  if (timing.mode == TimingMode::kCheap)
    return "cheap: each model timed once on each input, after a run that warmed its caches";
  return fmt::format(
      "exhaustive: each model ran {} to {} times on each input, until the 95 % bound of the mean was at most "
      "{:.3g} % of it; {} of {} cells ended at the cap",
      timing.min_runs, timing.max_runs, 100 * timing.bound, timing.capped, timing.cells);
}

std::string imported_costs_phrase(std::string_view source, const ScoreWords& words) {
  const Terms& terms = words.terms();
  return fmt::format("as imported from {}, in {}; {}{}", source, terms.cost_unit,
                     terms.counts_ms() ? "the time of deciding is added" : "deciding adds nothing",
                     words.counts_run_times()
                         ? fmt::format("; runs end at the cutoff of {}", words.cost_phrase(terms.cutoff))
                         : "");
}

std::string timing_sentence(const Evaluation& evaluation) {
  if (evaluation.imported) return imported_costs_phrase(evaluation.machine, words_of(evaluation));
  return timing_phrase(evaluation.timing) +
         (evaluation.times_note.empty() ? "" : "; " + evaluation.times_note);
}

std::string timing_difference_sentences(const TimingDifference& difference) {
  return fmt::format(
      "On {} inputs, timed exhaustively ({:.1f} % of the cells capped), the models take {} to {} times as "
      "long as timed once, {} on the geometric mean; rank correlation of the models {:.3f}. Trained with "
      "cheap times and used with exhaustive ones, {}. Trained with exhaustive times and used with cheap "
      "ones, {}.",
      difference.inputs,
      100 * static_cast<double>(difference.timing.capped) /
          static_cast<double>(std::max<std::size_t>(1, difference.timing.cells)),
      times(difference.least_ratio), times(difference.greatest_ratio), times(difference.mean_ratio),
      difference.to_exhaustive.spearman, transfers_phrase(difference.to_exhaustive),
      transfers_phrase(difference.to_cheap));
}

std::string timing_difference_sentences(const Evaluation& evaluation) {
  if (evaluation.timing_difference) return timing_difference_sentences(*evaluation.timing_difference);
  if (evaluation.imported || evaluation.timing.mode != TimingMode::kCheap) return {};
  return "not measured; 'triage evaluate' can compare with the same models timed exhaustively on some of the "
         "inputs";
}

std::vector<std::string> evaluation_warnings(const Evaluation& evaluation) {
  std::vector<std::string> sentences;
  for (const Warning& warning : evaluation.warnings) {
    sentences.push_back(warning_sentence(evaluation, warning));
  }
  return sentences;
}

std::string calibration_verdict(const Calibration& calibration) {
  const ScoreWords words(calibration.terms);
  const std::string promise = promise_of(asked_promise(calibration), words);
  if (calibration.chosen) {
    const CalibrationStep& step = calibration.steps[*calibration.chosen];
    return fmt::format("Certified on {} inputs: {}. On them the loss was {} at {}, {}x {} than {}.",
                       calibration.inputs, promise, words.loss(step.mean_loss),
                       words.cost_phrase(step.mean_ms), times(calibration.versus_ms / step.mean_ms),
                       words.faster(), words.cost_phrase(calibration.versus_ms)) +
           price_of_groups(calibration) + small_groups_sentence(calibration) +
           (calibration.anytime ? " The promise stays valid when inputs are added and it is looked at again."
                                : "");
  }
  const CalibrationStep& first = calibration.steps.front();
  std::string lost = fmt::format("Not achievable with {} inputs: {}. The best setting lost {} on them",
                                 calibration.inputs, promise, words.loss(first.mean_loss));
  if (first.worst_group) {
    lost += fmt::format(", {} on {} {}", words.loss_figure(first.worst_loss), to_string(calibration.per),
                        calibration.groups[*first.worst_group].name);
  }
  if (std::isfinite(calibration.inputs_needed)) {
    return fmt::format("{}; about {:.0f} inputs would be needed, were these typical.", lost,
                       calibration.inputs_needed) +
           small_groups_sentence(calibration);
  }
  return lost +
         fmt::format(
             ", which is not below the bound: more inputs would not help, a larger bound or {} might.",
             words.is_named() ? "other models" : "another zoo") +
         small_groups_sentence(calibration);
}

}  // namespace triage
