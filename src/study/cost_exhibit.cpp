// Section 5.5: what training and deploying a premodel takes.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "policy/policy_codec.h"
#include "report/phrases.h"
#include "study/exhibits.h"
#include "triage/clock.h"

namespace triage {
namespace {

// Minutes that profiling every model on every input spent inside them, from the table's own times.
double profiling_minutes(const Table& table) {
  double ms = 0;
  for (std::size_t i = 0; i < table.n_inputs(); ++i) {
    for (std::size_t m = 0; m < table.n_models(); ++m) ms += table.cost_ms(i, static_cast<ModelIndex>(m));
  }
  return ms / 60'000;
}

template <class Work>
double milliseconds_of(const Work& work) {
  const std::int64_t start = steady_clock().now_ns();
  work();
  return static_cast<double>(steady_clock().now_ns() - start) * 1e-6;
}

double mean_feature_ms(const Table& table) {
  double ms = 0;
  for (const float node : table.node_ms) ms += static_cast<double>(node);
  return ms / static_cast<double>(std::max<std::size_t>(1, table.n_inputs()));
}

}  // namespace

Exhibit cost_exhibit(const StudyRun& run, double search_ms) {
  const Table& table = run.table;
  const Fold& fold = run.folds.front();
  const PremodelOptions options = paper_premodel(run.options);
  const Metrics& premodel = method_of(run.evaluation, {MethodKind::kPremodel}).pooled;
  TrainedPremodel trained;
  const double train_ms =
      milliseconds_of([&] { trained = train_premodel(table, fold.train, run.options, options); });
  const auto costs = mean_costs(table, all_rows(table));
  const auto joules = mean_energy(table);
  const auto cheapest =
      static_cast<std::size_t>(std::min_element(costs.begin(), costs.end()) - costs.begin());
  const auto dearest = static_cast<std::size_t>(std::max_element(costs.begin(), costs.end()) - costs.begin());
  const double selection_ms = premodel.mean_ms * premodel.overhead;
  const double selection_j = premodel.mean_j * premodel.overhead_j;
  Exhibit exhibit;
  exhibit.id = "section-5.5";
  exhibit.title = "Section 5.5: training and deployment overhead";
  exhibit.data.columns = {{"what", 0}, {"value", 4}, {"unit", 0}, {"paper", 0}};
  const auto add = [&](std::string what, double value, const char* unit, const char* paper) {
    const bool known = std::isfinite(value);
    exhibit.data.rows.push_back(
        {std::move(what), known ? Cell(value) : Cell("not measured"), std::string(unit), std::string(paper)});
  };
  add("running every model on every input", profiling_minutes(table), "minutes", "most of less than a day");
  add("extracting every feature of one input", mean_feature_ms(table), "ms", "");
  add("Algorithm 1, one fold",
      milliseconds_of([&] { (void)select_models(table, fold.train, run.options.criterion, options.theta); }),
      "ms", "");
  add("choosing features, one fold", search_ms, "ms", "less than 2 hours with tuning");
  add("training the premodel, one fold", train_ms, "ms", "");
  add("premodel: features and decision", selection_ms, "ms", "");
  add("premodel's share of the whole time", 100 * premodel.overhead, "%", "20");
  add("its time against the cheapest model's", 100 * selection_ms / costs[cheapest], "%", "27");
  add("its time against the dearest model's", 100 * selection_ms / costs[dearest], "%", "9.52");
  add("premodel's share of the whole energy", 100 * premodel.overhead_j, "%", "11");
  add("its energy against the cheapest model's", 100 * selection_j / joules[cheapest], "%", "25");
  add("its energy against the dearest model's", 100 * selection_j / joules[dearest], "%", "7");
  add("premodel's policy file", static_cast<double>(encode_policy(*trained.policy).size()) / 1e6,
      "MB; in memory the same", "negligible");
  for (const ModelIndex model : run.evaluation.selection.models) {
    const std::string& name = table.models[static_cast<std::size_t>(model)].name;
    const auto bytes = run.options.model_bytes.find(name);
    if (bytes != run.options.model_bytes.end())
      add("file of " + name, static_cast<double>(bytes->second) / 1e6, "MB", "");
  }
  exhibit.paper =
      "The premodel is 20 % of the time: 27 % of the cheapest model's, 9.52 % of the dearest one's.";
  exhibit.ours = fmt::format("It is {} %: {} % of the cheapest model's, {} % of the dearest one's.",
                             percent(premodel.overhead), percent(selection_ms / costs[cheapest]),
                             percent(selection_ms / costs[dearest]));
  exhibit.verdict = selection_ms > costs[cheapest]
                        ? "Differs: selecting takes longer than the cheapest model."
                        : "Agrees in kind: selecting takes a fraction of the cheapest model's time.";
  return exhibit;
}

}  // namespace triage
