// What each policy does next, by hand: single, cascade, premodel; and what their parts must satisfy.
#include "triage/policy.h"

#include <gtest/gtest.h>

#include <array>
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
  EXPECT_EQ(trace.steps.at(0).what, "single: always runs b");
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
  ASSERT_EQ(trace.steps.size(), 2U);
  EXPECT_EQ(trace.steps[0].what, "stage 1: a has confidence 0.5000, threshold 0.7500: goes on");
  EXPECT_EQ(trace.steps[1].what, "stage 2: b has confidence 0.6250 and is the last: accepted");
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
  ASSERT_EQ(trace.neighbours.size(), 3U);
  EXPECT_EQ(trace.neighbours[0].input, "e.png");
  EXPECT_NEAR(trace.neighbours[0].distance, 0.025, 1e-6);
  EXPECT_EQ(trace.neighbours[0].optimum, "big");
  EXPECT_EQ(trace.neighbours[1].input, "f.png");
  EXPECT_EQ(trace.neighbours[1].optimum, "none");
  EXPECT_EQ(trace.neighbours[2].input, "d.png");
  ASSERT_EQ(trace.steps.size(), 4U);
  EXPECT_EQ(trace.steps[0].values.at(0), (std::pair<std::string, double>("x", 9.25)));
  EXPECT_NEAR(trace.steps[1].values.at(0).second, 0.925, 1e-6);
  EXPECT_EQ(trace.steps[2].what, "KNN-1: 0 of 3 neighbours say small: no");
  EXPECT_EQ(trace.steps[3].what, "KNN-2: 2 of 3 neighbours say big: yes");
}

TEST(Premodel, ExplainsTheFallback) {
  auto model = line_premodel(kNoModel);
  model.optimum.assign(6, kNoModel);
  Trace refused, run;
  (void)next(*make_premodel(info_of({"small", "big"}, {"x"}), model), std::array{1.0F}, {}, &refused);
  EXPECT_EQ(refused.steps.back().what, "every stage says no: refused");
  model.fallback = 1;
  (void)next(*make_premodel(info_of({"small", "big"}, {"x"}), model), std::array{1.0F}, {}, &run);
  EXPECT_EQ(run.steps.back().what, "every stage says no: runs big, the fallback");
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
  refuse([](PremodelModel& m) { m.k = 4; }, "premodel.k: 4, expected an odd number");
  refuse([](PremodelModel& m) { m.k = 65; }, "premodel.k: 65");
  refuse([](PremodelModel& m) { m.k = -1; }, "premodel.k: -1");
  refuse([](PremodelModel& m) { m.k = 7; }, "premodel.k: 7, expected at most the training inputs, 6");
  refuse([](PremodelModel& m) { m.n_stages = 0; }, "premodel.n_stages: 0");
  refuse([](PremodelModel& m) { m.n_stages = 3; }, "premodel.n_stages: 3");
  refuse([](PremodelModel& m) { m.fallback = 2; }, "premodel.fallback: 2");
  refuse([](PremodelModel& m) { m.minimum = {}; }, "premodel.minimum: 0");
  refuse([](PremodelModel& m) { m.maximum = {-1}; }, "premodel.maximum: -1");
  refuse([](PremodelModel& m) { m.minimum = {std::numeric_limits<float>::infinity()}; },
         "premodel.minimum: inf");
  refuse([](PremodelModel& m) { m.rows.pop_back(); }, "premodel.rows: 5");
  refuse([](PremodelModel& m) { m.rows[2] = 1.5F; }, "premodel.rows: 1.5");
  refuse([](PremodelModel& m) { m.rows[2] = std::numeric_limits<float>::quiet_NaN(); }, "premodel.rows: nan");
  refuse([](PremodelModel& m) { m.optimum[0] = 2; }, "premodel.optimum: 2");
  refuse([](PremodelModel& m) { m.optimum[0] = -2; }, "premodel.optimum: -2");
  refuse([](PremodelModel& m) { m.optimum.clear(); }, "premodel.optimum: no training inputs");
  refuse([](PremodelModel& m) { m.ids.push_back("g"); }, "premodel.ids: 7");
  expect_refused(
      [] {
        (void)make_premodel(info_of({"small", "big"}), line_premodel(0));
      },
      "schema.features: 0");
  expect_refused([] { IdList("abc", {2, 1}); }, "premodel.id_ends: a decrease");
  expect_refused([] { IdList("abc", {2}); }, "premodel.id_ends: 2");
}

}  // namespace
}  // namespace triage
