// Distance as a predictor of failure: the area under the curve against all pairs, the curve and the verdict
// by hand.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "evaluate/fold_list.h"
#include "support/expect_error.h"
#include "support/synthetic.h"
#include "triage/tools/evaluate.h"
#include "triage/tools/report.h"

namespace triage {
namespace {

// Failures become likelier with distance by `slope`; distances lie on a grid, so that many are equal.
std::vector<SoundnessInput> inputs_of(std::size_t n, double slope, std::uint64_t seed) {
  Random random(seed);
  std::vector<SoundnessInput> inputs;
  for (std::size_t i = 0; i < n; ++i) {
    const double distance = std::floor(20 * random.uniform()) / 20;
    inputs.push_back({distance, random.uniform() < 0.7 - slope * (distance - 0.5) ? 1.0 : 0.0});
  }
  return inputs;
}

TEST(Soundness, AucIsTheShareOfPairsInRightOrder) {
  const auto inputs = inputs_of(300, 0.5, 4);
  double right = 0, pairs = 0;
  for (const auto& failure : inputs) {
    for (const auto& success : inputs) {
      if (failure.score > 0 || success.score == 0) continue;
      pairs += 1;
      right += failure.distance > success.distance ? 1 : failure.distance == success.distance ? 0.5 : 0;
    }
  }
  const Soundness soundness = measure_soundness(inputs, 200, 1);
  EXPECT_NEAR(soundness.auc.value, right / pairs, 1e-12);
  EXPECT_LT(soundness.auc.interval.low, soundness.auc.value);
  EXPECT_GT(soundness.auc.interval.high, soundness.auc.value);
  // Hanley and McNeil's standard error of such an area is about 0.035 here.
  EXPECT_NEAR(soundness.auc.interval.high - soundness.auc.interval.low, 4 * 0.035, 0.04);
}

TEST(Soundness, CurveCoversTheNearestFirst) {
  const Soundness soundness = measure_soundness({{0.4, 0}, {0.1, 1}, {0.2, 1}, {0.3, 0}}, 0, 0);
  ASSERT_EQ(soundness.points.size(), 4U);
  EXPECT_EQ(soundness.inputs, 4U);
  EXPECT_DOUBLE_EQ(soundness.points[0].coverage, 0.25);
  EXPECT_DOUBLE_EQ(soundness.points[0].distance, 0.1);
  EXPECT_DOUBLE_EQ(soundness.points[1].score, 1);
  EXPECT_DOUBLE_EQ(soundness.points[2].score, 2.0 / 3);
  EXPECT_DOUBLE_EQ(soundness.points[3].score, 0.5);
  EXPECT_DOUBLE_EQ(soundness.points[3].coverage, 1);
  EXPECT_DOUBLE_EQ(soundness.auc.value, 1);
  EXPECT_DOUBLE_EQ(soundness.gain_without_farthest, 0) << "a tenth of four is none";
  std::vector<SoundnessInput> ten(10, {0.1, 1});
  ten.back() = {0.2, 0};
  EXPECT_DOUBLE_EQ(measure_soundness(ten, 0, 0).gain_without_farthest, 1 - 0.9);
  const Soundness many = measure_soundness(inputs_of(3001, 0.2, 5), 0, 0);
  EXPECT_EQ(many.points.size(), 200U);
  EXPECT_DOUBLE_EQ(many.points.back().coverage, 1);
}

TEST(Soundness, ReadsWhetherDistanceTells) {
  const auto reading = [](double slope) {
    return measure_soundness(inputs_of(4000, slope, 6), 200, 2).reading;
  };
  EXPECT_EQ(reading(0), DistanceReading::kNothing);
  EXPECT_EQ(reading(0.2), DistanceReading::kHardly);
  EXPECT_EQ(reading(0.45), DistanceReading::kSomewhat);
  EXPECT_EQ(reading(1.3), DistanceReading::kPredicts);
  EXPECT_EQ(reading(-0.5), DistanceReading::kMisleads);
  EXPECT_EQ(measure_soundness({{1, 1}, {2, 1}}, 10, 0).reading, DistanceReading::kUnknown);
  EXPECT_EQ(measure_soundness({}, 10, 0).inputs, 0U);
}

// ---- in cross-validation ----

EvaluateOptions three_folds() {
  static FakeClock clock;
  EvaluateOptions options;
  options.folds = 3;
  options.resamples = 100;
  options.clock = unowned(clock);
  return options;
}

TEST(CrossValidation, JudgesSoundnessOnTestInputs) {
  const Table table = testing::synthetic_table(300, testing::three_models(), 2);
  const Evaluation e = cross_validate(table, three_folds());
  EXPECT_EQ(e.soundness.inputs, 300U);  // the fallback answers, so that nothing is refused
  EXPECT_NEAR(e.soundness.points.back().score, e.find({MethodKind::kPremodel})->pooled.top1, 1e-12);
  EvaluateOptions trees = three_folds();
  trees.premodel.kind = "dt";
  EXPECT_EQ(cross_validate(table, trees).soundness.inputs, 0U);  // no training inputs, no distance
}

TEST(CrossValidation, LabelsStagesByTheirKind) {
  const Table table = testing::synthetic_table(300, testing::three_models(), 2);
  EvaluateOptions options = three_folds();
  options.premodel.kind = "knn.dt.svm";
  const Evaluation chain = cross_validate(table, options);
  ASSERT_GE(chain.stages.size(), 2U);
  EXPECT_EQ(chain.stages[0].label, "KNN-1");
  EXPECT_EQ(chain.stages[1].label, "DT-2");
  options.premodel.kind = "dt";
  const Evaluation one = cross_validate(table, options);
  ASSERT_EQ(one.stages.size(), 1U);
  EXPECT_EQ(one.stages[0].label, "DT");
  EXPECT_EQ(one.stages[0].inputs, 300U);
}

// The share of "yes" is what the label says: the share of inputs on which the model is right.
TEST(CrossValidation, JudgesStagesByTheirLabel) {
  const Table table = testing::synthetic_table(300, testing::three_models(), 2);
  EvaluateOptions options = three_folds();
  options.premodel.label = PremodelLabel::kCorrect;
  const Evaluation e = cross_validate(table, options);
  const MethodId first{MethodKind::kSingle, static_cast<int>(e.selection.models.front())};
  EXPECT_NEAR(e.stages[0].positives, e.find(first)->pooled.top1, 1e-12);
  options.premodel.label = PremodelLabel::kOptimum;
  EXPECT_NEAR(cross_validate(table, options).stages[0].positives, e.find(first)->pooled.top1,
              1e-12);  // the cheapest model: the optimum wherever it is right
  EXPECT_GT(e.stages[1].positives, cross_validate(table, options).stages[1].positives);
}

TEST(CrossValidation, VariantsStandBesideThePremodel) {
  const Table table = testing::synthetic_table(300, testing::three_models(), 2);
  EvaluateOptions options = three_folds();
  const Evaluation alone = cross_validate(table, options);
  PremodelOptions tree;
  tree.kind = "dt.dt.dt";
  options.variants.push_back({"premodel dt.dt.dt", tree});
  const Evaluation e = cross_validate(table, options);
  ASSERT_NE(e.find({MethodKind::kPremodel, 1}), nullptr);
  EXPECT_EQ(e.find({MethodKind::kPremodel, 1})->id.kind, MethodKind::kPremodel);
  ASSERT_EQ(e.premodels.size(), 2U);
  EXPECT_EQ(e.premodels[1].name, "premodel dt.dt.dt");
  EXPECT_EQ(e.find({MethodKind::kPremodel})->pooled.top1, alone.find({MethodKind::kPremodel})->pooled.top1);
  // A variant is what it would be as the premodel.
  EvaluateOptions as_first = three_folds();
  as_first.premodel.kind = "dt.dt.dt";
  EXPECT_EQ(e.find({MethodKind::kPremodel, 1})->pooled.top1,
            cross_validate(table, as_first).find({MethodKind::kPremodel})->pooled.top1);
  const auto contrast = std::find_if(e.contrasts.begin(), e.contrasts.end(), [](const Contrast& c) {
    return c.method == MethodId{MethodKind::kPremodel} && c.reference == MethodId{MethodKind::kPremodel, 1};
  });
  EXPECT_NE(contrast, e.contrasts.end());
  const auto remarks = evaluation_remarks(e);
  EXPECT_TRUE(std::any_of(remarks.begin(), remarks.end(), [](const std::string& remark) {
    return remark.find("than the 'premodel dt.dt.dt'") != std::string::npos;
  }));
}

// A feature that names the fold, and with it the rows that are tested, is worth nothing.
TEST(CrossValidation, AFeatureThatEncodesTheFoldHelpsNoKind) {
  Table table = testing::synthetic_table(600, testing::three_models(), 3, 0);
  const auto folds = make_folds(table, 3, 0);
  for (std::size_t i = 0; i < folds.size(); ++i) {
    table.features[i * table.schema.size()] = static_cast<float>(folds[i]);
  }
  EvaluateOptions options = three_folds();
  for (const char* kind : {"dt", "svm"}) {
    PremodelOptions premodel;
    premodel.kind = kind;
    options.variants.push_back({kind, premodel});
  }
  const Evaluation e = cross_validate(table, options);
  for (const int premodel : {0, 1, 2}) {
    const double above = e.find({MethodKind::kPremodel, premodel})->above_router.value;
    EXPECT_LT(above, 0.03) << premodel;
  }
}

std::string training_hash(const Table& table, int fold, int n_folds) {
  const auto fold_of = make_folds(table, n_folds, 0);
  std::vector<std::uint32_t> train;
  for (std::uint32_t i = 0; i < fold_of.size(); ++i) {
    if (fold_of[i] != fold) train.push_back(i);
  }
  return inputs_hash(table, train);
}

// Adds a network that chooses among the first and the last of three models: perfectly where `perfect`, by the
// input's number otherwise. With `n_folds`, one more for each fold.
void add_selectors(Table& table, const std::string& name, bool perfect, int n_folds) {
  const std::size_t before = table.selectors.size(), n = table.n_inputs();
  for (int f = -1; f < n_folds; ++f) {
    TableSelector selector{
        {name, "fp-" + name}, "flat", {table.models[0].name, table.models[2].name, ""}, "", 0, 0, 0, ""};
    if (f >= 0)
      selector = {{name + std::to_string(f), "fp"}, "flat", selector.chooses, name, f, n_folds, 0,
                  training_hash(table, f, n_folds)};
    table.selectors.push_back(selector);
    table.selector_recipe_of.push_back(0);
  }
  const std::size_t after = table.selectors.size();
  std::vector<TopK> outputs;
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t s = 0; s < before; ++s) outputs.push_back(table.selector_outputs[i * before + s]);
    const bool first = table.ranks[i * 3] == 1, last = table.ranks[i * 3 + 2] == 1;
    const std::size_t cls = !perfect ? i % 2 : first ? 0 : last ? 1 : 2;
    std::vector<float> probabilities(3, 0.1F);
    probabilities[cls] = 0.8F;
    for (std::size_t s = before; s < after; ++s) outputs.push_back(TopK::from_probabilities(probabilities));
  }
  table.selector_outputs = std::move(outputs);
  table.selector_ms.assign(n * after, 0.125F);
}

TEST(CrossValidation, ANetworkChoosesAndIsPaidFor) {
  Table table = testing::synthetic_table(300, testing::three_models(), 2);
  add_selectors(table, "cnn", true, 3);
  add_selectors(table, "blind", false, 3);
  EvaluateOptions options = three_folds();
  for (const char* name : {"cnn", "blind"}) {
    PremodelOptions premodel;
    premodel.kind = "cnn";
    premodel.selector = name;
    options.variants.push_back({name, premodel});
  }
  const Evaluation e = cross_validate(table, options);
  const Method* cnn = e.find({MethodKind::kPremodel, 1});
  ASSERT_NE(cnn, nullptr);
  // It is right wherever the first or the last model is, and there the network and one more ran.
  double right = 0;
  for (std::size_t i = 0; i < 300; ++i)
    right += table.ranks[i * 3] == 1 || table.ranks[i * 3 + 2] == 1 ? 1 : 0;
  EXPECT_NEAR(cnn->pooled.top1, right / 300, 1e-12);
  EXPECT_NEAR(cnn->pooled.looks, 2, 1e-12);
  EXPECT_GT(cnn->pooled.overhead, 0.3);
  EXPECT_GT(cnn->pooled.mean_ms, 0.125);
  EXPECT_LT(e.find({MethodKind::kPremodel, 2})->pooled.top1, cnn->pooled.top1);
  // Networks that choose are no models: nothing else knows of them.
  EXPECT_EQ(e.models.size(), 3U);
  EXPECT_EQ(cnn->chosen.size(), 4U);
  Table without = testing::synthetic_table(300, testing::three_models(), 2);
  EXPECT_EQ(e.find({MethodKind::kCascade})->pooled.top1,
            cross_validate(without, three_folds()).find({MethodKind::kCascade})->pooled.top1);
  // As the premodel itself it has no features to shuffle.
  options = three_folds();
  options.premodel.kind = "cnn";
  options.premodel.selector = "cnn";
  const Evaluation alone = cross_validate(table, options);
  EXPECT_EQ(alone.find({MethodKind::kShuffled}), nullptr);
  EXPECT_EQ(alone.find({MethodKind::kPremodel})->pooled.top1, cnn->pooled.top1);
  EXPECT_TRUE(alone.stages.empty());
}

TEST(CrossValidation, ANetworkThatSawTheTestInputsIsRefused) {
  Table table = testing::synthetic_table(120, testing::three_models(), 2);
  add_selectors(table, "cnn", true, 4);  // of four folds, not three
  EvaluateOptions options = three_folds();
  options.premodel.kind = "cnn";
  EXPECT_TRIAGE_ERROR(cross_validate(table, options), ErrorCode::kUsage,
                      "selector 'cnn': none in the profile saw just the 80 training inputs of a fold");
}

TEST(CrossValidation, EnergyHasToBeMeasured) {
  const Table table = testing::synthetic_table(60, testing::three_models(), 2);
  EvaluateOptions options = three_folds();
  options.cost = kEnergyCost;
  EXPECT_TRIAGE_ERROR(cross_validate(table, options), ErrorCode::kUsage, "energy was not measured");
}

}  // namespace
}  // namespace triage
