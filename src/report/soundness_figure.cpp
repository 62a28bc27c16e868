// The report's curve of coverage and score: what refusing the inputs farthest from training would bring.
#include <fmt/format.h>

#include <algorithm>

#include "report/phrases.h"
#include "report/sections.h"
#include "report/sentences.h"
#include "report/svg.h"

namespace triage {
namespace {

constexpr double kWidth = 1000;
constexpr std::size_t kTableRows = 20;

std::string coverage_head(const Evaluation& evaluation) {
  const ScoreWords words = words_of(evaluation);
  return words.is_named() ? words.head() : criterion_name(evaluation) + " %";
}

Markup coverage_table(const Evaluation& evaluation) {
  const auto& points = evaluation.soundness.points;
  TableSpec table;
  table.caption = "Score of the inputs that are answered when those farther than a limit are refused";
  table.head = {"answered %", coverage_head(evaluation) + " of the answered", "mean distance at most"};
  const std::size_t step = std::max<std::size_t>(1, points.size() / kTableRows);
  // Counted from the last, which answers all.
  for (std::size_t i = points.empty() ? 0 : (points.size() - 1) % step; i < points.size(); i += step) {
    table.rows.push_back({percent(points[i].coverage), words_of(evaluation).score(points[i].score),
                          fmt::format("{:.4f}", points[i].distance)});
  }
  return html_table(table);
}

}  // namespace

Markup soundness_figure(const Evaluation& evaluation) {
  LineSpec line;
  line.x_name = "answered, %";
  const ScoreWords words = words_of(evaluation);
  line.y_name = words.is_named() ? words.head() + " of the answered"
                                 : criterion_name(evaluation) + " score of the answered, %";
  for (const SoundnessPoint& point : evaluation.soundness.points) {
    line.points.emplace_back(100 * point.coverage, words.terms().shown(point.score));
  }
  const Panel panel = line_panel(line, kWidth);
  if (panel.drawing.empty()) return {};
  FigureSpec spec;
  spec.id = "soundness";
  spec.title = "Coverage and score when the farthest inputs are refused";
  spec.description = soundness_sentence(evaluation.soundness, words);
  spec.width = kWidth;
  spec.height = panel.height;
  spec.drawing = panel.drawing;
  spec.caption =
      "Inputs whose mean distance to their nearest training inputs exceeds a limit are refused; the limit "
      "sweeps over all distances. At the right all are answered. Where distance predicts failure, the line " +
      std::string(words.less_is_better() ? "rises" : "falls") + " from left to right.";
  spec.table = coverage_table(evaluation);
  return figure(spec);
}

}  // namespace triage
