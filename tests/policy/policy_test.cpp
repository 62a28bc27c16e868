// What each policy does next, by hand: single, cascade, premodel; and what their parts must satisfy.
#include "triage/policy.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "policy/policies.h"
#include "triage/error.h"

namespace triage {
namespace {

using testing::info_of;
using testing::line_premodel;
using testing::look_of;
using Kind = Action::Kind;

Action next(const Policy& policy, std::span<const float> features, std::span<const Look> looks = {},
            Trace* trace = nullptr) {
  return policy.next({features, looks, {}}, trace);
}

TEST(Single, RunsItsModelAndAnswers) {
  const auto policy = make_single(info_of({"a", "b"}), 1);
  EXPECT_EQ(policy->kind(), "single");
  Trace trace;
  const auto first = next(*policy, {}, {}, &trace);
  EXPECT_EQ(first.kind, Kind::kRun);
  EXPECT_EQ(first.model, 1);
  EXPECT_EQ(testing::lines_of(trace, policy->info()).at(0).what, "single: always runs b");
  const std::array looks{look_of(1, 4, 0.6F)};
  const auto second = next(*policy, {}, looks);
  EXPECT_EQ(second.kind, Kind::kAnswer);
  EXPECT_EQ(second.model, 1);
  EXPECT_EQ(second.answer.best(), 4);
}

TEST(Cascade, AcceptsAtTheThresholdAndGoesOnBelow) {
  const auto policy = make_cascade(info_of({"a", "b", "c"}), {{0.75, 0.5}});
  EXPECT_EQ(policy->kind(), "cascade");
  EXPECT_EQ(next(*policy, {}).kind, Kind::kRun);
  EXPECT_EQ(next(*policy, {}).model, 0);

  const std::array accepted{look_of(0, 3, 0.75F)};
  EXPECT_EQ(next(*policy, {}, accepted).kind, Kind::kAnswer);
  EXPECT_EQ(next(*policy, {}, accepted).answer.best(), 3);

  std::vector<Look> looks{look_of(0, 3, 0.7F)};
  EXPECT_EQ(next(*policy, {}, looks).kind, Kind::kRun);
  EXPECT_EQ(next(*policy, {}, looks).model, 1);
  looks.push_back(look_of(1, 5, 0.4F));
  EXPECT_EQ(next(*policy, {}, looks).model, 2);
  looks.push_back(look_of(2, 6, 0.2F));
  EXPECT_EQ(next(*policy, {}, looks).kind, Kind::kAnswer);
  EXPECT_EQ(next(*policy, {}, looks).model, 2);
  EXPECT_EQ(next(*policy, {}, looks).answer.best(), 6);
}

TEST(Cascade, DoesNotAcceptALookWithoutConfidence) {
  const auto policy = make_cascade(info_of({"a", "b"}), {{-1.0}});
  Look look;
  look.model = 0;
  EXPECT_EQ(next(*policy, {}, std::array{look}).kind, Kind::kRun);
}

TEST(Cascade, ExplainsEveryStage) {
  const auto policy = make_cascade(info_of({"a", "b"}), {{0.75}});
  std::vector<Look> looks{look_of(0, 3, 0.5F)};
  Trace trace;
  (void)next(*policy, {}, looks, &trace);
  looks.push_back(look_of(1, 3, 0.625F));
  (void)next(*policy, {}, looks, &trace);
  const auto lines = testing::lines_of(trace, policy->info());
  ASSERT_EQ(lines.size(), 2U);
  EXPECT_EQ(lines[0].what, "stage 1: a has confidence 0.5000, threshold 0.7500: goes on");
  EXPECT_EQ(lines[1].what, "stage 2: b has confidence 0.6250 and is the last: accepted");
}

TEST(Premodel, AsksForTheMissingFeaturesFirst) {
  auto info = info_of({"small", "big"}, {"x", "y"});
  auto model = line_premodel(kNoModel);
  model.minimum = {0, 0};
  model.maximum = {10, 0};
  model.rows = {0.0F, 0, 0.1F, 0, 0.2F, 0, 0.8F, 0, 0.9F, 0, 1.0F, 0};
  const auto policy = make_premodel(info, model);
  const float nan = std::numeric_limits<float>::quiet_NaN();
  EXPECT_EQ(next(*policy, std::array{nan, nan}).kind, Kind::kExtract);
  EXPECT_EQ(next(*policy, std::array{nan, nan}).features, 3U);
  EXPECT_EQ(next(*policy, std::array{1.0F, nan}).features, 2U);
  EXPECT_EQ(next(*policy, std::array{1.0F, 5.0F}).kind, Kind::kRun);
}

TEST(Premodel, FirstYesRunsItsModel) {
  const auto policy = make_premodel(info_of({"small", "big"}, {"x"}), line_premodel(kNoModel));
  EXPECT_EQ(policy->kind(), "premodel");
  EXPECT_EQ(next(*policy, std::array{1.0F}).model, 0);   // 3 of 3 say small
  EXPECT_EQ(next(*policy, std::array{4.9F}).model, 0);   // 1, 2 and 8: 2 of 3
  EXPECT_EQ(next(*policy, std::array{7.0F}).model, 1);   // 8, 9 and 10: 2 of 3 say big
  EXPECT_EQ(next(*policy, std::array{99.0F}).model, 1);  // beyond the training range
  const std::array looks{look_of(1, 7, 0.9F)};
  EXPECT_EQ(next(*policy, std::array{7.0F}, looks).kind, Kind::kAnswer);
  EXPECT_EQ(next(*policy, std::array{7.0F}, looks).answer.best(), 7);
}

TEST(Premodel, FallsBackWhenEveryStageSaysNo) {
  auto model = line_premodel(kNoModel);
  model.optimum = {0, 1, kNoModel, 1, 1, kNoModel};  // of 0, 1, 2: one small, one big, one none
  model.choosers = paper_choosers(model);
  const auto refusing = make_premodel(info_of({"small", "big"}, {"x"}), model);
  EXPECT_EQ(next(*refusing, std::array{1.0F}).kind, Kind::kRefuse);
  // The fallback may be a model that no stage asks for.
  model.fallback = 2;
  const auto falling_back = make_premodel(info_of({"small", "big", "other"}, {"x"}), model);
  EXPECT_EQ(next(*falling_back, std::array{1.0F}).kind, Kind::kRun);
  EXPECT_EQ(next(*falling_back, std::array{1.0F}).model, 2);
}

TEST(Premodel, ExplainsVotesNeighboursAndFeatures) {
  const auto policy = make_premodel(info_of({"small", "big"}, {"x"}), line_premodel(kNoModel));
  Trace trace;
  EXPECT_EQ(next(*policy, std::array{9.25F}, {}, &trace).model, 1);
  ASSERT_EQ(trace.size(), 5U);
  EXPECT_EQ(std::get<FeaturesRead>(trace[0]).values, std::vector<double>{9.25});
  EXPECT_NEAR(std::get<FeaturesScaled>(trace[1]).values.at(0), 0.925, 1e-6);
  const auto& nearest = std::get<NearestInputs>(trace[2]).inputs;
  ASSERT_EQ(nearest.size(), 3U);
  EXPECT_EQ(nearest[0].id, "e.png");
  EXPECT_NEAR(nearest[0].distance, 0.025, 1e-6);
  EXPECT_EQ(nearest[0].optimum, 1);
  EXPECT_EQ(nearest[1].id, "f.png");
  EXPECT_EQ(nearest[1].optimum, kNoModel);
  EXPECT_EQ(nearest[2].id, "d.png");
  const auto lines = testing::lines_of(trace, policy->info());
  EXPECT_EQ(lines[0].what, "features");
  EXPECT_EQ(lines[0].values.at(0), (std::pair<std::string, double>("x", 9.25)));
  EXPECT_EQ(lines[1].what, "features, scaled");
  EXPECT_EQ(lines[2].values.at(0).first, "e.png");
  EXPECT_EQ(lines[3].what, "KNN-1: 0 of 3 neighbours say small: no");
  EXPECT_EQ(lines[4].what, "KNN-2: 2 of 3 neighbours say big: yes");
}

TEST(Premodel, ExplainsTheFallback) {
  auto model = line_premodel(kNoModel);
  model.optimum.assign(6, kNoModel);
  model.choosers = paper_choosers(model);
  Trace refused, run;
  (void)next(*make_premodel(info_of({"small", "big"}, {"x"}), model), std::array{1.0F}, {}, &refused);
  EXPECT_EQ(describe(refused.back(), info_of({"small", "big"}, {"x"})).what, "every stage says no: refused");
  model.fallback = 1;
  (void)next(*make_premodel(info_of({"small", "big"}, {"x"}), model), std::array{1.0F}, {}, &run);
  EXPECT_EQ(describe(run.back(), info_of({"small", "big"}, {"x"})).what,
            "every stage says no: runs big, the fallback");
}

// ---- choosers ----

std::size_t class_of(const Chooser& chooser, float x) { return choose(chooser, Question{std::array{x}, {}}); }

TEST(TreeChooser, GoesLeftAtTheThresholdAndRightAbove) {
  const Chooser tree = testing::line_tree(2);
  EXPECT_EQ(class_of(tree, 0.25F), 1U);
  EXPECT_EQ(class_of(tree, 0.26F), 0U);
  EXPECT_EQ(class_of(tree, 0.75F), 0U);
  EXPECT_EQ(class_of(tree, 7.0F), 2U);
  EXPECT_EQ(class_of(TreeChooser{{-1}, {0}, {-1}, {-1}, {3}}, 0), 3U);
}

TEST(SvmChooser, TakesTheSideOfTheDecisionValue) {
  const SvmChooser svm = testing::line_svm();
  // exp(-0.2^2) - exp(-0.8^2) for class 0, against class 1.
  const auto answer = choose(svm, std::array{0.2F});
  EXPECT_EQ(answer.label, 0U);
  EXPECT_NEAR(answer.value, -(std::exp(-0.04) - std::exp(-0.64)), 1e-6);
  EXPECT_EQ(choose(svm, std::array{0.8F}).label, 1U);
  EXPECT_EQ(choose(svm, std::array{0.5F}).label, 1U);  // 0 is not above 0
  SvmChooser shifted = svm;
  shifted.rho = {-0.1F};
  EXPECT_EQ(choose(shifted, std::array{0.5F}).label, 0U);
}

// Against the sums written out, with more vectors than are taken at a time.
TEST(SvmChooser, VotesOverThePairsOfThreeClasses) {
  SvmChooser svm;
  svm.gamma = 3;
  svm.classes = {1, 4, 7};
  svm.counts = {70, 1, 130};
  const std::size_t v = 201;
  svm.vectors = testing::random_rows(2, v, 5);
  svm.coefficients = testing::random_rows(2, v, 6);
  for (float& c : svm.coefficients) c -= 0.5F;
  svm.rho = {0.1F, -0.2F, 0.05F};
  const auto queries = testing::random_rows(50, 2, 7);
  for (std::size_t q = 0; q < 50; ++q) {
    std::array<double, 3> sums{};  // pairs (0, 1), (0, 2), (1, 2)
    for (std::size_t i = 0; i < v; ++i) {
      const double dx = static_cast<double>(svm.vectors[i]) - static_cast<double>(queries[2 * q]);
      const double dy = static_cast<double>(svm.vectors[v + i]) - static_cast<double>(queries[2 * q + 1]);
      const double kernel = std::exp(-3 * (dx * dx + dy * dy));
      const double a = static_cast<double>(svm.coefficients[i]),
                   b = static_cast<double>(svm.coefficients[v + i]);
      const int cls = i < 70 ? 0 : i < 71 ? 1 : 2;
      if (cls == 0) sums[0] += a * kernel, sums[1] += b * kernel;
      if (cls == 1) sums[0] += a * kernel, sums[2] += b * kernel;
      if (cls == 2) sums[1] += a * kernel, sums[2] += b * kernel;
    }
    std::array<int, 3> won{};
    ++won[sums[0] - 0.1 > 0 ? 0 : 1];
    ++won[sums[1] + 0.2 > 0 ? 0 : 2];
    ++won[sums[2] - 0.05 > 0 ? 1 : 2];
    const auto best = std::max_element(won.begin(), won.end()) - won.begin();
    const auto answer = choose(svm, std::span(queries).subspan(2 * q, 2));
    EXPECT_EQ(answer.label, svm.classes[static_cast<std::size_t>(best)]);
    EXPECT_EQ(answer.value, won[static_cast<std::size_t>(best)]);
  }
}

TEST(SvmChooser, OfOneClassIsSureOfIt) {
  SvmChooser svm;
  svm.classes = {5};
  svm.counts = {0};
  EXPECT_EQ(choose(svm, std::array{0.5F}).label, 5U);
}

TEST(SvmChooser, StaysFiniteFarAway) {
  EXPECT_TRUE(std::isfinite(choose(testing::line_svm(), std::array{1e6F}).value));
}

TEST(KnnChooser, TiesGoToTheLowerClass) {
  const KnnChooser knn{{2, 1, 1, 2, 0}};
  const std::array<Neighbour, 5> near{{{0, 0}, {1, 1}, {2, 2}, {3, 3}, {4, 4}}};
  EXPECT_EQ(choose(knn, near), 1U);
  EXPECT_EQ(choose(knn, std::span(near).first(1)), 2U);
}

// Neighbours at distances 0.5, 1, 2, 4: votes of 2, 1, 0.5 and 0.25.
TEST(KnnChooser, DistanceWeighsTheVotes) {
  const std::array<Neighbour, 4> near{{{0, 0.25}, {1, 1}, {2, 4}, {3, 16}}};
  EXPECT_EQ(choose(KnnChooser{{0, 1, 1, 1}, VoteWeights::kUniform}, near), 1U);
  EXPECT_EQ(choose(KnnChooser{{0, 1, 1, 1}, VoteWeights::kDistance}, near), 0U);  // 2 against 1.75
  EXPECT_EQ(choose(KnnChooser{{1, 0, 0, 0}, VoteWeights::kDistance}, near), 1U);
  const std::array<Neighbour, 3> even{{{0, 1}, {1, 4}, {2, 4}}};
  EXPECT_EQ(choose(KnnChooser{{1, 0, 0}, VoteWeights::kDistance}, even), 0U);  // 1 each: the lower class
}

TEST(KnnChooser, OnlyExactHitsVoteWhereThereAreSome) {
  const std::array<Neighbour, 5> near{{{0, 0}, {1, 0}, {2, 0}, {3, 1e-30}, {4, 1e-30}}};
  EXPECT_EQ(choose(KnnChooser{{0, 1, 0, 1, 1}, VoteWeights::kDistance}, near), 0U);
  EXPECT_EQ(choose(KnnChooser{{2, 1, 0, 0, 0}, VoteWeights::kDistance}, near), 0U);
  EXPECT_EQ(choose(KnnChooser{{2, 1, 1, 2, 2}, VoteWeights::kDistance}, near), 1U);
}

TEST(KnnChooser, ExplainsWeightedVotes) {
  const std::array<Neighbour, 3> near{{{0, 1}, {1, 4}, {2, 4}}};
  const Question question{{}, near};
  const auto said = [&](VoteWeights weights) {
    return describe(explain(KnnChooser{{1, 0, 0}, weights}, question, 1, {std::nullopt, 1}),
                    info_of({"small", "big"}))
        .what;
  };
  EXPECT_EQ(said(VoteWeights::kUniform), "KNN: 1 of 3 neighbours say big");
  EXPECT_EQ(said(VoteWeights::kDistance), "KNN: 1 of 3 neighbours say big, with 50.0 % of the weight");
}

TEST(Premodel, ChoosesAmongAllModelsAtOnce) {
  auto model = testing::line_multiclass(kNoModel);
  const auto knn = make_premodel(info_of({"small", "big"}, {"x"}), model);
  EXPECT_EQ(next(*knn, std::array{1.0F}).model, 0);
  EXPECT_EQ(next(*knn, std::array{8.0F}).model, 1);
  model.choosers = {KnnChooser{{0, 0, 0, 2, 2, 2}}};  // none is right of the upper ones
  const auto refusing = make_premodel(info_of({"small", "big"}, {"x"}), model);
  EXPECT_EQ(next(*refusing, std::array{9.0F}).kind, Kind::kRefuse);

  const auto tree =
      make_premodel(info_of({"small", "big"}, {"x"}),
                    testing::bare_premodel(PremodelForm::kMulticlass, 2, {testing::line_tree(2)}));
  EXPECT_EQ(next(*tree, std::array{2.0F}).model, 1);
  EXPECT_EQ(next(*tree, std::array{5.0F}).model, 0);
  EXPECT_EQ(next(*tree, std::array{9.0F}).kind, Kind::kRefuse);
  const auto svm = make_premodel(info_of({"small", "big"}, {"x"}),
                                 testing::bare_premodel(PremodelForm::kMulticlass, 2, {testing::line_svm()}));
  EXPECT_EQ(next(*svm, std::array{2.0F}).model, 0);
  EXPECT_EQ(next(*svm, std::array{9.0F}).model, 1);
}

TEST(Premodel, ChainsMixKinds) {
  // Stage 1: most neighbours have "big" as their optimum; stage 2: at most 2.5; stage 3: nearer to 10 than to
  // 0.
  auto model = testing::mixed_premodel();
  const auto policy = make_premodel(info_of({"a", "b", "c"}, {"x"}), model);
  EXPECT_EQ(next(*policy, std::array{9.0F}).model, 0);
  EXPECT_EQ(next(*policy, std::array{1.0F}).model, 1);
  model.choosers[0] = KnnChooser{std::vector<std::uint8_t>(6, 0)};
  EXPECT_EQ(next(*make_premodel(info_of({"a", "b", "c"}, {"x"}), model), std::array{9.0F}).model, 2);
}

TEST(Premodel, ExplainsEveryKind) {
  const auto last_steps = [](const PremodelParameters& model, std::vector<std::string> models, float x) {
    Trace trace;
    const auto policy = make_premodel(info_of(std::move(models), {"x"}), model);
    (void)next(*policy, std::array{x}, {}, &trace);
    std::vector<std::string> steps;
    for (const auto& step : testing::lines_of(trace, policy->info())) {
      if (step.values.empty()) steps.push_back(step.what);
    }
    return steps;
  };
  auto mixed = testing::mixed_premodel();
  mixed.choosers[0] = KnnChooser{std::vector<std::uint8_t>(6, 0)};
  EXPECT_EQ(last_steps(mixed, {"a", "b", "c"}, 8.0F),
            (std::vector<std::string>{"KNN-1: 0 of 3 neighbours say a: no",
                                      "DT-2: x > 0.25, x > 0.75 (scaled) for b: no",
                                      "SVM-3: decision value 0.4335 for c: yes"}));
  EXPECT_EQ(last_steps(testing::line_multiclass(0), {"small", "big"}, 1.0F),
            (std::vector<std::string>{"KNN: 3 of 3 neighbours say small"}));
  EXPECT_EQ(last_steps(testing::bare_premodel(PremodelForm::kMulticlass, 2, {testing::line_tree(2)}),
                       {"small", "big"}, 9.0F),
            (std::vector<std::string>{"DT: x > 0.25, x > 0.75 (scaled) for none", "none is right: refused"}));
}

TEST(Premodel, BeyondTheDistanceLimitRefusesOrFallsBack) {
  auto model = line_premodel(0);
  model.max_distance = 0.5;
  const auto choose_at = [&](float x) {
    return next(*make_premodel(info_of({"small", "big"}, {"x"}), model), std::array{x});
  };
  // Mean distance of 15 to 8, 9 and 10 is 0.6 ranges; of 14 exactly the limit, which is allowed.
  EXPECT_EQ(choose_at(13.9F).model, 1);
  model.refuse_beyond = true;
  EXPECT_EQ(choose_at(15.0F).kind, Kind::kRefuse);
  model.refuse_beyond = false;
  EXPECT_EQ(choose_at(15.0F).model, 0);
  Trace trace;
  (void)next(*make_premodel(info_of({"small", "big"}, {"x"}), model), std::array{15.0F}, {}, &trace);
  EXPECT_EQ(
      describe(trace.back(), info_of({"small", "big"}, {"x"})).what,
      "mean distance to the neighbours 0.6000, limit 0.5000: unlike training: runs small, the fallback");
}

TEST(Selector, RunsTheNetworkThenWhatItSays) {
  const auto policy = make_selector(info_of({"small", "big", "cnn"}), {2, {1, kNoModel, 0}, kNoModel});
  EXPECT_EQ(policy->kind(), "selector");
  EXPECT_EQ(next(*policy, {}).model, 2);
  const auto says = [](std::int32_t cls) { return std::vector<Look>{look_of(2, cls, 0.6F, 3)}; };
  EXPECT_EQ(next(*policy, {}, says(0)).model, 1);
  EXPECT_EQ(next(*policy, {}, says(2)).model, 0);
  EXPECT_EQ(next(*policy, {}, says(1)).kind, Kind::kRefuse);
  std::vector<Look> looks = says(0);
  looks.push_back(look_of(1, 7, 0.9F));
  EXPECT_EQ(next(*policy, {}, looks).kind, Kind::kAnswer);
  EXPECT_EQ(next(*policy, {}, looks).model, 1);
  EXPECT_EQ(next(*policy, {}, looks).answer.best(), 7);
}

// When a cap ends the work after the selector's look, its classes must not pass for the input's.
TEST(Selector, NeverAnswersItself) {
  const auto policy = make_selector(info_of({"small", "big", "cnn"}), {2, {1, kNoModel, 0}, kNoModel});
  EXPECT_FALSE(policy->can_answer(2));
  EXPECT_TRUE(policy->can_answer(0));
  EXPECT_EQ(policy->choices_of(2), 3);
  EXPECT_EQ(policy->choices_of(0), 0);
  std::vector<Look> looks(1);
  looks[0].model = 2;
  EXPECT_EQ(policy->answer({.features = {}, .looks = {}, .spent = {}}).kind, Action::Kind::kRefuse);
  EXPECT_EQ(policy->answer({.features = {}, .looks = looks, .spent = {}}).kind, Action::Kind::kRefuse);
  looks[0].model = 1;
  const Action action = policy->answer({.features = {}, .looks = looks, .spent = {}});
  EXPECT_EQ(action.kind, Action::Kind::kAnswer);
  EXPECT_EQ(action.model, 1);
}

TEST(Selector, ExplainsItsChoiceAndItsFallback) {
  const auto why = [](ModelIndex fallback, std::int32_t cls) {
    Trace trace;
    const std::array looks{look_of(2, cls, 0.6F, 3)};
    (void)next(*make_selector(info_of({"small", "big", "cnn"}), {2, {1, kNoModel, 0}, fallback}), {}, looks,
               &trace);
    return describe(trace.at(0), info_of({"small", "big", "cnn"})).what;
  };
  EXPECT_EQ(why(0, 0), "cnn says big");
  EXPECT_EQ(why(0, 1), "cnn says none is right: runs small, the fallback");
  EXPECT_EQ(why(kNoModel, 1), "cnn says none is right: refused");
}

TEST(ScaleFeature, MapsTheTrainingRangeToOne) {
  EXPECT_EQ(scale_feature(10, 10, 30), 0.0F);
  EXPECT_EQ(scale_feature(15, 10, 30), 0.25F);
  EXPECT_EQ(scale_feature(30, 10, 30), 1.0F);
  EXPECT_EQ(scale_feature(50, 10, 30), 2.0F);
  EXPECT_EQ(scale_feature(7, 5, 5), 0.0F);  // constant in training
  EXPECT_EQ(scale_feature(3e38F, 0, 1e-30F), 1e6F);
  EXPECT_EQ(scale_feature(3e38F, -3e38F, 3e38F), 1.0F);
}

TEST(IdList, KeepsStringsApart) {
  IdList list;
  for (const char* id : {"a", "", "bc"}) list.push_back(id);
  ASSERT_EQ(list.size(), 3U);
  EXPECT_EQ(list.at(0), "a");
  EXPECT_EQ(list.at(1), "");
  EXPECT_EQ(list.at(2), "bc");
}

// Expects kPolicy with a message that begins with `field`.
template <class Make>
void expect_refused(Make make, std::string_view field) {
  try {
    make();
    FAIL() << "accepted, expected an error about " << field;
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kPolicy);
    EXPECT_TRUE(std::string_view(error.what()).starts_with(field)) << error.what();
  }
}

TEST(Checks, RefuseEachBadPartOfTheInfo) {
  const auto refuse = [](auto change, std::string_view field) {
    auto info = info_of({"a", "b"}, {"x", "y"});
    change(info);
    expect_refused([&] { (void)make_single(info, 0); }, field);
  };
  refuse([](PolicyInfo& info) { info.models.clear(); }, "models: none, expected at least one");
  refuse([](PolicyInfo& info) { info.models[1].name = "a"; }, "models[1]: name 'a'");
  refuse([](PolicyInfo& info) { info.models[0].name = ""; }, "models[0]: name ''");
  refuse([](PolicyInfo& info) { info.models[0].mean_ms = -1; }, "models[0]: -1");
  refuse([](PolicyInfo& info) { info.models[1].p999_ms = kNotMeasured; }, "models[1]: nan");
  refuse([](PolicyInfo& info) { info.schema.features[1].name = "x"; }, "schema.features: name 'x'");
  refuse([](PolicyInfo& info) { info.schema.features[1].version = 0; }, "schema.features: 0");
  refuse([](PolicyInfo& info) { info.schema.features.resize(65); }, "schema.features: 65");
  refuse([](PolicyInfo& info) { info.schema.working_px = 7; }, "schema.working_px: 7");
  refuse([](PolicyInfo& info) { info.n_classes = -1; }, "n_classes: -1");
  expect_refused([] { (void)make_single(info_of({"a"}), 1); },
                 "single.model: 1, expected a model from 0 to 0");
  expect_refused([] { (void)make_single(info_of({"a"}), kNoModel); }, "single.model: -1");
}

TEST(Checks, RefuseEachBadPartOfACascade) {
  expect_refused([] { (void)make_cascade(info_of({"a", "b"}), {{}}); }, "cascade.thresholds: 0");
  expect_refused([] { (void)make_cascade(info_of({"a", "b"}), {{0.1, 0.2}}); }, "cascade.thresholds: 2");
  expect_refused(
      [] {
        (void)make_cascade(info_of({"a", "b"}), {{kNotMeasured}});
      },
      "cascade.thresholds: nan");
}

TEST(Checks, RefuseEachBadPartOfAPremodel) {
  const auto refuse = [](auto change, std::string_view field) {
    auto model = line_premodel(0);
    change(model);
    expect_refused([&] { (void)make_premodel(info_of({"small", "big"}, {"x"}), model); }, field);
  };
  refuse([](PremodelParameters& m) { m.k = 4; }, "premodel.k: 4, expected an odd number");
  refuse([](PremodelParameters& m) { m.k = 65; }, "premodel.k: 65");
  refuse([](PremodelParameters& m) { m.k = -1; }, "premodel.k: -1");
  refuse([](PremodelParameters& m) { m.k = 7; }, "premodel.k: 7, expected at most the training inputs, 6");
  refuse([](PremodelParameters& m) { m.n_stages = 0; }, "premodel.n_stages: 0");
  refuse([](PremodelParameters& m) { m.n_stages = 3; }, "premodel.n_stages: 3");
  refuse([](PremodelParameters& m) { m.fallback = 2; }, "premodel.fallback: 2");
  refuse([](PremodelParameters& m) { m.minimum = {}; }, "premodel.minimum: 0");
  refuse([](PremodelParameters& m) { m.maximum = {-1}; }, "premodel.maximum: -1");
  refuse([](PremodelParameters& m) { m.minimum = {std::numeric_limits<float>::infinity()}; },
         "premodel.minimum: inf");
  refuse([](PremodelParameters& m) { m.rows.pop_back(); }, "premodel.rows: 5");
  refuse([](PremodelParameters& m) { m.rows[2] = 1.5F; }, "premodel.rows: 1.5");
  refuse([](PremodelParameters& m) { m.rows[2] = std::numeric_limits<float>::quiet_NaN(); },
         "premodel.rows: nan");
  refuse([](PremodelParameters& m) { m.optimum[0] = 2; }, "premodel.optimum: 2");
  refuse([](PremodelParameters& m) { m.optimum[0] = -2; }, "premodel.optimum: -2");
  refuse([](PremodelParameters& m) { m.optimum.clear(); }, "premodel.optimum: no training inputs");
  refuse([](PremodelParameters& m) { m.ids.push_back("g"); }, "premodel.ids: 7");
  refuse([](PremodelParameters& m) { m.choosers.pop_back(); }, "premodel.choosers: 1, expected 2");
  refuse([](PremodelParameters& m) { m.form = PremodelForm::kMulticlass; },
         "premodel.choosers: 2, expected 1");
  refuse([](PremodelParameters& m) { m.choosers[1] = KnnChooser{}; },
         "premodel.choosers[1].labels: no training inputs");
  refuse([](PremodelParameters& m) { m.choosers[1] = KnnChooser{{1}}; },
         "premodel.choosers[1].labels: 1, expected 6 training inputs");
  refuse([](PremodelParameters& m) { std::get<KnnChooser>(m.choosers[0]).labels[3] = 2; },
         "premodel.choosers[0].labels: 2, expected a class from 0 to 1");
  refuse(
      [](PremodelParameters& m) {
        m.choosers = {testing::line_svm(), testing::line_tree(1)};
      },
      "premodel.optimum: 6, expected no training inputs");
  refuse([](PremodelParameters& m) { m.max_distance = -1; }, "premodel.max_distance: -1");
  refuse([](PremodelParameters& m) { m.max_distance = kNotMeasured; }, "premodel.max_distance: nan");
  expect_refused(
      [] {
        (void)make_premodel(info_of({"small", "big"}), line_premodel(0));
      },
      "schema.features: 0");
  expect_refused(
      [] {
        auto model = testing::bare_premodel(PremodelForm::kChain, 1, {testing::line_tree(1)});
        model.max_distance = 1;  // to what?
        (void)make_premodel(info_of({"a"}, {"x"}), model);
      },
      "premodel.optimum: no training inputs");
  expect_refused([] { IdList("abc", {2, 1}); }, "premodel.id_ends: a decrease");
  expect_refused([] { IdList("abc", {2}); }, "premodel.id_ends: 2");
}

TEST(Checks, RefuseEachBadPartOfASelector) {
  const auto refuse = [](SelectorParameters model, std::string_view field) {
    expect_refused([&] { (void)make_selector(info_of({"a", "b"}), std::move(model)); }, field);
  };
  refuse({2, {0}, kNoModel}, "selector.selector: 2");
  refuse({1, {}, kNoModel}, "selector.chooses: none");
  refuse({1, {0, 5}, kNoModel}, "selector.chooses: 5");
  refuse({1, {1}, kNoModel}, "selector.chooses: 1, expected a model other than the selector");
  refuse({1, {0}, 1}, "selector.fallback: 1, expected a model other than the selector");
}

TEST(Checks, RefuseEachBadPartOfATree) {
  const auto refuse = [](auto change, std::string_view field) {
    TreeChooser tree = testing::line_tree(1);
    change(tree);
    expect_refused([&] { check_chooser(tree, 1, 2, "tree"); }, field);
  };
  refuse([](TreeChooser& t) { t = {}; }, "tree.feature: no nodes");
  refuse([](TreeChooser& t) { t.right.pop_back(); }, "tree: an array of 4 values, expected 5 nodes");
  refuse([](TreeChooser& t) { t.feature[2] = 1; }, "tree.feature: 1, expected -1 to 0");
  refuse([](TreeChooser& t) { t.feature[2] = -2; }, "tree.feature: -2");
  refuse([](TreeChooser& t) { t.threshold[0] = std::numeric_limits<float>::infinity(); },
         "tree.threshold: inf");
  refuse([](TreeChooser& t) { t.left[2] = 2; }, "tree.left and right: 2, expected nodes behind 2, up to 4");
  refuse([](TreeChooser& t) { t.right[2] = 5; }, "tree.left and right: 5");
  refuse([](TreeChooser& t) { t.left[0] = -1; }, "tree.left and right: -1");
  refuse([](TreeChooser& t) { t.label[4] = 2; }, "tree.label: 2, expected a class from 0 to 1");
}

TEST(Checks, RefuseEachBadPartOfAnSvm) {
  const auto refuse = [](auto change, std::string_view field) {
    SvmChooser svm = testing::line_svm();
    change(svm);
    expect_refused([&] { check_chooser(svm, 1, 2, "svm"); }, field);
  };
  refuse([](SvmChooser& s) { s.classes.clear(); }, "svm.classes: 0, expected 1 to 32");
  refuse([](SvmChooser& s) { s.classes.resize(33); }, "svm.classes: 33");
  refuse([](SvmChooser& s) { s.classes = {1, 0}; }, "svm.classes: 0, expected rising classes below 2");
  refuse([](SvmChooser& s) { s.classes = {0, 2}; }, "svm.classes: 2");
  refuse([](SvmChooser& s) { s.counts = {2}; }, "svm.counts: 1, expected 2 values");
  refuse([](SvmChooser& s) { s.counts = {3, -1}; }, "svm.counts: -1");
  refuse([](SvmChooser& s) { s.counts = {1, 2}; }, "svm.counts: 3, expected 2 vectors");
  refuse([](SvmChooser& s) { s.gamma = 0; }, "svm.gamma: 0");
  refuse([](SvmChooser& s) { s.counts = {1, 0}; }, "svm.vectors: 2, expected 1 values");
  refuse([](SvmChooser& s) { s.vectors[0] = kNotMeasured; }, "svm.vectors: nan");
  refuse([](SvmChooser& s) { s.coefficients.pop_back(); }, "svm.coefficients: 1, expected 2 values");
  refuse([](SvmChooser& s) { s.rho.clear(); }, "svm.rho: 0, expected 1 values");
}

}  // namespace
}  // namespace triage
