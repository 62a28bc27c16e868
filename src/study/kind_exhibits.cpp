// Figures 9 and 10: other ways of making the premodel.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "report/phrases.h"
#include "study/exhibits.h"

namespace triage {
namespace {

StudyVariant kind_variant(const StudyRun& run, const std::string& kind) {
  StudyVariant variant{kind, "", paper_premodel(run.options), {}};
  variant.options.kind = kind;
  variant.options.full = run.options.full_svm;
  return variant;
}

std::vector<Column> kind_columns(const StudyRun& run) {
  return {{"premodel", 0},
          {fmt::format("{} %", criterion_name(run.evaluation)), 2},
          {"mean ms", 4},
          {"selection ms", 4},
          {"chose the optimum %", 2},
          {"over the zero router, points", 2},
          {"low", 2},
          {"high", 2},
          {"training a fold, ms", 0}};
}

std::vector<Cell> kind_row(const JudgedVariant& judged) {
  const Metrics& m = judged.method.pooled;
  const Estimate& above = judged.method.above_router;
  return {judged.variant.name,
          percent_cell(m.score),
          m.mean_ms,
          m.mean_ms * m.overhead,
          percent_cell(m.optimum),
          percent_cell(above.value),
          percent_cell(above.interval.low),
          percent_cell(above.interval.high),
          judged.train_ms};
}

std::vector<Cell> missing_row(std::string why, std::size_t n_columns) {
  std::vector<Cell> row(n_columns, kNotMeasured);
  row.front() = std::move(why);
  return row;
}

const JudgedVariant& best_of(std::span<const JudgedVariant> judged) {
  return *std::max_element(judged.begin(), judged.end(), [](const JudgedVariant& a, const JudgedVariant& b) {
    return a.method.pooled.score < b.method.pooled.score;
  });
}

}  // namespace

Exhibit techniques_exhibit(const StudyRun& run) {
  std::vector<StudyVariant> variants;
  for (const char* kind : {"knn", "dt", "svm"}) variants.push_back(kind_variant(run, kind));
  const bool has_network = !run.table.selectors.empty();
  if (has_network) variants.push_back(kind_variant(run, "cnn"));
  const auto judged = judge_variants(run, variants);
  Exhibit exhibit;
  exhibit.id = "figure-9";
  exhibit.title = "Figure 9: one chooser among all selected models";
  exhibit.about = fmt::format("Hyper-parameters are chosen inside the fold; the SVM is trained on {} of it.",
                              run.options.full_svm ? "all inputs" : "at most 5,000 inputs");
  exhibit.data.columns = kind_columns(run);
  for (const JudgedVariant& variant : judged) exhibit.data.rows.push_back(kind_row(variant));
  if (!has_network)
    exhibit.data.rows.push_back(
        missing_row("cnn: the profile has no selector networks", exhibit.data.columns.size()));
  exhibit.chart = {ChartSpec::Kind::kBars, 0, {1, 2}};
  const JudgedVariant& best = best_of(judged);
  exhibit.paper =
      "KNN is the most accurate, at about the time of DT and SVM; a CNN is disappointing and slow.";
  exhibit.ours = fmt::format("{} is the most accurate: {} % at {} ms.", best.variant.name,
                             percent(best.method.pooled.score, 2), milliseconds(best.method.pooled.mean_ms));
  exhibit.verdict = best.variant.name == "knn" ? "Agrees that KNN is the most accurate of them."
                                               : "Differs: KNN is not the most accurate of them.";
  return exhibit;
}

Exhibit mixtures_exhibit(const StudyRun& run) {
  constexpr std::array kKinds{"knn", "dt", "svm"};
  std::vector<StudyVariant> variants;
  for (const char* first : kKinds) {
    for (const char* second : kKinds) {
      for (const char* third : kKinds)
        variants.push_back(kind_variant(run, fmt::format("{}.{}.{}", first, second, third)));
    }
  }
  auto judged = judge_variants(run, variants);
  std::stable_sort(judged.begin(), judged.end(), [](const JudgedVariant& a, const JudgedVariant& b) {
    return a.method.pooled.score > b.method.pooled.score;
  });
  Exhibit exhibit;
  exhibit.id = "figure-10";
  exhibit.title = "Figure 10: every three-level premodel";
  exhibit.about =
      "First.second.third stage, the most accurate first; where Algorithm 1 keeps more than three models the "
      "last kind goes on.";
  exhibit.data.columns = kind_columns(run);
  for (const JudgedVariant& variant : judged) exhibit.data.rows.push_back(kind_row(variant));
  exhibit.chart = {ChartSpec::Kind::kBars, 0, {1, 3}};
  const auto paper = std::find_if(judged.begin(), judged.end(),
                                  [](const JudgedVariant& v) { return v.variant.name == kPaperPremodel; });
  exhibit.paper = "KNN.KNN.KNN is the most accurate (87.4 %) and the fastest.";
  exhibit.ours =
      fmt::format("{} is the most accurate ({} %); knn.knn.knn is number {} of {} with {} %.",
                  judged.front().variant.name, percent(judged.front().method.pooled.score, 2),
                  paper - judged.begin() + 1, judged.size(), percent(paper->method.pooled.score, 2));
  exhibit.verdict = paper == judged.begin() ? "Agrees." : "Differs: other mixtures are more accurate.";
  return exhibit;
}

}  // namespace triage
