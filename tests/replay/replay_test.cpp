// Replay: what is charged, what is scored, what does not fit.
#include <gtest/gtest.h>

#include <bit>
#include <cmath>

#include "policy/selector_policy.h"
#include "replay/replay_backend.h"
#include "support/expect_error.h"
#include "triage/tools/evaluate.h"

namespace triage {
namespace {

TopK says(std::int32_t cls, float probability) {
  std::vector<float> p(3, (1 - probability) / 2);
  p[static_cast<std::size_t>(cls)] = probability;
  return TopK::from_probabilities(p);
}

// 2 inputs x 3 models. Models a and b share a recipe (1 ms, then 2 ms), c has its own (4 ms).
//            a             b             c
//   in0 (1)  0 wrong, 10   1 right, 20   1 right, 40
//   in1 (2)  2 right, 11   2 right, 21   0 wrong, 41
Table small_table() {
  Table t;
  t.models = {{{"a", "fa"}, "r0"}, {{"b", "fb"}, "r0"}, {{"c", "fc"}, "r1"}};
  t.ids = {"in0", "in1"};
  t.labels = {1, 2};
  t.n_classes = 3;
  t.ranks = {2, 1, 1, 1, 1, 3};
  t.outputs = {says(0, 0.6F), says(1, 0.7F), says(1, 0.9F), says(2, 0.8F), says(2, 0.7F), says(0, 0.5F)};
  t.infer_ms = {10, 20, 40, 11, 21, 41};
  t.recipe_of = {0, 0, 1};
  t.preprocess_ms = {1, 4, 2, 4};
  const std::string_view names[] = {"contrast", "avg_brightness", "n_keypoints"};
  t.schema = make_schema(names);
  t.features = {0.5F, 10, 1, 0.25F, 20, 2};
  for (std::size_t k = 0; k < 2 * feature_nodes().size(); ++k)
    t.node_ms.push_back(static_cast<float>(1U << (k % 8)));
  t.decode_ms = {0, 0};
  t.machine = "test";
  return t;
}

PolicyInfo info_for(const Table& table, std::initializer_list<std::size_t> models) {
  PolicyInfo info;
  for (const std::size_t m : models) info.models.push_back({table.models[m], 1, 1});
  info.n_classes = table.n_classes;
  return info;
}

// Takes the given actions one after the other.
class Scripted final : public Policy {
 public:
  Scripted(PolicyInfo info, std::vector<ModelIndex> runs, bool refuses = false)
      : Policy(std::move(info)), runs_(std::move(runs)), refuses_(refuses) {}
  [[nodiscard]] std::string_view kind() const override { return "scripted"; }
  [[nodiscard]] Action next(const Evidence& evidence, Trace*) const override {
    if (evidence.looks.size() < runs_.size()) return Action::run(runs_[evidence.looks.size()]);
    return refuses_ ? Action::refuse() : Action::answer_of(evidence.looks.back());
  }

 private:
  std::vector<ModelIndex> runs_;
  bool refuses_;
};

const std::vector<std::uint32_t> kBoth{0, 1};

TEST(Replay, ChargesARecipeOnceAnInput) {
  const Table table = small_table();
  // In the policy's numbering: b, a, c.
  const Scripted policy(info_for(table, {1, 0, 2}), {1, 0, 2});
  FakeClock clock;
  Replay replay = make_replay("x", 2);
  replay_policy(table, kBoth, policy, clock, replay);
  EXPECT_DOUBLE_EQ(replay.ms[0], 1 + 10 + 20 + 4 + 40) << "a and b share their preprocessing";
  EXPECT_DOUBLE_EQ(replay.ms[1], 2 + 11 + 21 + 4 + 41) << "the next input pays again";
  EXPECT_EQ(replay.looks, (std::vector<std::uint8_t>{3, 3}));
  EXPECT_EQ(replay.model, (std::vector<ModelIndex>{2, 2})) << "the last one, in the table's numbering";
  EXPECT_EQ(replay.predicted, (std::vector<std::int32_t>{1, 0}));
  EXPECT_EQ(replay.top1, (std::vector<double>{1, 0}));
  EXPECT_EQ(replay.top5, (std::vector<double>{1, 1}));
  EXPECT_EQ(replay.selection_ms, (std::vector<double>{0, 0}));
}

TEST(Replay, AStreamOfRecordedAnswersHasNoFrames) {
  const Table table = small_table();
  const Scripted policy(info_for(table, {0}), {0});
  FakeClock clock;
  Replay replay = make_replay("x", 2);
  EXPECT_TRIAGE_ERROR(replay_stream(table, kBoth, policy, clock, replay, {.reuse = ReuseRule{1, 30}}),
                      ErrorCode::kUsage, "reuse: given with recorded answers, expected none");
  replay_stream(table, kBoth, policy, clock, replay, {});
  EXPECT_DOUBLE_EQ(replay.ms[1], 2 + 11) << "without a mean time either, the policy as it is";
}

TEST(Replay, ChargesJoulesAsItChargesTime) {
  Table table = small_table();
  FakeClock clock;
  Replay replay = make_replay("x", 2);
  const Scripted policy(info_for(table, {1, 0, 2}), {1, 0, 2});
  replay_policy(table, kBoth, policy, clock, replay);
  EXPECT_TRUE(std::isnan(replay.j[0])) << "never estimated";
  table.energy.infer_j = {10, 20, 40};
  table.energy.preprocess_j = {1, 4};  // a and b share the first
  replay_policy(table, kBoth, policy, clock, replay);
  EXPECT_EQ(replay.j, (std::vector<double>{75, 75}));
  replay_model(table, 0, 2, replay);
  EXPECT_EQ(replay.j[0], 44);
  replay_model(table, 0, kNoModel, replay);
  EXPECT_EQ(replay.j[0], 0);

  PolicyInfo info = info_for(table, {0});
  const std::string_view names[] = {"n_keypoints", "contrast"};
  info.schema = make_schema(names);
  table.energy.node_j.assign(feature_nodes().size(), 0.5);
  ReplayBackend backend(table, info);
  std::vector<float> values(2);
  backend.begin(0);
  const auto nodes = static_cast<double>(std::popcount(nodes_of(info.schema, 1)));
  EXPECT_EQ(backend.extract(1, values).j, 0.5 * nodes);
  const NodeMask further = nodes_of(info.schema, 2) & ~nodes_of(info.schema, 1);
  EXPECT_EQ(backend.extract(2, values).j, 0.5 * static_cast<double>(std::popcount(further)));
}

// "s" chooses on the recipe of a and b (1 J), "t" on that of c (4 J).
TEST(Replay, ChargesASelectorsJoulesAsSelection) {
  Table table = small_table();
  table.selectors = {{{"s", "fs"}, "r0", {"b"}, "", 0, 0, 0, ""},
                     {{"t", "ft"}, "r1", {"b"}, "", 0, 0, 0, ""}};
  table.selector_recipe_of = {0, 1};
  table.selector_outputs.assign(4, TopK::from_probabilities(std::vector<float>{1}));
  table.selector_ms.assign(4, 0.5F);
  FakeClock clock;
  Replay replay = make_replay("x", 2);
  const auto replay_with = [&](std::size_t selector) {
    PolicyInfo info = info_for(table, {1});
    info.models.push_back({table.selectors[selector], 1, 1});
    replay_policy(table, kBoth, Scripted(info, {1, 0}), clock, replay);
  };
  table.energy.infer_j = {10, 20, 40};
  table.energy.preprocess_j = {1, 4};
  check_table(table);
  replay_with(0);
  EXPECT_TRUE(std::isnan(replay.j[0])) << "the selector's are not known";
  table.energy.selector_j = {3, 5};
  check_table(table);
  replay_with(0);
  EXPECT_EQ(replay.selection_j, (std::vector<double>{4, 4}));
  EXPECT_EQ(replay.j, (std::vector<double>{24, 24})) << "b finds its tensor made";
  replay_with(1);
  EXPECT_EQ(replay.selection_j, (std::vector<double>{9, 9}));
  EXPECT_EQ(replay.j, (std::vector<double>{30, 30}));
}

TEST(Replay, ChargesAFeatureNodeOnceAnInput) {
  const Table table = small_table();
  PolicyInfo info = info_for(table, {0});
  const std::string_view names[] = {"n_keypoints", "contrast"};
  info.schema = make_schema(names);
  ReplayBackend backend(table, info);
  const auto cost_of = [&](NodeMask nodes) {
    double ms = 0;
    for (std::size_t g = 0; g < feature_nodes().size(); ++g) {
      if ((nodes >> g & 1U) != 0) ms += static_cast<double>(table.node_ms[g]);
    }
    return ms;
  };
  std::vector<float> values(2, std::nanf(""));
  backend.begin(0);
  EXPECT_DOUBLE_EQ(backend.extract(1, values).ms, cost_of(nodes_of(info.schema, 1)));
  EXPECT_EQ(values[0], 1.0F);
  EXPECT_TRUE(std::isnan(values[1])) << "not asked for";
  const NodeMask further = nodes_of(info.schema, 2) & ~nodes_of(info.schema, 1);
  EXPECT_DOUBLE_EQ(backend.extract(2, values).ms, cost_of(further));
  EXPECT_EQ(values[1], 0.5F);
  EXPECT_DOUBLE_EQ(backend.extract(3, values).ms, 0);
}

TEST(Replay, ARefusalIsWrongAndCostsWhatItLookedAt) {
  const Table table = small_table();
  const Scripted policy(info_for(table, {1}), {0}, true);
  FakeClock clock;
  Replay replay = make_replay("x", 2);
  replay_policy(table, kBoth, policy, clock, replay);
  EXPECT_EQ(replay.top1, (std::vector<double>{0, 0}));
  EXPECT_EQ(replay.model, (std::vector<ModelIndex>{kNoModel, kNoModel}));
  EXPECT_EQ(replay.predicted[0], kNoLabel);
  EXPECT_DOUBLE_EQ(replay.ms[0], 21);
  EXPECT_EQ(replay.looks[0], 1);
}

TEST(Replay, OfAModelAlone) {
  const Table table = small_table();
  Replay replay = make_replay("x", 2);
  replay_model(table, 0, 2, replay);
  replay_model(table, 1, kNoModel, replay);
  EXPECT_DOUBLE_EQ(replay.ms[0], 44);
  EXPECT_EQ(replay.top1, (std::vector<double>{1, 0}));
  EXPECT_DOUBLE_EQ(replay.ms[1], 0);
}

TEST(Replay, RejectsWhatDoesNotFit) {
  const Table table = small_table();
  PolicyInfo unknown = info_for(table, {0, 1});
  unknown.models[0].name = "z";
  unknown.models[1].name = "y";
  EXPECT_TRIAGE_ERROR(ReplayBackend(table, unknown), ErrorCode::kPolicy, "runs z, y, expected models",
                      "which has a, b, c");
  PolicyInfo other = info_for(table, {0});
  other.models[0].fingerprint = "f9";
  EXPECT_TRIAGE_ERROR(ReplayBackend(table, other), ErrorCode::kPolicy, "'f9'", "'fa'");
  PolicyInfo feature = info_for(table, {0});
  feature.schema.features = {{"hue1", 1}};
  EXPECT_TRIAGE_ERROR(ReplayBackend(table, feature), ErrorCode::kPolicy, "feature 'hue1'", "profile again");
  PolicyInfo version = info_for(table, {0});
  version.schema.features = {{"contrast", 99}};
  EXPECT_TRIAGE_ERROR(ReplayBackend(table, version), ErrorCode::kPolicy, "version 99", "train again");
  PolicyInfo size = info_for(table, {0});
  size.schema.features = {table.schema.features[0]};
  size.schema.working_px = 64;
  EXPECT_TRIAGE_ERROR(ReplayBackend(table, size), ErrorCode::kPolicy, "at 64 px", "at 224 px");
  PolicyInfo classes = info_for(table, {0});
  classes.n_classes = 4;
  EXPECT_TRIAGE_ERROR(ReplayBackend(table, classes), ErrorCode::kPolicy, "has 4 classes",
                      "expected the profile's 3");
}

TEST(Replay, RejectsSelectorsWithAnotherNumberOfChoices) {
  Table table = small_table();
  TableSelector& selector = table.selectors.emplace_back();
  selector.name = "chooser";
  selector.fingerprint = "fs";
  selector.recipe = "r0";
  selector.chooses = {"a", "b"};
  table.selector_outputs = {TopK::from_probabilities(std::vector<float>{0.9F, 0.1F}),
                            TopK::from_probabilities(std::vector<float>{0.2F, 0.8F})};
  table.selector_ms = {1, 1};
  table.selector_recipe_of = {0};
  PolicyInfo info = info_for(table, {0, 1});
  info.models.push_back({{"chooser", "fs"}});
  EXPECT_EQ(policy_difference(table, *make_selector(info, {2, {0, 1}})), std::nullopt);
  const auto wrong = make_selector(info, {2, {0}});
  FakeClock clock;
  Replay replay = make_replay("x", 2);
  EXPECT_TRIAGE_ERROR(replay_policy(table, kBoth, *wrong, clock, replay), ErrorCode::kPolicy,
                      "knows 1 choices of model 'chooser'", "expected the profile's 2");
}

}  // namespace
}  // namespace triage
