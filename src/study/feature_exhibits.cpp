// Tables 2 to 4, Figures 7, 12 and 13: the features, searched inside every fold.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>

#include "report/phrases.h"
#include "study/exhibits.h"
#include "triage/tools/features.h"

namespace triage {
namespace {

// Means over the folds by feature name.
struct FoldMean {
  double sum = 0;
  double folds = 0;
  [[nodiscard]] double value() const { return folds > 0 ? sum / folds : 0; }
  void add(double value) {
    sum += value;
    folds += 1;
  }
};

// Name and mean, the greatest first; ties by name.
std::vector<std::pair<std::string, double>> ranked(const std::map<std::string, FoldMean>& means) {
  std::vector<std::pair<std::string, double>> out;
  for (const auto& [name, mean] : means) out.emplace_back(name, mean.value());
  std::stable_sort(out.begin(), out.end(), [](const auto& a, const auto& b) { return a.second > b.second; });
  return out;
}

std::string search_note(const StudyRun& run, std::span<const FeatureSelection> searches) {
  return fmt::format("Searched in each of the {} folds on {} of its {} training inputs.", searches.size(),
                     searches.front().n_rows, run.folds.front().train.size());
}

Exhibit candidates_exhibit(std::span<const FeatureSelection> searches) {
  Exhibit exhibit;
  exhibit.id = "table-2";
  exhibit.title = "Table 2: all features considered";
  exhibit.about = "Time alone: with everything that the feature needs; mean over the first fold's inputs.";
  exhibit.data.columns = {{"feature", 0}, {"unit", 0}, {"ms alone", 4}, {"usefulness", 4}, {"dropped", 0}};
  const FeatureSelection& first = searches.front();
  for (const FeatureInfo& info : feature_registry()) {
    const auto summary = std::find_if(first.candidates.begin(), first.candidates.end(),
                                      [&](const FeatureSummary& s) { return s.name == info.name; });
    const auto dropped = std::find_if(first.dropped.begin(), first.dropped.end(),
                                      [&](const DroppedFeature& d) { return d.name == info.name; });
    const bool known = summary != first.candidates.end();
    if (!known && dropped == first.dropped.end()) continue;
    exhibit.data.rows.push_back(
        {std::string(info.name), std::string(info.unit), known ? summary->extraction_ms : kNotMeasured,
         known ? summary->usefulness : kNotMeasured, known ? std::string() : dropped->reason});
  }
  exhibit.paper = "29 features are listed.";
  exhibit.ours = fmt::format("{} of them; {} {} dropped before the search.", exhibit.data.rows.size(),
                             first.dropped.size(), first.dropped.size() == 1 ? "was" : "were");
  exhibit.verdict =
      "The paper only names them; the definitions are ours. Usefulness is the share of a feature's variance "
      "that lies "
      "between the premodel's labels: 1 would tell them apart, 0 says nothing.";
  return exhibit;
}

Exhibit correlation_exhibit(const StudyRun& run, std::span<const FeatureSelection> searches) {
  Exhibit exhibit;
  exhibit.id = "table-3";
  exhibit.title = "Table 3: features removed for their correlation with a kept one";
  exhibit.about =
      "|r| above 0.75; of a pair the one that is cheaper to extract stays. " + search_note(run, searches);
  exhibit.data.columns = {
      {"removed", 0}, {"kept (first fold)", 0}, {"r (first fold)", 3}, {"folds that remove it", 0}};
  std::map<std::string, double> folds;
  for (const FeatureSelection& search : searches) {
    for (const CorrelatedFeature& feature : search.correlated) folds[feature.name] += 1;
  }
  for (const CorrelatedFeature& feature : searches.front().correlated) {
    exhibit.data.rows.push_back({feature.name, feature.kept, feature.r, folds[feature.name]});
  }
  const FeatureSelection& first = searches.front();
  exhibit.paper = "12 are removed (three of brightness, edge_length4 to 7, hue2 to 6), 17 stay.";
  exhibit.ours =
      fmt::format("{} are removed, {} stay.", first.correlated.size(), first.trace.front().features.size());
  exhibit.verdict = "The measures of brightness say the same in both; the rest depends on the images.";
  if (exhibit.data.rows.empty())
    exhibit.data.rows.push_back({std::string("none"), std::string(), kNotMeasured, kNotMeasured});
  return exhibit;
}

// The step of the elimination at which as many features are left as the paper keeps, or the first where there
// are fewer.
const EliminationStep& paper_step(const FeatureSelection& search) {
  const std::size_t wanted = paper_features().size();
  const auto step = std::find_if(search.trace.begin(), search.trace.end(),
                                 [&](const EliminationStep& s) { return s.features.size() == wanted; });
  return step == search.trace.end() ? search.trace.front() : *step;
}

Exhibit chosen_exhibit(const StudyRun& run, std::span<const FeatureSelection> searches) {
  Exhibit exhibit;
  exhibit.id = "table-4";
  exhibit.title = "Table 4: the chosen features";
  exhibit.about = "The seven that greedy elimination leaves. " + search_note(run, searches);
  exhibit.data.columns = {{"feature", 0}, {"folds that choose it", 0}, {"among the paper's seven", 0}};
  std::map<std::string, double> folds;
  FoldMean enough;
  for (const FeatureSelection& search : searches) {
    for (const std::string& name : paper_step(search).features) folds[name] += 1;
    enough.add(static_cast<double>(search.features.size()));
  }
  const auto paper = paper_features();
  std::size_t shared = 0;
  for (const auto& [name, n] : folds) {
    const bool in_paper = std::find(paper.begin(), paper.end(), name) != paper.end();
    shared += in_paper && n * 2 > static_cast<double>(searches.size()) ? 1 : 0;
    exhibit.data.rows.push_back({name, n, std::string(in_paper ? "yes" : "no")});
  }
  std::stable_sort(exhibit.data.rows.begin(), exhibit.data.rows.end(), [](const auto& a, const auto& b) {
    return std::get<double>(a[1]) > std::get<double>(b[1]);
  });
  exhibit.paper = fmt::format("{}.", fmt::join(paper, ", "));
  exhibit.ours = fmt::format(
      "{} of the paper's seven are chosen in most folds. The fewest within a standard error of the best "
      "accuracy would be {:.1f} on "
      "average.",
      shared, enough.value());
  exhibit.verdict = shared >= 4 ? "Largely the paper's choice." : "Another choice than the paper's.";
  return exhibit;
}

Exhibit importance_exhibit(const StudyRun& run, std::span<const FeatureSelection> searches) {
  std::map<std::string, FoldMean> losses;
  for (const FeatureSelection& search : searches) {
    const EliminationStep& step = paper_step(search);
    for (const LeftOut& left : step.left_out) losses[left.name].add(step.accuracy - left.accuracy);
  }
  double total = 0;
  for (const auto& [name, loss] : losses) total += std::max(0.0, loss.value());
  Exhibit exhibit;
  exhibit.id = "figure-7";
  exhibit.title = "Figure 7: the five features that matter most";
  exhibit.about =
      "Accuracy lost without the feature, mean over the folds that choose it, and its share of all such "
      "losses above 0. " +
      search_note(run, searches);
  exhibit.data.columns = {{"feature", 0}, {"importance %", 1}, {"loss, points", 3}};
  auto order = ranked(losses);
  order.resize(std::min<std::size_t>(5, order.size()));
  for (const auto& [name, loss] : order) {
    exhibit.data.rows.push_back({name,
                                 total > 0 ? percent_cell(std::max(0.0, loss) / total) : Cell(kNotMeasured),
                                 percent_cell(loss)});
  }
  exhibit.chart = {ChartSpec::Kind::kBars, 0, {1}};
  exhibit.paper = "Between 18 and 11 %, all of similar weight.";
  const double most = order.front().second;
  exhibit.ours = most > 0 ? fmt::format("{} is the most important with {} %: {} points.", order.front().first,
                                        percent(most / total), points(most))
                          : std::string("Leaving any of them out loses nothing.");
  exhibit.verdict = !(most > 0)           ? "Differs: no feature is missed."
                    : most / total < 0.25 ? "Agrees: no feature stands out."
                                          : "Differs: one feature stands out.";
  return exhibit;
}

Exhibit losses_exhibit(const StudyRun& run, std::span<const FeatureSelection> searches) {
  std::map<std::string, FoldMean> losses;
  FoldMean accuracy, baseline;
  for (const FeatureSelection& search : searches) {
    const EliminationStep& all = search.trace.front();
    for (const LeftOut& left : all.left_out) losses[left.name].add(all.accuracy - left.accuracy);
    accuracy.add(all.accuracy);
    baseline.add(search.baseline);
  }
  Exhibit exhibit;
  exhibit.id = "figure-12";
  exhibit.title = "Figure 12: accuracy lost when a feature is not used";
  exhibit.about =
      "Of all features that the correlation filter leaves: premodel accuracy with all, less that without the "
      "one. " +
      search_note(run, searches);
  exhibit.data.columns = {{"feature", 0}, {"loss, points", 3}};
  for (const auto& [name, loss] : ranked(losses)) exhibit.data.rows.push_back({name, percent_cell(loss)});
  exhibit.chart = {ChartSpec::Kind::kBars, 0, {1}};
  exhibit.paper = "The seven chosen ones lose much more than the others: a sudden drop at the eighth.";
  const double most = losses.empty() ? 0 : ranked(losses).front().second;
  exhibit.ours = fmt::format(
      "At most {} points; the premodel chooses the optimum on {} % with all of them, on {} % without any.",
      points(most), percent(accuracy.value(), 2), percent(baseline.value(), 2));
  exhibit.verdict =
      accuracy.value() > baseline.value() + 0.005
          ? "Features do improve the choice."
          : "Differs: even all features together choose the optimum no more often than no features at all.";
  return exhibit;
}

// Every number of features that all folds' traces have, each fold with its own.
std::vector<StudyVariant> sizes(const StudyRun& run, std::span<const FeatureSelection> searches) {
  std::vector<StudyVariant> variants;
  for (std::size_t count = 1;; ++count) {
    StudyVariant variant{fmt::format("{}", count), "", paper_premodel(run.options), {}};
    for (const FeatureSelection& search : searches) {
      const auto step = std::find_if(search.trace.begin(), search.trace.end(),
                                     [&](const EliminationStep& s) { return s.features.size() == count; });
      if (step != search.trace.end()) variant.features.push_back(step->features);
    }
    if (variant.features.size() < searches.size()) return variants;
    variants.push_back(std::move(variant));
  }
}

Exhibit sizes_exhibit(const StudyRun& run, std::span<const FeatureSelection> searches) {
  Exhibit exhibit;
  exhibit.id = "figure-13";
  exhibit.title = "Figure 13: how many features";
  exhibit.about =
      "Each fold with the features that its own elimination had left at that number, judged on the fold's "
      "other part. " +
      search_note(run, searches);
  exhibit.data.columns = {{"features", 0},
                          {fmt::format("{} %", criterion_name(run.evaluation)), 2},
                          {"selection ms", 4},
                          {"mean ms", 4},
                          {"chose the optimum %", 2}};
  const auto judged = judge_variants(run, sizes(run, searches));
  double best = 0, worst = 1;
  std::size_t best_count = 0;
  for (const JudgedVariant& variant : judged) {
    const Metrics& m = variant.method.pooled;
    exhibit.data.rows.push_back({static_cast<double>(exhibit.data.rows.size() + 1), percent_cell(m.score),
                                 m.mean_ms * m.overhead, m.mean_ms, percent_cell(m.optimum)});
    worst = std::min(worst, m.score);
    if (m.score > best) {
      best = m.score;
      best_count = exhibit.data.rows.size();
    }
  }
  exhibit.chart = {ChartSpec::Kind::kLines, 0, {1, 2}};
  exhibit.paper = "Seven are best: five lose 13.9 points, more lose 0.4.";
  exhibit.ours = fmt::format("{} {} best with {} %; the worst number reaches {} %.", best_count,
                             best_count == 1 ? "is" : "are", percent(best, 2), percent(worst, 2));
  exhibit.verdict = best - worst < 0.02 ? "Differs: how many features are used makes little difference."
                                        : "Agrees that the number matters.";
  return exhibit;
}

// The extras stay out: an image's size, say, would tell data sets apart rather than inputs.
std::vector<std::string> paper_candidates(const Table& table) {
  std::vector<std::string> names;
  for (const FeatureInfo& info : feature_registry()) {
    const auto& known = table.schema.features;
    const bool profiled =
        std::any_of(known.begin(), known.end(), [&](const FeatureRef& f) { return f.name == info.name; });
    if (!info.extra && profiled) names.emplace_back(info.name);
  }
  return names;
}

}  // namespace

std::vector<FeatureSelection> search_features(const StudyRun& run) {
  std::vector<FeatureSelection> searches;
  for (const Fold& fold : run.folds) {
    FeatureSelectionOptions options = selection_options(run.options, paper_premodel(run.options));
    options.candidates = paper_candidates(run.table);
    options.max_rows = run.options.slice == 0 ? SIZE_MAX : run.options.slice;
    searches.push_back(select_features(run.table, fold.train, options));
  }
  return searches;
}

std::vector<Exhibit> feature_exhibits(const StudyRun& run, std::span<const FeatureSelection> searches) {
  return {candidates_exhibit(searches),  correlation_exhibit(run, searches),
          chosen_exhibit(run, searches), importance_exhibit(run, searches),
          losses_exhibit(run, searches), sizes_exhibit(run, searches)};
}

}  // namespace triage
