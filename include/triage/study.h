// The paper's evaluation regenerated from a profile: every figure and table as an exhibit, with the paper's
// value beside ours.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <variant>
#include <vector>

#include "triage/dataset.h"
#include "triage/eval.h"
#include "triage/image.h"
#include "triage/table.h"

namespace triage {

// A text, or a figure; NaN where there is none.
using Cell = std::variant<std::string, double>;

struct Column {
  std::string name;  // with its unit: "mean ms"
  int digits = 2;    // after the point on the page; CSV files have them all
};

struct DataTable {
  std::vector<Column> columns;
  std::vector<std::vector<Cell>> rows;  // each of columns.size() cells
};

// How a data table is drawn: a panel for each value column, with bars by name or a line over a numeric
// column.
struct ChartSpec {
  enum class Kind { kNone, kBars, kLines };
  Kind kind = Kind::kNone;
  std::size_t along = 0;            // column with the names of the bars, or the lines' x
  std::vector<std::size_t> values;  // columns that are drawn
};

struct Picture {
  std::string caption;
  Image image;
};

// One figure or table of the paper, or one of ours that the paper's claims call for.
struct Exhibit {
  std::string id;       // "figure-8a": its CSV file's name and its anchor on the page
  std::string title;    // "Figure 8a: inference time"
  std::string about;    // what is shown
  std::string paper;    // what the paper reports; empty where it says nothing
  std::string ours;     // the same, here
  std::string verdict;  // one sentence on agreement
  DataTable data;
  ChartSpec chart;
  std::vector<Picture> pictures;
};

struct StudyOptions {
  Criterion criterion = Criterion::kTop1;
  int folds = 10;
  std::uint64_t seed = 0;
  double theta = 0.005;  // Algorithm 1, as a share
  int neighbours = 5;
  int resamples = 1000;           // of the bootstrap
  std::size_t slice = 5000;       // training inputs of one fold on which features are searched; 0: all
  bool full_svm = false;          // train SVMs on all rows of a fold
  const Dataset* data = nullptr;  // for Figure 1's pictures, by input id; without, there are none
  // The same models measured under another setting (threads, machine), for the claim that relative times are
  // stable.
  const Table* other = nullptr;
  std::string other_name;
  // The same models on some of the inputs, timed exhaustively: what difference does that make? The study's
  // table must be a cheap one then.
  const Table* exhaustive = nullptr;
  // Features of the same inputs at other working sizes, for the variants; their models do not matter.
  std::vector<const Table*> other_features;
  std::map<std::string, std::uint64_t>
      model_bytes;               // size of each model's files, for the costs; may be empty
  const Clock* clock = nullptr;  // nullptr: steady_clock()
  const std::atomic<bool>* stop = nullptr;
  std::function<void(std::string_view step)> on_step;  // before each part of the work
};

struct Study {
  std::string title;
  std::string verdict;                      // how far the premodel gets, in two or three sentences
  std::vector<std::string> findings;        // a sentence each
  std::vector<std::string> contradictions;  // of the paper with itself
  std::vector<Exhibit> exhibits;            // in the paper's order, then the controls and variants
  Evaluation evaluation;                    // the cross-validation that most of them are read from
};

// Runs it all. Everything that is learned is learned inside the folds. Throws kUsage for a table without
// outputs or features, or of fewer than two models; kInterrupted.
[[nodiscard]] Study study_paper(const Table& table, const StudyOptions& options);

// Does the guarantee of `triage calibrate` hold, and what does it cost? A policy is trained once, on one half
// of the table, and calibrated again and again on inputs drawn with replacement from the other half, which
// stands for all inputs: the loss there is the true one. Then everything is trained afresh on other halves.
struct GuaranteeOptions {
  std::vector<double> max_losses{0.0025, 0.005, 0.01};
  std::vector<std::size_t> inputs{1000, 3000, 10000};  // of a calibration
  double delta = 0.05;
  int resamples = 1000;  // calibrations for each bound and number of inputs
  int retrainings = 20;
  AdaptiveOptions adaptive;
  std::uint64_t seed = 0;
  const Clock* clock = nullptr;  // nullptr: steady_clock()
  const std::atomic<bool>* stop = nullptr;
  std::function<void(std::string_view step)> on_step;
};
// Throws kUsage for options out of range or a table that is too small; kInterrupted.
[[nodiscard]] Study study_guarantee(const Table& table, const GuaranteeOptions& options);

// One self-contained HTML page.
[[nodiscard]] std::string study_html(const Study& study, const ReportInfo& info);
// Markdown of the same without pictures, for a repository.
[[nodiscard]] std::string study_markdown(const Study& study, const ReportInfo& info);
// RFC 4180, one header line.
[[nodiscard]] std::string table_csv(const DataTable& table);

}  // namespace triage
