// What perturbations do to a policy of fake networks, against a count by hand.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "support/expect_error.h"
#include "support/fake_zoo.h"
#include "triage/classifier.h"
#include "triage/engine.h"
#include "triage/tools/learn.h"
#include "triage/tools/perturb.h"
#include "triage/tools/profile.h"

namespace triage {
namespace {

class PerturbedInputs : public ::testing::Test {
 protected:
  PerturbedInputs() {
    const auto zoo = testing::write_fake_zoo(dir_ / "zoo", {{.name = "small", .accuracy = 0.6, .ms = 0.001},
                                                            {.name = "large", .accuracy = 0.9, .ms = 0.009}});
    const auto files = testing::write_fake_data(dir_ / "data", 120);
    data_ = open({files.images}, {files.labels});
    FakeClock clock;
    EngineOptions engine;
    engine.clock = unowned(clock);
    EngineSet engines(engine);
    ProfileOptions options;
    options.clock = unowned(clock);
    // Under the same ids.
    const auto other = testing::write_fake_data(dir_ / "other", 200, 10, 7);
    const auto training = open({other.images}, {other.labels});
    const std::filesystem::path profile = dir_ / "training.profile";
    measure_profile(load_zoo(zoo), engines, *training, options, profile);
    table_ = load_table(std::vector<std::filesystem::path>{profile});
    runtime_ = Runtime::load(zoo, {.cache_dir = {}});
    training_ = open({other.images}, {other.labels});
  }
  static std::unique_ptr<Dataset> open(const std::vector<std::filesystem::path>& images,
                                       const std::vector<std::filesystem::path>& labels) {
    return open_dataset({.data = images, .labels = labels});
  }
  std::shared_ptr<const Policy> single(ModelIndex model) const {
    return train_single(table_, all_rows(table_), Criterion::kTop1, model);
  }
  std::shared_ptr<const Policy> cascade() const { return train_cascade(table_, all_rows(table_), {}); }
  PerturbationStudy study(const std::shared_ptr<const Policy>& policy, std::string_view list) const {
    PerturbOptions options;
    options.perturbations = parse_perturbations(list);
    options.resamples = 200;
    return study_perturbations(policy, runtime_, *data_, options);
  }

  testing::TempFolder dir_;
  std::unique_ptr<Dataset> data_, training_;
  Table table_;
  std::shared_ptr<Runtime> runtime_;
};

// What is counted is what a classifier does on the perturbed images.
TEST_F(PerturbedInputs, AreCountedAsAClassifierSeesThem) {
  const auto policy = cascade();
  const Classifier classifier(policy, runtime_);
  const auto found = study(policy, "brightness:0.8,left:1");
  ASSERT_EQ(found.effects.size(), 2U);
  EXPECT_EQ(found.inputs, 120U);
  EXPECT_EQ(found.n_seen, 0U);
  for (const PerturbationEffect& effect : found.effects) {
    std::size_t looks = 0, answers = 0, right_before = 0, right_after = 0;
    for (std::size_t i = 0; i < data_->size(); ++i) {
      const Image image = data_->load(i, {});
      const Result before = classifier.classify(image);
      const Result after = classifier.classify(perturb(image, effect.perturbation).value());
      looks += before.looks.size() == after.looks.size() ? 1 : 0;  // a cascade has one order
      answers += before.label() == after.label() ? 1 : 0;
      right_before += before.label() == data_->label(i) ? 1 : 0;
      right_after += after.label() == data_->label(i) ? 1 : 0;
    }
    EXPECT_EQ(effect.inputs, 120U);
    EXPECT_EQ(effect.same_looks, looks);
    EXPECT_EQ(effect.policy.same_answers, answers);
    EXPECT_NEAR(effect.policy.score_before, static_cast<double>(right_before) / 120, 1e-12);
    EXPECT_NEAR(effect.policy.score_after, static_cast<double>(right_after) / 120, 1e-12);
    EXPECT_NEAR(effect.policy.loss.value, effect.policy.score_before - effect.policy.score_after, 1e-12);
    EXPECT_LE(effect.policy.loss.interval.low, effect.policy.loss.value);
    EXPECT_GE(effect.policy.loss.interval.high, effect.policy.loss.value);
    EXPECT_NEAR(effect.extra_loss.value, effect.policy.loss.value - effect.single.loss.value, 1e-12);
  }
  EXPECT_LT(found.effects[0].policy.same_answers, 120U)
      << "darker pictures are of other classes to the fakes";
}

TEST_F(PerturbedInputs, APolicyOfTheSingleModelLosesWhatTheModelLoses) {
  const auto found = study(single(1), "brightness:0.5");
  const PerturbationEffect& effect = found.effects.front();
  EXPECT_EQ(found.versus, "large");
  EXPECT_EQ(effect.same_looks, effect.inputs);
  EXPECT_EQ(effect.policy.same_answers, effect.single.same_answers);
  EXPECT_GT(effect.policy.loss.value, 0.5);
  EXPECT_EQ(effect.extra_loss.value, 0);
  EXPECT_EQ(effect.extra_loss.interval.high, 0);
}

TEST_F(PerturbedInputs, ResamplingChangesNothingWhereNothingIsResized) {
  const PerturbationEffect effect = study(cascade(), "resample:bilinear").effects.front();
  EXPECT_EQ(effect.policy.same_answers, 120U);
  EXPECT_EQ(effect.policy.loss.value, 0);
}

TEST_F(PerturbedInputs, ResamplingIsSeenByTheModels) {
  const auto files = testing::write_fake_data(dir_ / "wide", 60, 10, 3, 61);
  data_ = open({files.images}, {files.labels});
  EXPECT_EQ(study(cascade(), "resample:by_size").effects.front().policy.same_answers, 60U);
  EXPECT_LT(study(cascade(), "resample:bilinear").effects.front().single.same_answers, 60U)
      << "the fakes' answers depend on every bit of the tensor";
}

TEST_F(PerturbedInputs, ImagesThatCannotBePerturbedDoNotCount) {
  const PerturbationEffect effect = study(cascade(), "left:28").effects.front();
  EXPECT_EQ(effect.inputs, 0U);
  EXPECT_EQ(effect.same_looks, 0U);
}

TEST_F(PerturbedInputs, ThoseOfTrainingAreLeftOut) {
  const auto policy = cascade();
  EXPECT_TRIAGE_ERROR(study_perturbations(policy, runtime_, *training_, {}), ErrorCode::kData,
                      "of 200 images 200 were trained on");
}

// A photograph is decoded smaller for the models; the hash that training kept is of the whole.
TEST_F(PerturbedInputs, APhotographOfTrainingIsLeftOutUnderAnotherName) {
  const auto write = [&](const std::string& folder, std::size_t i, std::size_t picture) {
    const Image image = testing::fake_image(testing::fake_label(picture), picture, 10, 960);
    dir_.write(fmt::format("{}/{}/{}.jpg", folder, i % 2, i), encode_jpeg(image, 90));
  };
  for (std::size_t i = 0; i < 4; ++i) {
    write("trained", i, i);
    write("tested", i, i + 3);  // the first is the last of those
  }
  const auto trained = open({dir_ / "trained"}, {});
  data_ = open({dir_ / "tested"}, {});
  EngineSet engines;
  const std::filesystem::path profile = dir_ / "photographs.profile";
  measure_profile(runtime_->zoo(), engines, *trained, {}, profile);
  table_ = load_table({&profile, 1});
  const PerturbationStudy found = study(single(0), "brightness:0.8");
  EXPECT_EQ(found.n_seen, 1U);
  EXPECT_EQ(found.inputs, 3U);
}

TEST_F(PerturbedInputs, AreKnownByTheirIdsWhereTrainingKeptNoPictures) {
  table_.picture_hashes.clear();
  EXPECT_TRIAGE_ERROR(study(cascade(), "jpeg:75"), ErrorCode::kData, "of 120 images 120 were trained on");
}

TEST_F(PerturbedInputs, OptionsThatMakeNoSenseAreRefused) {
  const auto policy = cascade();
  const auto refuses = [&](auto change, std::initializer_list<std::string_view> parts) {
    PerturbOptions options;
    change(options);
    testing::expect_error([&] { (void)study_perturbations(policy, runtime_, *data_, options); },
                          ErrorCode::kUsage, parts);
  };
  refuses([](PerturbOptions& o) { o.request.max_latency_ms = 5; }, {"max_latency_ms", "no cap on time"});
  refuses([](PerturbOptions& o) { o.request.deadline_ns = 5; }, {"no cap on time"});
  refuses([](PerturbOptions& o) { o.request.min_confidence = 2; }, {"min_confidence"});
  refuses([](PerturbOptions& o) { o.perturbations.clear(); }, {"perturbations: none"});
  refuses([](PerturbOptions& o) { o.resamples = -1; }, {"resamples: -1"});
  refuses([](PerturbOptions& o) { o.versus = "huge"; }, {"`versus`: 'huge'", "zoo list"});
}

TEST_F(PerturbedInputs, ASingleModelThatTheZooLacksIsAnError) {
  const auto zoo = testing::write_fake_zoo(dir_ / "less", {{.name = "small", .accuracy = 0.6, .ms = 1}});
  const auto policy = single(0);  // runs the small one; the best of its training is the large one
  const auto runtime = Runtime::load(zoo, {.cache_dir = {}});
  EXPECT_TRIAGE_ERROR(study_perturbations(policy, runtime, *data_, {}), ErrorCode::kPolicy, "'large'",
                      "`versus`");
}

TEST_F(PerturbedInputs, CanBeStopped) {
  std::stop_source source;
  source.request_stop();
  PerturbOptions options;
  options.stop = source.get_token();
  EXPECT_TRIAGE_ERROR(study_perturbations(cascade(), runtime_, *data_, options), ErrorCode::kInterrupted,
                      "perturbations");
}

}  // namespace
}  // namespace triage
