// Section 5.5: what training and deploying a premodel takes.
#include <fmt/format.h>

#include <algorithm>

#include "eval/words.h"
#include "study/exhibits.h"

namespace triage {
namespace {

// Hours that profiling every model on every input spent inside them, from the table's own times.
double profiling_minutes(const Table& table) {
  double ms = 0;
  for (std::size_t i = 0; i < table.n_inputs(); ++i) {
    for (std::size_t m = 0; m < table.n_models(); ++m) ms += table.cost_ms(i, static_cast<ModelIndex>(m));
  }
  return ms / 60'000;
}

double mean_feature_ms(const Table& table) {
  double ms = 0;
  for (const float node : table.node_ms) ms += static_cast<double>(node);
  return ms / static_cast<double>(std::max<std::size_t>(1, table.n_inputs()));
}

}  // namespace

Exhibit cost_exhibit(const StudyRun& run) {
  const Table& table = run.table;
  const auto judged =
      judge_variants(run, std::vector<Variant>{{"premodel", "", paper_premodel(run.options), {}}});
  const JudgedVariant& premodel = judged.front();
  const auto costs = mean_costs(table, all_rows(table));
  const auto [cheapest, dearest] = std::minmax_element(costs.begin(), costs.end());
  const double selection_ms = premodel.method.pooled.mean_ms * premodel.method.pooled.overhead;
  Exhibit exhibit;
  exhibit.id = "section-5.5";
  exhibit.title = "Section 5.5: training and deployment overhead";
  exhibit.data.columns = {{"what", 0}, {"value", 4}, {"unit", 0}, {"paper", 0}};
  const auto add = [&](const char* what, double value, const char* unit, const char* paper) {
    exhibit.data.rows.push_back({std::string(what), value, std::string(unit), std::string(paper)});
  };
  add("running every model on every input", profiling_minutes(table), "minutes", "most of less than a day");
  add("extracting every feature of one input", mean_feature_ms(table), "ms", "");
  add("training the premodel, one fold", premodel.train_ms, "ms", "");
  add("premodel: features and decision", selection_ms, "ms", "");
  add("premodel's share of the whole time", 100 * premodel.method.pooled.overhead, "%", "20");
  add("against the cheapest model", 100 * selection_ms / *cheapest, "%", "27");
  add("against the dearest model", 100 * selection_ms / *dearest, "%", "9.52");
  const std::size_t n_train = run.folds.front().train.size();
  add("premodel in memory", static_cast<double>(n_train * paper_features().size() * sizeof(float)) / 1e6,
      "MB of training features", "negligible");
  exhibit.paper =
      "The premodel is 20 % of the time: 27 % of the cheapest model's, 9.52 % of the dearest one's.";
  exhibit.ours = fmt::format("It is {} %: {} % of the cheapest model's, {} % of the dearest one's.",
                             percent(premodel.method.pooled.overhead), percent(selection_ms / *cheapest),
                             percent(selection_ms / *dearest));
  exhibit.verdict = selection_ms > *cheapest
                        ? "Differs: selecting takes longer than the cheapest model."
                        : "Agrees in kind: selecting takes a fraction of the cheapest model's time.";
  return exhibit;
}

}  // namespace triage
