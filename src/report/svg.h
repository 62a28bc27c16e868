// What the report's figures share: axes, marks, labels that do not overlap, the frame around a figure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "report/markup.h"
#include "triage/tools/score_words.h"

namespace triage {

// From values to pixels; logarithmic when `log`.
struct AxisScale {
  double from = 0, to = 1;      // values
  double start = 0, end = 100;  // pixels
  bool log = false;
  [[nodiscard]] double at(double value) const;
};
// Round values for ticks within [from, to]: 1, 2, 5 times powers of ten.
[[nodiscard]] std::vector<double> linear_ticks(double from, double to, int wanted);
[[nodiscard]] std::vector<double> log_ticks(double from, double to);

// Ticks of scores or of differences between them, which lie at shares and read in the table's words;
// percents with so many digits, others with as many as tell them apart.
struct WordedTick {
  double at = 0;
  std::string text;
};
[[nodiscard]] std::vector<WordedTick> score_ticks(const ScoreWords& words, double from, double to, int wanted,
                                                  int digits);
[[nodiscard]] std::vector<WordedTick> gain_ticks(const ScoreWords& words, double from, double to, int wanted,
                                                 int digits);

struct Box {
  double left = 0, top = 0, right = 0, bottom = 0;
};
[[nodiscard]] bool overlap(const Box& a, const Box& b);
// Width in pixels that text of the report's font takes, an overestimate rather than too little.
[[nodiscard]] double text_width(std::string_view text, double font_px);

// Finds places for labels beside their points, so that they cover neither each other nor any mark, nor leave
// the frame; greedy, in the order given.
struct PointLabel {
  double x = 0, y = 0;  // the point
  std::string text;
};
struct PlacedLabel {
  double x = 0, y = 0;  // of the text's anchor, vertically centred
  std::string anchor;   // "start", "middle" or "end"
  bool leader = false;  // so far away that a line should lead to it
};
[[nodiscard]] std::vector<PlacedLabel> place_labels(const std::vector<PointLabel>& labels,
                                                    const std::vector<Box>& obstacles, const Box& frame,
                                                    double font_px);

enum class Mark { kCircle, kRing, kSquare, kDiamond, kTriangle, kStar, kCross };
// `css` names the colour class; `tip` is shown by the browser when pointed at.
[[nodiscard]] Markup mark(Mark shape, double x, double y, std::string_view css, std::string_view tip);

[[nodiscard]] Markup svg_line(double x1, double y1, double x2, double y2, std::string_view css);
[[nodiscard]] Markup svg_text(double x, double y, std::string_view plain, std::string_view css,
                              std::string_view anchor = "start");
// Polyline through (x, y) pairs.
[[nodiscard]] Markup svg_path(const std::vector<std::pair<double, double>>& points, std::string_view css);
// The area between two polylines of the same length.
[[nodiscard]] Markup svg_area(const std::vector<std::pair<double, double>>& below,
                              const std::vector<std::pair<double, double>>& above, std::string_view css);

// A part of a drawing, and how high it is; empty and 0 where there is nothing to draw.
struct Panel {
  Markup drawing;
  double height = 0;
};
// A line through points, by rising x, with axes of its own. Points with a NaN are left out; fewer than two
// are nothing to draw.
struct LineSpec {
  std::string x_name, y_name;
  std::vector<std::pair<double, double>> points;
};
[[nodiscard]] Panel line_panel(const LineSpec& line, double width);

// An accessible figure: the drawing (role img, named by title and description), a caption, and the same
// figures as a table that unfolds. `id` is unique on the page.
struct FigureSpec {
  std::string id;
  std::string title;
  std::string description;
  double width = 0, height = 0;
  Markup drawing;
  Markup legend;  // may be empty
  std::string caption;
  Markup table;
};
[[nodiscard]] Markup figure(const FigureSpec& spec);

}  // namespace triage
