// Evaluations, and what policies say of themselves, as people and programs read them.
#pragma once

#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "triage/policy.h"
#include "triage/tools/calibrate.h"
#include "triage/tools/compare.h"
#include "triage/tools/exhibit.h"
#include "triage/tools/perturb.h"
#include "triage/tools/score_words.h"

namespace triage {

// How a report was made; all of it is shown unchanged.
struct ReportInfo {
  std::string version;               // of Triage
  std::string command;               // as typed
  std::vector<std::string> sources;  // the profiles
  std::string date;
  std::string make = {};  // the command that makes what is recommended; empty where there is none
};
// Which method to use, in one or two sentences.
[[nodiscard]] std::string evaluation_verdict(const Evaluation& evaluation);
// What else the figures say, a sentence each.
[[nodiscard]] std::vector<std::string> evaluation_remarks(const Evaluation& evaluation);
// Evaluation::warnings, a sentence each, without a full stop.
[[nodiscard]] std::vector<std::string> evaluation_warnings(const Evaluation& evaluation);
// Whether a built-in method has this name, so that a policy so named could not be told from it.
[[nodiscard]] bool is_reserved_name(std::string_view name);
// Whether the bound was achieved, and at which time, in a sentence or two.
[[nodiscard]] std::string calibration_verdict(const Calibration& calibration);
// Which policy is better, by how much and at what cost, in two or three sentences.
[[nodiscard]] std::string comparison_verdict(const Comparison& comparison);
// Comparison::warnings, a sentence each, without a full stop.
[[nodiscard]] std::vector<std::string> comparison_warnings(const Comparison& comparison);
// Whether choosing is more brittle than the single model itself, in a sentence or two.
[[nodiscard]] std::string perturbation_verdict(const PerturbationStudy& study);
// A table and the verdict, for a terminal; one JSON document of the same: docs/formats.md has its keys.
[[nodiscard]] std::string perturbation_text(const PerturbationStudy& study);
[[nodiscard]] std::string perturbation_json(const PerturbationStudy& study);
// How often times were taken, in one phrase.
[[nodiscard]] std::string timing_phrase(const Timing& timing);
// Writes a text, such as one of those below, to a file atomically. Throws kIo.
void write_report(const std::filesystem::path& path, std::string_view text);

// One JSON document: docs/formats.md has its keys.
[[nodiscard]] std::string evaluation_json(const Evaluation& evaluation, const ReportInfo& info);
// Plain text for a terminal: sentences of at most 120 columns, tables as wide as their names ask for.
[[nodiscard]] std::string evaluation_text(const Evaluation& evaluation, const ReportInfo& info = {});
// One self-contained HTML page.
[[nodiscard]] std::string evaluation_html(const Evaluation& evaluation, const ReportInfo& info);
// Lines `input,fold`.
[[nodiscard]] std::string folds_csv(const Table& table, const Evaluation& evaluation);

// One self-contained HTML page.
[[nodiscard]] std::string study_html(const Study& study, const ReportInfo& info);
// Markdown of the same without pictures, for a repository.
[[nodiscard]] std::string study_markdown(const Study& study, const ReportInfo& info);
// One JSON document of the same without pictures: docs/formats.md has its keys.
[[nodiscard]] std::string study_json(const Study& study, const ReportInfo& info);
// RFC 4180, one header line.
[[nodiscard]] std::string table_csv(const DataTable& table);

// Phrases for whoever reports in words of their own.
//
// At most four significant digits and so many decimals, without an exponent; "-" for what was not measured.
[[nodiscard]] std::string format_figure(double value, int most_decimals = 4);
// What a score is: "top-1", "top-5"; where labels are a model's answers "agreement", "top-5 agreement".
[[nodiscard]] std::string score_word(Criterion criterion, std::string_view labels_from);
// A sentence where labels are a model's answers, else nothing: what scores are then, and that model's own.
[[nodiscard]] std::string agreement_note(std::string_view labels_from);
// "labels by name, 3 classes: 'black' is 0, 'red' is 1", with the classes' names where the labels
// are numbers and `names` has them; empty where a data set does not say how it is labelled.
[[nodiscard]] std::string label_mapping_line(const LabelMapping& mapping, std::span<const std::string> names);
// That these models are right no more often than guessing, which is right on `chance` (0..1) of the inputs,
// and what usually causes it.
[[nodiscard]] std::string at_chance_sentence(std::string_view models, std::size_t n_inputs, double chance);
// "a loss of at most 1.00 points against large with probability 0.95 or more"; before "with", of a promise
// for groups, ", on average and in each of 10 classes,".
[[nodiscard]] std::string promise_of(const Certificate& certificate, const ScoreWords& words = ScoreWords());
// Where costs are from, of a table that was imported: "as imported from FILE, in usd; deciding adds nothing".
[[nodiscard]] std::string imported_costs_phrase(std::string_view source, const ScoreWords& words);

// A key and a sentence.
using TrainingLine = std::pair<std::string, std::string>;
// What a policy was trained on and how. Policies that were calibrated show the certified setting.
[[nodiscard]] std::vector<TrainingLine> training_lines(const Policy& policy);

struct TraceLine {
  std::string what;  // "KNN-1: 3 of 5 neighbours say mobilenet: yes"
  std::vector<std::pair<std::string, double>> values;
};
[[nodiscard]] TraceLine describe(const TraceEvent& event, const PolicyInfo& info);

// "none" for kNoModel.
[[nodiscard]] std::string model_name(const PolicyInfo& info, ModelIndex model);
// "small > large".
[[nodiscard]] std::string order_names(const PolicyInfo& info, std::span<const OrderedLook> order);

}  // namespace triage
