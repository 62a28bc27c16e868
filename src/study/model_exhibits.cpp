// Figures 1, 5, 6 and 11, Table 1: the models, how they complement one another, how many are worth having.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <numeric>
#include <optional>

#include "evaluate/metrics.h"
#include "report/phrases.h"
#include "study/exhibits.h"

namespace triage {
namespace {

// Three inputs such as those of Figure 1: the cheapest model is right under both criteria; the cheapest is
// wrong under both and another one is right; and the optimum depends on the criterion.
struct ExampleInputs {
  std::vector<std::uint32_t> rows;
  std::vector<std::string> why;
};

ExampleInputs find_examples(const Table& table, std::span<const double> costs) {
  const auto models = all_models(table);
  const auto cheapest = static_cast<ModelIndex>(std::min_element(costs.begin(), costs.end()) - costs.begin());
  std::optional<std::uint32_t> easy, harder, divided;
  for (std::uint32_t i = 0; i < table.n_inputs(); ++i) {
    const ModelIndex top1 = optimum(table, i, models, costs, Criterion::kTop1);
    const ModelIndex top5 = optimum(table, i, models, costs, Criterion::kTop5);
    if (!easy && top1 == cheapest) easy = i;
    // The optimum is neither end of the zoo, and the same under both criteria.
    if (!harder && top1 != kNoModel && top1 == top5 && top1 != cheapest) harder = i;
    if (!divided && top1 != kNoModel && top5 != kNoModel && top1 != top5 && top5 != cheapest) divided = i;
  }
  if (!divided) {  // few networks are wrong by top-5 where there are few classes
    for (std::uint32_t i = 0; i < table.n_inputs() && !divided; ++i) {
      const ModelIndex top1 = optimum(table, i, models, costs, Criterion::kTop1);
      if (top1 != kNoModel && top1 != optimum(table, i, models, costs, Criterion::kTop5)) divided = i;
    }
  }
  ExampleInputs examples;
  const auto add = [&](const std::optional<std::uint32_t>& row, const char* why) {
    if (!row) return;
    examples.rows.push_back(*row);
    examples.why.emplace_back(why);
  };
  add(easy, "the cheapest model is right");
  add(harder, "the cheapest model is wrong, a dearer one is right");
  add(divided, "the best model depends on the criterion");
  return examples;
}

std::string optimum_name(const Table& table, std::uint32_t row, std::span<const double> costs,
                         Criterion criterion) {
  const ModelIndex best = optimum(table, row, all_models(table), costs, criterion);
  return best == kNoModel ? "none" : table.models[static_cast<std::size_t>(best)].name;
}

std::vector<Picture> load_pictures(const StudyRun& run, const ExampleInputs& examples) {
  std::vector<Picture> pictures;
  if (run.options.data == nullptr) return pictures;
  for (std::size_t k = 0; k < examples.rows.size(); ++k) {
    const std::string& id = run.table.ids[examples.rows[k]];
    for (std::size_t i = 0; i < run.options.data->size(); ++i) {
      if (run.options.data->id(i) != id) continue;
      pictures.push_back({fmt::format("({}) {}: {}", static_cast<char>('a' + k), id, examples.why[k]),
                          run.options.data->load(i, {})});
      break;
    }
  }
  return pictures;
}

// Accuracy of each model on the rows where all of `failing` are wrong.
Exhibit failing_exhibit(const StudyRun& run, std::span<const ModelIndex> failing, char letter) {
  const Table& table = run.table;
  std::vector<std::uint32_t> rows;
  for (std::uint32_t i = 0; i < table.n_inputs(); ++i) {
    if (std::none_of(failing.begin(), failing.end(),
                     [&](ModelIndex m) { return table.score(i, m, run.options.criterion) > 0; })) {
      rows.push_back(i);
    }
  }
  std::vector<std::string> names;
  for (const ModelIndex m : failing) names.push_back(table.models[static_cast<std::size_t>(m)].name);
  Exhibit exhibit;
  exhibit.id = fmt::format("figure-6{}", letter);
  exhibit.title = fmt::format("Figure 6{}: {} where {} {}", letter, score_subject(run.evaluation),
                              fmt::join(names, " and "), names.size() == 1 ? "fails" : "fail");
  exhibit.about =
      fmt::format("{} of the inputs, {} of {}.",
                  percent(static_cast<double>(rows.size()) / static_cast<double>(table.n_inputs())) + " %",
                  rows.size(), table.n_inputs());
  exhibit.data.columns = {{"model", 0}, {fmt::format("{} %", criterion_name(run.evaluation)), 2}};
  const auto scores = mean_scores(table, rows, run.options.criterion);
  std::size_t best = 0;
  for (std::size_t m = 0; m < table.n_models(); ++m) {
    exhibit.data.rows.push_back({table.models[m].name, percent_cell(rows.empty() ? 0.0 : scores[m])});
    if (scores[m] > scores[best]) best = m;
  }
  exhibit.chart = {ChartSpec::Kind::kBars, 0, {1}};
  exhibit.paper = letter == 'b'
                      ? "Inception_v4 is right on 43.91 % of the 29.25 % where MobileNet_v1_100 fails."
                      : "ResNet_v1_152 adds 2.55 points of coverage.";
  exhibit.ours = rows.empty() ? "No input is left on which all of these fail."
                              : fmt::format("{} is right on {} % of them.", table.models[best].name,
                                            percent(scores[best], 2));
  exhibit.verdict = scores.empty() || !(scores[best] > 0.25)
                        ? "Unlike in the paper, hardly any of the others is right where these fail."
                        : "As in the paper, a dearer model repairs a good part of what the first ones miss.";
  return exhibit;
}

}  // namespace

std::vector<Exhibit> motivation_exhibits(const StudyRun& run) {
  const Table& table = run.table;
  const auto rows = all_rows(table);
  const auto costs = mean_costs(table, rows);
  const ExampleInputs examples = find_examples(table, costs);

  Exhibit figure;
  figure.id = "figure-1";
  figure.title = "Figure 1: three inputs and the time that each model takes on them";
  figure.about = "Found in the profile automatically: the first input of each kind.";
  figure.paper =
      "MobileNet_v1_025 is 6.13 times faster than ResNet_v2_152 on image (a); which model is best differs on "
      "all three.";
  figure.data.columns = {{"model", 0}};
  Exhibit list;
  list.id = "table-1";
  list.title = "Table 1: models that are right on each of them";
  list.paper = "All models on (a); Inception_v2 and dearer ones on (b); on (c) it depends on the criterion.";
  const std::string top1 = score_word(Criterion::kTop1, run.evaluation.labels_from);
  const std::string top5 = score_word(Criterion::kTop5, run.evaluation.labels_from);
  list.data.columns = {{"input", 0}, {"why it was chosen", 0}, {top1, 0},
                       {top5, 0},    {"best by " + top1, 0},   {"best by " + top5, 0}};
  for (std::size_t k = 0; k < examples.rows.size(); ++k) {
    const std::uint32_t row = examples.rows[k];
    const std::string letter = fmt::format("({})", static_cast<char>('a' + k));
    figure.data.columns.push_back({letter + " ms", 4});
    figure.chart.values.push_back(k + 1);
    std::vector<std::string> right[2];
    for (std::size_t m = 0; m < table.n_models(); ++m) {
      for (const Criterion criterion : {Criterion::kTop1, Criterion::kTop5}) {
        if (table.score(row, static_cast<ModelIndex>(m), criterion) > 0)
          right[criterion == Criterion::kTop5].push_back(table.models[m].name);
      }
    }
    list.data.rows.push_back(
        {letter + " " + table.ids[row], examples.why[k], fmt::format("{}", fmt::join(right[0], ", ")),
         fmt::format("{}", fmt::join(right[1], ", ")), optimum_name(table, row, costs, Criterion::kTop1),
         optimum_name(table, row, costs, Criterion::kTop5)});
  }
  for (std::size_t m = 0; m < table.n_models(); ++m) {
    std::vector<Cell> cells{table.models[m].name};
    for (const std::uint32_t row : examples.rows)
      cells.emplace_back(table.cost_ms(row, static_cast<ModelIndex>(m)));
    figure.data.rows.push_back(std::move(cells));
  }
  figure.chart.kind = ChartSpec::Kind::kBars;
  figure.pictures = load_pictures(run, examples);
  const auto [low, high] = std::minmax_element(costs.begin(), costs.end());
  figure.ours = fmt::format("The cheapest model is {} times faster than the dearest.", times(*high / *low));
  list.ours = fmt::format("{} such inputs were found.", examples.rows.size());
  figure.verdict = list.verdict =
      examples.rows.size() == 3
          ? "Agrees: no one model is the best for every input and criterion."
          : "Agrees in part: not every kind of input that the paper shows exists in this profile.";
  return {std::move(figure), std::move(list)};
}

Exhibit optimum_exhibit(const StudyRun& run) {
  const Evaluation& evaluation = run.evaluation;
  Exhibit exhibit;
  exhibit.id = "figure-5";
  exhibit.title = "Figure 5: how often each model is the optimum";
  exhibit.about = "The optimum is the cheapest model that is right, by mean times.";
  exhibit.data.columns = {{"model", 0}, {"optimum on % of the inputs", 2}};
  for (std::size_t m = 0; m < evaluation.models.size(); ++m) {
    exhibit.data.rows.push_back({evaluation.models[m], percent_cell(evaluation.optimum_share[m])});
  }
  exhibit.data.rows.push_back({std::string("none is right"), percent_cell(evaluation.optimum_share.back())});
  exhibit.chart = {ChartSpec::Kind::kBars, 0, {1}};
  const auto best = std::max_element(evaluation.optimum_share.begin(), evaluation.optimum_share.end() - 1);
  exhibit.paper = "MobileNet_v1_100 on 70.75 % of the training data.";
  exhibit.ours =
      fmt::format("{} on {} %; on {} % no model is right.",
                  evaluation.models[static_cast<std::size_t>(best - evaluation.optimum_share.begin())],
                  percent(*best, 2), percent(evaluation.optimum_share.back(), 2));
  exhibit.verdict = *best > 0.5 ? "Agrees: one cheap model is enough for most inputs."
                                : "Differs: no one model is the optimum of most inputs.";
  return exhibit;
}

std::vector<Exhibit> selection_exhibits(const StudyRun& run) {
  const Table& table = run.table;
  const auto rows = all_rows(table);
  const auto scores = mean_scores(table, rows, run.options.criterion);
  const auto costs = mean_costs(table, rows);
  const ModelSelection& selection = run.evaluation.selection;
  Exhibit all;
  all.id = "figure-6a";
  all.title = fmt::format("Figure 6a: {} and mean time of every model", score_subject(run.evaluation));
  all.data.columns = {{"model", 0}, {fmt::format("{} %", criterion_name(run.evaluation)), 2}, {"mean ms", 4}};
  for (std::size_t m = 0; m < table.n_models(); ++m) {
    all.data.rows.push_back({table.models[m].name, percent_cell(scores[m]), costs[m]});
  }
  all.chart = {ChartSpec::Kind::kBars, 0, {1, 2}};
  std::string trace;
  for (const SelectionStep& step : selection.trace) {
    trace += fmt::format("{}{} {} %{}", trace.empty() ? "" : " + ",
                         table.models[static_cast<std::size_t>(step.model)].name, percent(step.gain, 2),
                         step.kept ? "" : " (dropped: not over theta)");
  }
  all.paper =
      "Algorithm 1 takes MobileNet_v1_100 (70.75 %), Inception_v4 (+12.84), ResNet_v1_152 (+2.55), and "
      "stops.";
  all.ours = fmt::format("Algorithm 1, coverage: {}.", trace);
  all.verdict = fmt::format("Algorithm 1 keeps {} models here, three in the paper.", selection.models.size());
  std::vector<Exhibit> exhibits{std::move(all)};
  for (std::size_t k = 1; k <= std::min<std::size_t>(2, selection.models.size()); ++k) {
    exhibits.push_back(
        failing_exhibit(run, std::span(selection.models).first(k), static_cast<char>('a' + k)));
  }
  return exhibits;
}

Exhibit model_count_exhibit(const StudyRun& run) {
  std::vector<StudyVariant> variants;
  for (std::size_t count = 1; count <= std::min<std::size_t>(5, run.table.n_models()); ++count) {
    PremodelOptions options = paper_premodel(run.options);
    options.theta = 0;
    options.max_models = count;
    variants.push_back({fmt::format("{} models", count), "", options, {}});
  }
  Exhibit exhibit;
  exhibit.id = "figure-11";
  exhibit.title = "Figure 11: how many models are worth having";
  exhibit.about =
      "Theta is ignored; Algorithm 1 goes on to the given number of models. Half of the inputs take up to "
      "p50, "
      "all but one in a hundred up to p99.";
  exhibit.data.columns = {{"models", 0},       {fmt::format("{} %", criterion_name(run.evaluation)), 2},
                          {"mean ms", 4},      {"p50 ms", 4},
                          {"p99 ms", 4},       {"selection ms", 4},
                          {"models chosen", 0}};
  double best = 0, previous = 0;
  std::size_t plateau = 1;
  for (const JudgedVariant& judged : judge_variants(run, variants)) {
    const Metrics& figures = judged.method.pooled;
    const auto count = exhibit.data.rows.size() + 1;
    exhibit.data.rows.push_back({static_cast<double>(count), percent_cell(figures.score), figures.mean_ms,
                                 figures.p50_ms, figures.p99_ms, figures.mean_ms * figures.overhead,
                                 fmt::format("{}", fmt::join(judged.selected, ", "))});
    if (count > 1 && figures.score > previous + 0.005) plateau = count;
    previous = figures.score;
    best = std::max(best, figures.score);
  }
  exhibit.chart = {ChartSpec::Kind::kLines, 0, {1, 2}};
  exhibit.paper = "A plateau of about 87.5 % top-1 from three models on; time grows with each.";
  exhibit.ours = fmt::format("{} % at best; the last model that adds over half a point is number {}.",
                             percent(best, 2), plateau);
  exhibit.verdict = fmt::format("{} to the paper: accuracy stops growing at {} model{}.",
                                plateau <= 3 ? "Similar" : "In contrast", plateau, plateau == 1 ? "" : "s");
  return exhibit;
}

}  // namespace triage
