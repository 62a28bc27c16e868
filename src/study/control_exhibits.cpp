// Beyond the paper's own figures: what a premodel has to beat, how its stages do, and variants of it.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <iterator>

#include "report/method_names.h"
#include "report/phrases.h"
#include "report/sentences.h"
#include "study/exhibits.h"
#include "triage/tools/features.h"
#include "triage/tools/report.h"
#include "triage/tools/stability.h"

namespace triage {
namespace {

std::vector<Cell> method_row(std::string name, const Method& method) {
  return {std::move(name),
          percent_cell(method.pooled.score),
          method.pooled.mean_ms,
          percent_cell(method.score_gain.value),
          percent_cell(method.score_gain.interval.low),
          percent_cell(method.score_gain.interval.high),
          percent_cell(method.above_router.value),
          percent_cell(method.above_router.interval.low),
          percent_cell(method.above_router.interval.high),
          percent_cell(method.pooled.closed_gap),
          percent_cell(method.pooled.optimum)};
}

std::vector<Column> method_columns(const StudyRun& run) {
  return {{"method", 0},
          {fmt::format("{} %", criterion_name(run.evaluation)), 2},
          {"mean ms", 4},
          {"over SBS, points", 2},
          {"low", 2},
          {"high", 2},
          {"over the zero router, points", 2},
          {"low", 2},
          {"high", 2},
          {"closed gap %", 1},
          {"chose the optimum %", 1}};
}

// All features of the profile, by name.
std::vector<std::string> all_feature_names(const Table& table) {
  std::vector<std::string> names;
  for (const FeatureRef& feature : table.schema.features) names.push_back(feature.name);
  return names;
}

std::vector<StudyVariant> variants_of(const StudyRun& run, std::span<const FeatureSelection> searches) {
  const PremodelOptions paper = paper_premodel(run.options);
  std::vector<StudyVariant> variants{
      {"as in the paper", "K = 5, seven features, theta 0.5 points", paper, {}}};
  const auto add = [&](std::string name, std::string about, auto change) {
    PremodelOptions options = paper;
    change(options);
    variants.push_back({std::move(name), std::move(about), options, {}});
  };
  for (const int k : {1, 15, 63}) {
    add(fmt::format("K = {}", k), "neighbours asked", [&](PremodelOptions& o) { o.k = k; });
  }
  for (const int k : {5, 15, 63}) {
    add(fmt::format("K = {}, votes by 1 / distance", k), "nearer neighbours count for more",
        [&](PremodelOptions& o) {
          o.k = k;
          o.weights = VoteWeights::kDistance;
        });
  }
  for (const Table& sized : run.sized.tables) {
    add(fmt::format("features at {} px", sized.schema.working_px),
        fmt::format("images reduced to that short side before features are taken, not to {} px",
                    run.table.schema.working_px),
        [](PremodelOptions&) {});
    variants.back().table = &sized;
  }
  if (run.table.schema.size() > paper_features().size()) {
    add("every feature", "all features of the profile, extras included",
        [&](PremodelOptions& o) { o.features = all_feature_names(run.table); });
  }
  add("features chosen in the fold", "by correlation and elimination, Tables 3 and 4",
      [](PremodelOptions&) {});
  for (const FeatureSelection& search : searches) variants.back().features.push_back(search.features);
  add("theta 0", "Algorithm 1 goes on while coverage grows at all", [](PremodelOptions& o) { o.theta = 0; });
  add("theta 2 points", "fewer models", [](PremodelOptions& o) { o.theta = 0.02; });
  add("Algorithm 1 on the hull", "only models that no mixture of two others beats",
      [](PremodelOptions& o) { o.rule = SelectionRule::kHull; });
  add("Algorithm 1 by gain per cost", "dear models have to earn their time",
      [](PremodelOptions& o) { o.rule = SelectionRule::kGainPerCost; });
  add("label: is correct", "stages learn whether their model is right, not whether it is the optimum",
      [](PremodelOptions& o) { o.label = PremodelLabel::kCorrect; });
  add("refuses", "answers nothing when every stage says no; a refusal counts as wrong",
      [](PremodelOptions& o) { o.fallback = "refuse"; });
  return variants;
}

// A note about the working sizes that have no row.
std::string describe_sizes(const StudyRun& run) {
  const int px = run.table.schema.working_px;
  if (run.options.other_features.empty()) {
    return fmt::format("Features are taken at {} px; profiles of other working sizes were not given.", px);
  }
  std::string text = fmt::format("Features are taken at {} px where nothing else is said.", px);
  for (const int same : run.sized.same_px) {
    text += fmt::format(" At {} px every feature of every input is the same, as no image is larger.", same);
  }
  return text;
}

std::vector<NamedTrainer> timing_trainers(const StudyRun& run) {
  const PremodelOptions premodel = paper_premodel(run.options);
  const LearnOptions& learn = run.options;
  return {{"premodel", [=](const Table& table,
                           Rows rows) { return train_premodel(table, rows, learn, premodel).policy; }},
          {"cascade", [=](const Table& table, Rows rows) { return train_cascade(table, rows, learn); }}};
}

StabilityOptions stability_options(const StudyRun& run) {
  StabilityOptions options;
  options.criterion = run.options.criterion;
  options.folds = run.options.folds;
  options.seed = run.options.seed;
  options.resamples = run.options.resamples;
  options.clock = run.options.clock;
  options.stop = run.options.stop;
  return options;
}

bool is_small(const Stability& stability) {
  return std::all_of(stability.transfers.begin(), stability.transfers.end(), [](const Transfer& t) {
    return high_end(t.score_regret) < 0.005 && high_end(t.time_ratio) < 1.05;
  });
}

}  // namespace

const Method& method_of(const Evaluation& evaluation, MethodId id) { return *evaluation.find(id); }

Exhibit controls_exhibit(const StudyRun& run) {
  Exhibit exhibit;
  exhibit.id = "controls";
  exhibit.title = "Controls: what the premodel has to beat";
  exhibit.about =
      "The paper has no controls. The zero router mixes two single models at random, without looking at the "
      "input, at the same mean "
      "time. Intervals: paired bootstrap, 95 %.";
  exhibit.data.columns = method_columns(run);
  for (const Method& method : run.evaluation.methods) {
    if (method.id.kind == MethodKind::kSingle) continue;
    exhibit.data.rows.push_back(method_row(method_name(run.evaluation, method.id), method));
  }
  const Method& premodel = method_of(run.evaluation, {MethodKind::kPremodel});
  const auto shuffled =
      std::find_if(run.evaluation.contrasts.begin(), run.evaluation.contrasts.end(),
                   [](const Contrast& c) { return c.reference == MethodId{MethodKind::kShuffled}; });
  exhibit.ours =
      fmt::format("Premodel less the zero router at equal time: {}; less itself on shuffled features: {}.",
                  points_phrase(premodel.above_router), points_phrase(shuffled->score_gain));
  exhibit.verdict =
      low_end(premodel.above_router) > 0
          ? "The premodel beats every mixture of single models: its features tell something that pays."
          : "The premodel does not beat a mixture of single models that looks at no input: its features do "
            "not pay here.";
  return exhibit;
}

Exhibit stages_exhibit(const StudyRun& run) {
  Exhibit exhibit;
  exhibit.id = "stages";
  exhibit.title = "Section 5.2: accuracy of the premodel's stages";
  exhibit.about = "Base rate: always giving the answer that was more frequent in training.";
  exhibit.data.columns = {
      {"stage", 0}, {"accuracy %", 2}, {"base rate %", 2}, {"yes is right %", 2}, {"inputs", 0}};
  std::size_t better = 0;
  std::vector<std::string> accuracies;
  for (const StageAccuracy& stage : run.evaluation.stages) {
    exhibit.data.rows.push_back({stage.label, percent_cell(stage.accuracy), percent_cell(stage.base_rate),
                                 percent_cell(stage.positives), static_cast<double>(stage.inputs)});
    accuracies.push_back(percent(stage.accuracy));
    better += stage.accuracy > stage.base_rate ? 1 : 0;
  }
  exhibit.chart = {ChartSpec::Kind::kBars, 0, {1, 2}};
  exhibit.paper = "95.8, 80.1 and 72.3 %.";
  exhibit.ours = fmt::format("{} %.", fmt::join(accuracies, ", "));
  exhibit.verdict = fmt::format(
      "{} of the {} stages {} right more often than its base rate; the paper gives none to compare with.",
      better, run.evaluation.stages.size(), better == 1 ? "is" : "are");
  return exhibit;
}

Exhibit soundness_exhibit(const StudyRun& run) {
  const Soundness& soundness = run.evaluation.soundness;
  Exhibit exhibit;
  exhibit.id = "soundness";
  exhibit.title = "Section 6: does the distance to the training data tell failures?";
  exhibit.about = "Inputs farther than a limit are refused; the limit sweeps over all distances.";
  exhibit.data.columns = {{"answered %", 2},
                          {fmt::format("{} % of the answered", criterion_name(run.evaluation)), 2},
                          {"mean distance at most", 4}};
  for (const SoundnessPoint& point : soundness.points) {
    exhibit.data.rows.push_back({percent_cell(point.coverage), percent_cell(point.score), point.distance});
  }
  exhibit.chart = {ChartSpec::Kind::kLines, 0, {1}};
  exhibit.paper = "Distance is proposed as a measure of confidence; no figures are given.";
  exhibit.ours =
      fmt::format("A failure is farther than a success in {} % of the pairs [{}, {}]; 50 would tell nothing.",
                  percent(soundness.auc.value), percent(soundness.auc.interval.low),
                  percent(soundness.auc.interval.high));
  exhibit.verdict = soundness_sentence(soundness);
  return exhibit;
}

Exhibit stability_exhibit(const StudyRun& run) {
  const StabilityOptions options = stability_options(run);
  const PremodelOptions premodel = paper_premodel(run.options);
  const NamedTrainer trainer{"premodel", [&](const Table& table, Rows rows) {
                               return train_premodel(table, rows, run.options, premodel).policy;
                             }};
  const Stability stability = judge_stability(run.table, *run.options.other, std::span(&trainer, 1), options);
  Exhibit exhibit;
  exhibit.id = "stability";
  exhibit.title = "Section 3.3: are relative times stable?";
  exhibit.about = fmt::format(
      "Every model measured here and in '{}'; a premodel trained with the times of the one, used with those "
      "of "
      "the other.",
      run.options.other_name);
  exhibit.data.columns = {
      {"model", 0}, {"mean ms", 4}, {fmt::format("mean ms, {}", run.options.other_name), 4}, {"ratio", 3}};
  for (const StableModel& model : stability.models) {
    exhibit.data.rows.push_back(
        {model.name, model.trained_ms, model.used_ms, model.used_ms / model.trained_ms});
  }
  exhibit.chart = {ChartSpec::Kind::kBars, 0, {1, 2, 3}};
  const Transfer& transfer = stability.transfers.front();
  exhibit.paper = "Relative run times are stable, so that training may use a server.";
  exhibit.ours = fmt::format("Rank correlation {:.3f}; a premodel trained elsewhere loses {} and takes {}.",
                             stability.spearman, points_phrase(transfer.score_regret),
                             with_range(times(transfer.time_ratio.value) + " times as long",
                                        times_range(transfer.time_ratio.interval)));
  exhibit.verdict =
      stability.spearman > 0.9 && high_end(transfer.score_regret) < 0.005
          ? "Agrees: the order of the models hardly changes, nor does what a premodel learns from it."
          : "Differs: the order of the models, or what a premodel learns from it, depends on the setting.";
  return exhibit;
}

Exhibit timing_exhibit(const StudyRun& run) {
  const TimingDifference difference =
      judge_timing(run.table, *run.options.exhaustive, timing_trainers(run), stability_options(run));
  Exhibit exhibit;
  exhibit.id = "timing";
  exhibit.title = "Section 4: does it matter how often times are taken?";
  exhibit.about = fmt::format(
      "The paper repeats each run until its time is known to 5 %; a cheap profile times one run, after "
      "another that warmed its caches. Both on {} inputs; {}.",
      difference.inputs, timing_phrase(difference.timing));
  exhibit.data.columns = {{"model", 0}, {"mean ms, cheap", 4}, {"mean ms, exhaustive", 4}, {"ratio", 3}};
  for (const StableModel& model : difference.to_exhaustive.models) {
    exhibit.data.rows.push_back(
        {model.name, model.trained_ms, model.used_ms, model.used_ms / model.trained_ms});
  }
  exhibit.chart = {ChartSpec::Kind::kBars, 0, {1, 2, 3}};
  exhibit.paper = "Times are exhaustive; what that changes is not said.";
  exhibit.ours = timing_difference_sentences(difference);
  const bool policies = is_small(difference.to_exhaustive) && is_small(difference.to_cheap);
  exhibit.verdict = difference.to_exhaustive.spearman > 0.9 && policies
                        ? "It hardly matters for choosing: the models hardly change their order, and "
                          "policies lose less than half a "
                          "point and 5 % of time by the other's times."
                        : "It matters: the models change their order, or policies lose by the other's times.";
  return exhibit;
}

Exhibit variants_exhibit(const StudyRun& run, std::span<const FeatureSelection> searches) {
  Exhibit exhibit;
  exhibit.id = "variants";
  exhibit.title = "Search for why: variants of the premodel";
  exhibit.about = "Every variant that was tried, each trained inside the folds. " + describe_sizes(run);
  exhibit.data.columns = method_columns(run);
  exhibit.data.columns.insert(exhibit.data.columns.begin() + 1, {"what differs", 0});
  const auto judged = judge_variants(run, variants_of(run, searches));
  const JudgedVariant* best = &judged.front();
  for (const JudgedVariant& variant : judged) {
    auto row = method_row(variant.variant.name, variant.method);
    row.insert(row.begin() + 1, variant.variant.about);
    exhibit.data.rows.push_back(std::move(row));
    if (variant.method.above_router.value > best->method.above_router.value) best = &variant;
  }
  exhibit.ours = fmt::format("The best against the zero router at equal time: {}, {}.", best->variant.name,
                             points_phrase(best->method.above_router));
  exhibit.verdict = low_end(best->method.above_router) > 0 ? "At least one variant beats the zero router."
                                                           : "No variant beats the zero router.";
  return exhibit;
}

std::vector<std::string> paper_contradictions() {
  return {
      "Algorithm 1's gains add up to 70.75 + 12.84 + 2.55 = 86.14 % coverage, the most that any choice among "
      "these three models can "
      "score on the same data; section 5.2 reports 87.44 % top-1 for the premodel.",
      "Section 5.1 says that the premodel never picks a model that fails while others can succeed; its "
      "stages are right on 95.8, 80.1 "
      "and 72.3 % of the inputs (section 5.2), and its 87.4 % lie below the oracle's 91.2 %.",
      "Section 3.3 considers 12 networks, section 4.1 lists 14.",
      "Section 3.4 speaks of 30 candidate features; Table 2 lists 29, and 29 less the 12 of Table 3 are the "
      "17 of the text.",
      "Section 3.2 names ResNet_v1_152 as the third model; section 5.5 compares with ResNet_v2_152."};
}

}  // namespace triage
