// Figures and tables with what they say, as studies make them and report shows them.
#pragma once

#include <cstddef>
#include <string>
#include <variant>
#include <vector>

#include "triage/image.h"
#include "triage/tools/evaluate.h"

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

// How a data table is drawn: a panel for each value column, with bars by name, a line over a numeric column,
// or a curve for each name over a numeric column that is drawn logarithmically.
struct ChartSpec {
  enum class Kind { kNone, kBars, kLines, kCurves };
  Kind kind = Kind::kNone;
  std::size_t along = 0;            // column with the names of the bars, or the lines' x
  std::vector<std::size_t> values;  // columns that are drawn
  // Of curves alone: the column with their names, and for each value the columns with the ends of its range,
  // which is shaded. The first name is the one that matters most; at most eight look different.
  std::size_t by = 0;
  std::vector<std::size_t> low = {}, high = {};
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

struct Study {
  std::string title;
  std::string verdict;                      // how far the premodel gets, in two or three sentences
  std::vector<std::string> findings;        // a sentence each
  std::vector<std::string> contradictions;  // of the paper with itself
  std::vector<Exhibit> exhibits;            // in the paper's order, then the controls and variants
  Evaluation evaluation;                    // the cross-validation that most of them are read from
};

}  // namespace triage
