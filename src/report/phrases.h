// Figures as people read them; terminal, verdict and report share these.
#pragma once

#include <string>
#include <string_view>

#include "triage/tools/report.h"

namespace triage {

inline constexpr const char* kNoFigure = "-";

// All give "-" for NaN. Scores and costs of an evaluation go through its words instead, which know its terms.
[[nodiscard]] std::string percent(double share, int digits = 1);  // "92.9"; "100.0" of 2 too
[[nodiscard]] std::string points(double share, int digits = 2);   // "+0.12", of 100
[[nodiscard]] std::string milliseconds(double ms);                // "0.0214", three significant digits
// "12,345.6" of "12345.6".
[[nodiscard]] std::string parted(std::string figure);
// So many significant digits, without an exponent, thousands parted: "4,893", "0.000310".
[[nodiscard]] std::string significant_figure(double value, int digits);
[[nodiscard]] std::string times(double factor);             // "2.61", three significant digits
[[nodiscard]] std::string points_range(Interval interval);  // "[-0.10, +0.31]"
[[nodiscard]] std::string percent_range(Interval interval, int digits = 1);  // "[12.1, 14.0]"
[[nodiscard]] std::string times_range(Interval interval);                    // "[0.38, 0.41]"
// The value and its range; the value alone where no interval was made.
[[nodiscard]] std::string percent_estimate(double share, Interval interval, int digits = 1);
[[nodiscard]] std::string points_estimate(double share, Interval interval);
[[nodiscard]] std::string points_estimate(const Estimate& estimate);
[[nodiscard]] std::string times_estimate(double factor, Interval interval);
[[nodiscard]] std::string times_estimate(const Estimate& estimate);
[[nodiscard]] std::string points_phrase(const Estimate& estimate);  // "+0.12 points [-0.10, +0.31]"
// Any other words with a range behind them; the words alone where it is kNoFigure.
[[nodiscard]] std::string with_range(std::string words, const std::string& range);
// The note where the evaluation has bootstrap intervals, else nothing.
[[nodiscard]] std::string interval_note(const Evaluation& evaluation, std::string_view note);
// "classes", "sources".
[[nodiscard]] std::string plural(std::string_view noun);
// How the inputs were divided: "10-fold cross-validation, seed 0", "each of 3 sources judged by what was
// trained on the others"; "finished policies" where they were not.
[[nodiscard]] std::string protocol_phrase(const Evaluation& evaluation);
// "50,000".
[[nodiscard]] std::string grouped(std::size_t value);
// What finished policies were asked: "at most 2 ms, confidence of at least 0.9"; empty where nothing was.
[[nodiscard]] std::string request_phrase(const Evaluation& evaluation);
// What a score is, as score_word() has it, for the head of a column of shares, shorter: "top-5 %", "in top 5
// %".
[[nodiscard]] std::string score_head(Criterion criterion, std::string_view labels_from);
// How the evaluation's scores and costs read.
[[nodiscard]] ScoreWords words_of(const Evaluation& evaluation);
// "mean time per input, ms (logarithmic)".
[[nodiscard]] std::string cost_axis(const ScoreWords& words);
// The evaluation's own, in a sentence: "top-1", "agreement with large".
[[nodiscard]] std::string criterion_name(const Evaluation& evaluation);
// "top-1 score", "agreement with large", "PAR10".
[[nodiscard]] std::string score_phrase(const Evaluation& evaluation);
// What a table of scores is about: "accuracy", "agreement with large".
[[nodiscard]] std::string score_subject(const Evaluation& evaluation);
// " Right is the answer of large." where labels are a model's answers, else nothing: for captions.
[[nodiscard]] std::string right_note(std::string_view labels_from);
// Whether answers are of classes, so that precision, recall and F1 say something.
[[nodiscard]] bool has_class_figures(const Evaluation& evaluation);
// Whether Algorithm 1 has something to say: where inputs can be covered, and of a table's own scores where a
// premodel chooses among its models.
[[nodiscard]] bool has_selection(const Evaluation& evaluation);
// The model that SBS is in most folds, and its name.
[[nodiscard]] std::size_t sbs_model_index(const Evaluation& evaluation);
[[nodiscard]] std::string sbs_model(const Evaluation& evaluation);

}  // namespace triage
