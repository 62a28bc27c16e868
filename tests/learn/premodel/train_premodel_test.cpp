// Training of the premodel: labels, scaling, fallback and the shuffled control, by hand.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <numeric>
#include <stop_token>

#include "learn/tables.h"
#include "policy/premodel_policy.h"
#include "policy/selector_policy.h"
#include "support/expect_error.h"
#include "triage/error.h"
#include "triage/tools/learn.h"

namespace triage {
namespace {

using testing::add_feature;
using testing::random_table;
using testing::table_of;

// "dear" is right on all of the first six, "cheap" on the first three, nothing on the last.
Table small_table() {
  Table table = table_of({"dear", "cheap"}, {4, 1}, {{1, 1}, {1, 1}, {1, 1}, {1, 2}, {1, 2}, {1, 2}, {2, 2}});
  add_feature(table, "contrast", {10, 12, 14, 26, 28, 30, 20});
  add_feature(table, "hue1", {5, 5, 5, 5, 5, 5, 5});
  return table;
}

PremodelOptions small_options() {
  PremodelOptions options;
  options.k = 3;
  options.features = {"contrast", "hue1"};
  return options;
}

const Premodel& premodel_of(const TrainedPremodel& trained) {
  return dynamic_cast<const Premodel&>(*trained.policy);
}

ModelIndex choice(const Policy& policy, std::span<const float> features) {
  return policy.next({features, {}, {}}).model;
}

TEST(TrainPremodel, LabelsAreTheOptimumAmongTheSelectedInTheirOrder) {
  const Table table = small_table();
  const auto trained = train_premodel(table, all_rows(table), {}, small_options());
  // Three inputs each: the tie for Model-1 goes to the cheaper one.
  EXPECT_EQ(trained.selection.models, (std::vector<ModelIndex>{1, 0}));
  const auto& model = premodel_of(trained).parameters();
  EXPECT_EQ(model.n_stages, 2U);
  EXPECT_EQ(model.optimum, (std::vector<ModelIndex>{0, 0, 0, 1, 1, 1, kNoModel}));
  EXPECT_EQ(model.ids.at(3), "input3");
  const auto& info = trained.policy->info();
  ASSERT_EQ(info.models.size(), 2U);
  EXPECT_EQ(info.models[0].name, "cheap");
  EXPECT_EQ(info.models[0].fingerprint, "fingerprint-cheap");
  EXPECT_DOUBLE_EQ(info.models[1].mean_ms, 4);
  EXPECT_EQ(info.machine, table.machine);
  EXPECT_EQ(info.n_classes, 10);
}

TEST(TrainPremodel, LabelsLeaveOutModelsThatWereNotSelected) {
  const Table table = small_table();
  auto options = small_options();
  options.max_models = 1;
  options.fallback = "refuse";
  const auto trained = train_premodel(table, all_rows(table), {}, options);
  EXPECT_EQ(premodel_of(trained).parameters().optimum,
            (std::vector<ModelIndex>{0, 0, 0, kNoModel, kNoModel, kNoModel, kNoModel}));
  EXPECT_EQ(trained.policy->info().models.size(), 1U);
}

TEST(TrainPremodel, ScalesByTheTrainingRange) {
  const Table table = small_table();
  const auto trained = train_premodel(table, all_rows(table), {}, small_options());
  const auto& premodel = premodel_of(trained);
  EXPECT_EQ(premodel.parameters().minimum, (std::vector<float>{10, 5}));
  EXPECT_EQ(premodel.parameters().maximum, (std::vector<float>{30, 5}));
  const std::array expected{0.0F, 0.1F, 0.2F, 0.8F, 0.9F, 1.0F, 0.5F};
  for (std::size_t i = 0; i < expected.size(); ++i) {
    EXPECT_FLOAT_EQ(premodel.index().row(i)[0], expected[i]);
    EXPECT_EQ(premodel.index().row(i)[1], 0.0F);  // constant
  }
  ASSERT_EQ(trained.warnings.size(), 1U);
  EXPECT_EQ(trained.warnings[0],
            "feature 'hue1' is 5 on every training input: it scales to 0 and decides nothing");
}

TEST(TrainPremodel, ChoosesByItsNeighbours) {
  const Table table = small_table();
  const auto trained = train_premodel(table, all_rows(table), {}, small_options());
  EXPECT_EQ(choice(*trained.policy, std::array{11.0F, 5.0F}), 0);
  EXPECT_EQ(choice(*trained.policy, std::array{29.0F, 5.0F}), 1);
  EXPECT_EQ(choice(*trained.policy, std::array{29.0F, 500.0F}), 1);  // the constant feature decides nothing
}

TEST(TrainPremodel, SeesTheGivenRowsAlone) {
  const Table table = small_table();
  const std::vector<std::uint32_t> rows{3, 4, 5};
  const auto trained = train_premodel(table, rows, {}, small_options());
  EXPECT_EQ(trained.selection.models, (std::vector<ModelIndex>{0}));
  EXPECT_EQ(premodel_of(trained).parameters().minimum[0], 26);
  EXPECT_EQ(premodel_of(trained).parameters().ids.at(0), "input3");
}

TEST(TrainPremodel, FallbackIsTheMostAccurateOfTheSelected) {
  const Table table = small_table();
  const auto best = train_premodel(table, all_rows(table), {}, small_options());
  EXPECT_EQ(premodel_of(best).parameters().fallback, 1);  // "dear"
  auto options = small_options();
  options.fallback = "refuse";
  EXPECT_EQ(premodel_of(train_premodel(table, all_rows(table), {}, options)).parameters().fallback, kNoModel);
  options.fallback = "cheap";
  EXPECT_EQ(premodel_of(train_premodel(table, all_rows(table), {}, options)).parameters().fallback, 0);
}

TEST(TrainPremodel, FallbackMayBeAModelThatWasNotSelected) {
  const Table table = small_table();
  auto options = small_options();
  options.max_models = 1;
  options.fallback = "dear";
  const auto trained = train_premodel(table, all_rows(table), {}, options);
  ASSERT_EQ(trained.policy->info().models.size(), 2U);
  EXPECT_EQ(trained.policy->info().models[1].name, "dear");
  EXPECT_EQ(premodel_of(trained).parameters().n_stages, 1U);
  EXPECT_EQ(choice(*trained.policy, std::array{29.0F, 5.0F}), 1);
}

TEST(TrainPremodel, UsesThePapersFeaturesByDefault) {
  Table table = small_table();
  auto options = small_options();
  options.features.clear();
  EXPECT_THROW((void)train_premodel(table, all_rows(table), {}, options), Error);  // most are missing here
  table.schema.features.clear();
  table.features.clear();
  std::vector<float> values(table.n_inputs());
  std::iota(values.begin(), values.end(), 0.0F);
  add_feature(table, "another", values);
  for (const auto name : paper_features()) add_feature(table, std::string(name), values);
  const auto trained = train_premodel(table, all_rows(table), {}, options);
  ASSERT_EQ(trained.policy->info().schema.size(), 7U);
  for (std::size_t i = 0; i < 7; ++i)
    EXPECT_EQ(trained.policy->info().schema.features[i].name, paper_features()[i]);
}

TEST(TrainPremodel, WarnsOfAStageThatNoInputWants) {
  // Both are right on the same input; "cheap" is always the cheaper. Kept only as theta is 0 and it is right
  // on one more, on which "cheap" is wrong - in these rows, none.
  const Table table = table_of({"cheap", "dear"}, {1, 4}, {{2, 2}, {2, 3}, {3, 2}});
  Table with_feature = table;
  add_feature(with_feature, "contrast", {1, 2, 3});
  PremodelOptions options;
  options.k = 1;
  options.features = {"contrast"};
  const auto trained = train_premodel(with_feature, all_rows(with_feature), {}, options);
  ASSERT_EQ(trained.warnings.size(), 1U);
  EXPECT_EQ(trained.warnings[0],
            "model 'cheap' is the optimum of no training input: its stage always says no");
}

TEST(TrainPremodel, ShuffledFeaturesKeepValuesAndLabels) {
  Table table = random_table(300, 4, 5);
  std::vector<float> values(300);
  std::iota(values.begin(), values.end(), 0.0F);
  add_feature(table, "contrast", values);
  PremodelOptions options;
  options.features = {"contrast"};
  const auto plain = train_premodel(table, all_rows(table), {}, options);
  options.shuffle_features = 7;
  const auto shuffled = train_premodel(table, all_rows(table), {}, options);
  const auto again = train_premodel(table, all_rows(table), {}, options);
  EXPECT_EQ(premodel_of(plain).parameters().optimum, premodel_of(shuffled).parameters().optimum);
  EXPECT_EQ(plain.selection.models, shuffled.selection.models);
  const auto column = [](const TrainedPremodel& trained) {
    std::vector<float> rows;
    for (std::size_t i = 0; i < 300; ++i) rows.push_back(premodel_of(trained).index().row(i)[0]);
    return rows;
  };
  auto a = column(plain), b = column(shuffled);
  EXPECT_NE(a, b);
  EXPECT_EQ(b, column(again));  // the seed decides
  std::sort(b.begin(), b.end());
  EXPECT_EQ(a, b);  // the same values
}

// Share of inputs on which the premodel chooses the optimum, each judged by the others' features.
double share_of_optimum(const Table& table, std::optional<std::uint64_t> shuffle_features) {
  std::vector<std::uint32_t> train, test;
  for (const std::uint32_t row : all_rows(table)) (row % 2 == 0 ? train : test).push_back(row);
  PremodelOptions options;
  options.features = {"contrast"};
  options.shuffle_features = shuffle_features;
  const auto trained = train_premodel(table, train, {}, options);
  const auto costs = mean_costs(table, train);
  int n_optimum = 0;
  for (const std::uint32_t row : test) {
    const ModelIndex chosen = choice(*trained.policy, table.feature_row(row));
    const ModelIndex best = optimum(table, row, trained.selection.models, costs, Criterion::kTop1);
    n_optimum += best != kNoModel && table.models[static_cast<std::size_t>(best)].name ==
                                         trained.policy->info().models[static_cast<std::size_t>(chosen)].name;
  }
  return n_optimum / static_cast<double>(test.size());
}

TEST(TrainPremodel, LearnsWhatTheFeaturesTellAndNothingFromShuffledOnes) {
  // Each model is right where the other is wrong, as the feature tells.
  std::vector<std::vector<std::int32_t>> ranks;
  std::vector<float> values;
  Random random(3);
  for (int i = 0; i < 600; ++i) {
    const bool low = random.below(2) == 0;
    ranks.push_back(low ? std::vector<std::int32_t>{1, 2} : std::vector<std::int32_t>{2, 1});
    values.push_back(static_cast<float>((low ? 0.0 : 1.5) + random.uniform()));
  }
  Table table = table_of({"low", "high"}, {1, 2}, ranks);
  add_feature(table, "contrast", values);
  EXPECT_EQ(share_of_optimum(table, std::nullopt), 1.0);
  const double shuffled = share_of_optimum(table, 11);
  EXPECT_GT(shuffled, 0.35);
  EXPECT_LT(shuffled, 0.65);
}

// ---- kinds, labels, distance ----

// Model-1 of three is right where the feature is low, the others above; 600 inputs without noise.
Table three_bands() {
  std::vector<std::vector<std::int32_t>> ranks;
  std::vector<float> values;
  Random random(8);
  for (int i = 0; i < 600; ++i) {
    const auto band = random.below(10);  // half of the inputs are in the lowest
    const std::size_t right = band < 5 ? 0 : band < 8 ? 1 : 2;
    std::vector<std::int32_t> each(3, 2);
    each[right] = 1;
    ranks.push_back(each);
    values.push_back(static_cast<float>(2 * right) + static_cast<float>(random.uniform()));
  }
  Table table = table_of({"low", "mid", "high"}, {1, 2, 3}, ranks);
  add_feature(table, "contrast", values);
  add_feature(table, "hue1", std::vector<float>(values.rbegin(), values.rend()));
  return table;
}

TEST(TrainPremodel, EveryKindFindsThreeBands) {
  const Table table = three_bands();
  for (const char* kind :
       {"knn", "dt", "svm", "knn.knn.knn", "dt.dt.dt", "svm.svm.svm", "knn.dt.svm", "dt.knn"}) {
    PremodelOptions options;
    options.kind = kind;
    options.features = {"contrast", "hue1"};
    options.fallback = "refuse";
    const auto trained = train_premodel(table, all_rows(table), {}, options);
    const auto& model = premodel_of(trained).parameters();
    EXPECT_EQ(model.choosers.size(), std::string_view(kind).find('.') == std::string_view::npos ? 1U : 3U);
    // Without neighbours the training inputs are not needed.
    EXPECT_EQ(premodel_of(trained).has_index(), std::string_view(kind).find("knn") != std::string_view::npos);
    for (std::size_t i = 0; i < 60; ++i) {
      const auto chosen = choice(*trained.policy, table.feature_row(i));
      ASSERT_GE(chosen, 0) << kind;
      EXPECT_EQ(
          table.score(i, table.find(trained.policy->info().models[static_cast<std::size_t>(chosen)].name),
                      Criterion::kTop1),
          1)
          << kind << ", input " << i;
    }
  }
}

TEST(TrainPremodel, CorrectLabelsSayYesWhereverTheModelIsRight) {
  const Table table = small_table();
  auto options = small_options();
  options.label = PremodelLabel::kCorrect;
  const auto trained = train_premodel(table, all_rows(table), {}, options);
  const auto& choosers = premodel_of(trained).parameters().choosers;
  ASSERT_EQ(choosers.size(), 2U);  // "cheap", then "dear", which is right on the first six
  EXPECT_EQ(std::get<KnnChooser>(choosers[0]).labels, (std::vector<std::uint8_t>{1, 1, 1, 0, 0, 0, 0}));
  EXPECT_EQ(std::get<KnnChooser>(choosers[1]).labels, (std::vector<std::uint8_t>{1, 1, 1, 1, 1, 1, 0}));
  // What is shown of a neighbour stays its optimum.
  EXPECT_EQ(premodel_of(trained).parameters().optimum, (std::vector<ModelIndex>{0, 0, 0, 1, 1, 1, kNoModel}));
}

TEST(TrainPremodel, OneChooserHasAClassForNoneIsRight) {
  const Table table = small_table();
  auto options = small_options();
  options.kind = "knn";
  const auto trained = train_premodel(table, all_rows(table), {}, options);
  const auto& choosers = premodel_of(trained).parameters().choosers;
  ASSERT_EQ(choosers.size(), 1U);
  EXPECT_EQ(std::get<KnnChooser>(choosers[0]).labels, (std::vector<std::uint8_t>{0, 0, 0, 1, 1, 1, 2}));
}

TEST(TrainPremodel, NeighboursMayVoteByDistance) {
  const Table table = small_table();
  auto options = small_options();
  options.weights = VoteWeights::kDistance;
  const auto trained = train_premodel(table, all_rows(table), {}, options);
  for (const Chooser& chooser : premodel_of(trained).parameters().choosers) {
    EXPECT_EQ(std::get<KnnChooser>(chooser).weights, VoteWeights::kDistance);
  }
  EXPECT_EQ(std::get<PremodelFacts>(trained.policy->info().training.details).weights, VoteWeights::kDistance);
  // Every input is its own nearest neighbour, at distance 0, and so gets its own optimum; the last has none
  // and falls back to "dear".
  for (std::size_t i = 0; i < table.n_inputs(); ++i) {
    EXPECT_EQ(choice(*trained.policy, table.feature_row(i)), i < 3 ? 0 : 1) << i;
  }
}

TEST(TrainPremodel, DistanceLimitIsAQuantileOfTheTrainingInputsOwn) {
  const Table table = small_table();  // scaled: 0, 0.1, 0.2, 0.5, 0.8, 0.9, 1
  auto options = small_options();
  options.kind = "dt";
  options.max_distance_quantile = 1;
  const auto farthest = train_premodel(table, all_rows(table), {}, options);
  // 0.5 has 0.2, 0.8 and, as near as 0.9, 0.1: (0.3 + 0.3 + 0.4) / 3.
  EXPECT_NEAR(premodel_of(farthest).parameters().max_distance, 1.0 / 3, 1e-6);
  EXPECT_TRUE(premodel_of(farthest).parameters().refuse_beyond);
  EXPECT_TRUE(premodel_of(farthest).has_index());
  EXPECT_EQ(farthest.policy->next({std::array{100.0F, 5.0F}, {}, {}}).kind, Action::Kind::kRefuse);
  options.beyond = Beyond::kFallback;
  const auto falling_back = train_premodel(table, all_rows(table), {}, options);
  EXPECT_EQ(choice(*falling_back.policy, std::array{-100.0F, 5.0F}), 1);  // "dear", though low means "cheap"
  EXPECT_EQ(choice(*falling_back.policy, std::array{11.0F, 5.0F}), 0);
}

TEST(TrainPremodel, StopsWhenAsked) {
  const Table table = small_table();
  std::stop_source stop;
  stop.request_stop();
  EXPECT_TRIAGE_ERROR(train_premodel(table, all_rows(table), {.stop = stop.get_token()}, small_options()),
                      ErrorCode::kInterrupted, "premodel: stopped");
}

TEST(TrainPremodel, SummarySaysWhatWasTrained) {
  const Table table = three_bands();
  PremodelOptions options;
  options.kind = "knn.dt.svm";
  options.features = {"contrast", "hue1"};
  const auto trained = train_premodel(table, all_rows(table), {}, options);
  EXPECT_EQ(trained.premodel, trained.policy.get());
  const auto& facts = std::get<PremodelFacts>(trained.policy->info().training.details);
  EXPECT_EQ(facts.kind, "knn.dt.svm");
  EXPECT_EQ(facts.label, PremodelLabel::kOptimum);
  EXPECT_EQ(facts.cost, kTimeCost);
  EXPECT_EQ(facts.selection.size(), trained.selection.trace.size());
  EXPECT_EQ(std::accumulate(facts.optimum_of.begin(), facts.optimum_of.end(), std::size_t{0}),
            table.n_inputs());
  ASSERT_EQ(facts.choosers.size(), 3U);
  EXPECT_TRUE(std::holds_alternative<KnnFacts>(facts.choosers[0]));
  EXPECT_GT(std::get<TreeFacts>(facts.choosers[1]).nodes, 0U);
  EXPECT_EQ(std::get<SvmFacts>(facts.choosers[2]).trained_on, 600U);
  EXPECT_EQ(std::get<SvmFacts>(facts.choosers[2]).inputs, 600U);
}

// Permuted labels leave the base rate, whatever learns from them.
TEST(TrainPremodel, PermutedLabelsGiveTheBaseRate) {
  Table table = three_bands();
  const Table truth = table;
  const auto order = all_rows(table);
  std::vector<std::uint32_t> permuted = order;
  Random random(12);
  shuffle(std::span(permuted), random);
  for (std::size_t i = 0; i < permuted.size(); ++i) {
    std::copy_n(&truth.ranks[permuted[i] * 3], 3, &table.ranks[i * 3]);
  }
  std::vector<std::uint32_t> train, test;
  for (const std::uint32_t row : order) (row % 2 == 0 ? train : test).push_back(row);
  for (const char* kind : {"knn", "dt", "svm"}) {
    PremodelOptions options;
    options.kind = kind;
    options.features = {"contrast", "hue1"};
    const auto trained = train_premodel(table, train, {}, options);
    double right = 0;
    for (const std::uint32_t row : test) {
      const auto chosen = static_cast<std::size_t>(choice(*trained.policy, table.feature_row(row)));
      right += table.score(row, table.find(trained.policy->info().models[chosen].name), Criterion::kTop1);
    }
    EXPECT_LT(right / static_cast<double>(test.size()), 0.58) << kind;  // half is the base rate
  }
}

void expect_usage(const PremodelOptions& options, std::string_view message, const LearnOptions& learn = {}) {
  const Table table = small_table();
  try {
    (void)train_premodel(table, all_rows(table), learn, options);
    FAIL() << "accepted, expected: " << message;
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kUsage);
    EXPECT_NE(std::string_view(error.what()).find(message), std::string_view::npos) << error.what();
  }
}

TEST(TrainPremodel, RefusesOptionsThatDoNotFit) {
  const auto with = [](auto change) {
    auto options = small_options();
    change(options);
    return options;
  };
  expect_usage(with([](auto& o) { o.k = 4; }), "k: 4, expected an odd number from 1 to 63");
  expect_usage(with([](auto& o) { o.k = 65; }), "k: 65, expected an odd number");
  expect_usage(with([](auto& o) { o.k = 9; }), "k: 9, expected at most the number of training inputs, 7");
  expect_usage(with([](auto& o) { o.features = {"size"}; }), "feature 'size': not in the profile");
  expect_usage(with([](auto& o) { o.features = {"hue1", "hue1"}; }), "feature 'hue1': given twice");
  expect_usage(with([](auto& o) { o.fallback = "worst"; }),
               "`fallback`: 'worst', expected best, refuse or a model");
  expect_usage(with([](auto& o) { o.theta = 1.5; }), "theta: 1.5");
  expect_usage(with([](auto& o) { o.kind = "forest"; }),
               "premodel: 'forest' in 'forest', expected knn, dt or svm");
  expect_usage(with([](auto& o) {
                 o.kind = "dt";
                 o.label = PremodelLabel::kCorrect;
               }),
               "label: correct, expected optimum for the premodel 'dt'");
  expect_usage(with([](auto& o) {
                 o.kind = "dt.svm";
                 o.weights = VoteWeights::kDistance;
               }),
               "weights: distance, expected uniform for the premodel 'dt.svm'");
  expect_usage(with([](auto& o) { o.max_distance_quantile = 1.5; }), "max_distance_quantile: 1.5");
  expect_usage(with([](auto& o) {
                 o.k = 7;
                 o.max_distance_quantile = 0.9;
               }),
               "max_distance_quantile: 7 training inputs, expected more than k, 7");
  expect_usage(small_options(), "cost: energy was not measured", {.cost = kEnergyCost});
}

// ---- networks ----

Table table_with_selectors(const std::vector<std::string>& names) {
  Table table = small_table();
  for (const std::string& name : names) {
    table.selectors.push_back({{name, "fp-" + name}, "recipe-cheap", {"dear", "", "cheap"}, "", 0, 0, 0, ""});
  }
  table.selector_recipe_of.assign(names.size(), 1);
  table.selector_ms.assign(table.n_inputs() * names.size(), 0.5F);
  const std::vector<float> probabilities{0.1F, 0.2F, 0.7F};
  table.selector_outputs.assign(table.n_inputs() * names.size(), TopK::from_probabilities(probabilities));
  return table;
}

PremodelOptions network_options() {
  PremodelOptions options;
  options.kind = "cnn";
  return options;
}

TEST(TrainPremodel, ANetworkChoosesWhatItsOutputsStandFor) {
  const Table table = table_with_selectors({"cnn"});
  const auto trained = train_premodel(table, all_rows(table), {}, network_options());
  EXPECT_EQ(trained.policy->kind(), "selector");
  const auto& model = dynamic_cast<const Selector&>(*trained.policy).parameters();
  const auto& models = trained.policy->info().models;
  ASSERT_EQ(models.size(), 3U);
  EXPECT_EQ(models[0].name, "dear");
  EXPECT_EQ(models[1].name, "cheap");
  EXPECT_EQ(models[2].name, "cnn");
  EXPECT_EQ(models[2].fingerprint, "fp-cnn");
  EXPECT_DOUBLE_EQ(models[2].mean_ms, 0.5);
  EXPECT_EQ(model.selector, 2);
  EXPECT_EQ(model.chooses, (std::vector<ModelIndex>{0, kNoModel, 1}));
  EXPECT_EQ(model.fallback, 0);  // the most accurate
  EXPECT_EQ(trained.policy->info().schema.size(), 0U);
}

TEST(TrainPremodel, RefusesNetworksThatDoNotFit) {
  const auto expect = [](const Table& table, const PremodelOptions& options, std::string_view message) {
    EXPECT_TRIAGE_ERROR(train_premodel(table, all_rows(table), {}, options), ErrorCode::kUsage, message);
  };
  expect(small_table(), network_options(), "premodel 'cnn': no selector in the profile");
  auto options = network_options();
  options.selector = "rnn";
  expect(table_with_selectors({"cnn"}), options,
         "selector: 'rnn' is not in the profile, expected one of: cnn");
  options = network_options();
  options.label = PremodelLabel::kCorrect;
  expect(table_with_selectors({"cnn"}), options, "label: correct");
  options = network_options();
  options.max_distance_quantile = 0.9;
  expect(table_with_selectors({"cnn"}), options, "max_distance_quantile: given for the premodel 'cnn'");
  Table two = table_with_selectors({"cnn", "other"});
  expect(two, network_options(), "selector: not given, expected one of: cnn, other");
  two.selectors[1].fold_of = "cnn";  // a fold's is none to choose from
  EXPECT_NO_THROW((void)train_premodel(two, all_rows(two), {}, network_options()));
}

TEST(ParseOptions, OfThePremodel) {
  EXPECT_EQ(parse_premodel_label("correct"), PremodelLabel::kCorrect);
  EXPECT_EQ(parse_premodel_label("optimum"), PremodelLabel::kOptimum);
  EXPECT_EQ(parse_beyond("fallback"), Beyond::kFallback);
  EXPECT_EQ(parse_beyond("refuse"), Beyond::kRefuse);
  EXPECT_EQ(parse_cost("energy"), kEnergyCost);
  EXPECT_EQ(parse_vote_weights("distance"), VoteWeights::kDistance);
  EXPECT_EQ(parse_vote_weights("uniform"), VoteWeights::kUniform);
  EXPECT_THROW((void)parse_vote_weights("heavy"), Error);
  EXPECT_THROW((void)parse_premodel_label("right"), Error);
  EXPECT_THROW((void)parse_beyond("stop"), Error);
  EXPECT_THROW((void)parse_cost("money"), Error);
}

}  // namespace
}  // namespace triage
