// Classifier on fake networks: answers, times, names, threads, and zoos that do not fit the policy.
#include <gtest/gtest.h>

#include <string>
#include <thread>
#include <vector>

#include "policy/selector_policy.h"
#include "support/expect_error.h"
#include "support/fake_zoo.h"
#include "triage/triage.h"

namespace triage {
namespace {

// A policy over some models of a zoo, in that order.
PolicyInfo info_for(const Zoo& zoo, const std::vector<std::string>& names) {
  PolicyInfo info;
  for (const std::string& name : names) {
    const ModelSpec& model = zoo.models[static_cast<std::size_t>(zoo.find(name))];
    info.models.push_back({{name, model.fingerprint()}});
    info.n_classes = model.output.n_classes;
  }
  return info;
}

// Runs every model in turn and answers for the last; `price` features first.
class RunAll final : public Policy {
 public:
  explicit RunAll(PolicyInfo info) : Policy(std::move(info)) {}
  std::string_view kind() const override { return "run-all"; }
  Action next(const Evidence& evidence, Trace* trace) const override {
    if (evidence.looks.size() < info().models.size()) {
      return Action::run(static_cast<ModelIndex>(evidence.looks.size()));
    }
    if (trace != nullptr) trace->emplace_back(OwnStep{"all ran"});
    return Action::answer_of(evidence.looks.back());
  }
};

struct ClassifierTest : ::testing::Test {
  testing::TempFolder dir;
  std::filesystem::path zoo_path =
      testing::write_fake_zoo(dir.path() / "zoo", {{.name = "small", .accuracy = 0.6, .ms = 1},
                                                   {.name = "large", .accuracy = 1.0, .ms = 8},
                                                   {.name = "broken", .fail_every = 1}});
  Zoo zoo = load_zoo(zoo_path);
  FakeClock clock;
  RuntimeOptions options{.cache_dir = "", .clock = unowned(clock)};

  Classifier make(std::unique_ptr<Policy> policy, const Zoo& of) const {
    return {std::move(policy), std::make_shared<Runtime>(of, options)};
  }
  std::filesystem::path saved_single(const std::string& name) {
    std::filesystem::path path = dir.path() / (name + ".triage");
    save_policy(*make_single(info_for(zoo, {name}), 0), path);
    return path;
  }
  void expect_policy_error(PolicyInfo info, const std::vector<std::string>& parts) {
    try {
      (void)make(make_single(std::move(info), 0), zoo);
      FAIL() << "no error";
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::kPolicy);
      for (const std::string& part : parts) {
        EXPECT_NE(std::string(error.what()).find(part), std::string::npos) << error.what();
      }
    }
  }
};

TEST_F(ClassifierTest, LoadsAndClassifies) {
  const auto classifier = Classifier::load(saved_single("large"), zoo_path, options);
  for (Label label = 0; label < 10; ++label) {
    const Result result = classifier.classify(testing::fake_image(label, 7));
    EXPECT_EQ(result.answer.best(), label);
    EXPECT_EQ(result.model, 0);
    EXPECT_DOUBLE_EQ(result.infer_ms, 8);
    EXPECT_DOUBLE_EQ(result.total.ms, 8);
  }
  EXPECT_EQ(classifier.policy()->kind(), "single");
  EXPECT_EQ(classifier.zoo().models.size(), 3U);
}

TEST_F(ClassifierTest, AddsUpTheTimesOfItsLooks) {
  const auto classifier = make(std::make_unique<RunAll>(info_for(zoo, {"large", "small"})), zoo);
  const Result result = classifier.classify(testing::fake_image(3, 1), {.explain = true});
  EXPECT_EQ(result.looks.size(), 2U);
  EXPECT_EQ(result.model, 1);
  EXPECT_DOUBLE_EQ(result.infer_ms, 9);
  EXPECT_EQ(result.trace->size(), 1U);
}

// Networks take twice what the policy says.
TEST_F(ClassifierTest, CapsAllowForTheLoadOfLate) {
  PolicyInfo info = info_for(zoo, {"small", "large"});
  info.models[0].mean_ms = info.models[0].p999_ms = 0.5;
  info.models[1].mean_ms = info.models[1].p999_ms = 4;
  const auto classifier = make(make_single(info, 1), zoo);
  const Image image = testing::fake_image(3, 7);
  EXPECT_EQ(classifier.load_factor(), 1);
  EXPECT_TRUE(classifier.classify(image, {.max_latency_ms = 5}).breached);
  for (int i = 0; i < 40; ++i) (void)classifier.classify(image);
  EXPECT_NEAR(classifier.load_factor(), 2, 0.02);
  const Result result = classifier.classify(image, {.max_latency_ms = 5});
  EXPECT_EQ(result.kept_out, 1);
  EXPECT_EQ(result.model, 0);
  EXPECT_FALSE(result.breached);
  auto again = classifier;
  again.set_policy(make_single(info, 1));
  EXPECT_EQ(classifier.load_factor(), 1) << "other times, other factor";
}

TEST_F(ClassifierTest, WarmUpLoadsEveryModelOfThePolicy) {
  const auto fresh = [&] { return make(std::make_unique<RunAll>(info_for(zoo, {"large", "small"})), zoo); };
  const Classifier warm = fresh();
  warm.warm_up();
  for (const char* file : {"small.fake", "large.fake"}) {
    const auto there = zoo_path.parent_path() / file, away = dir.path() / file;
    std::filesystem::rename(there, away);
    EXPECT_THROW(fresh().warm_up(), Error) << file;
    EXPECT_EQ(warm.classify(testing::fake_image(3, 1)).looks.size(), 2U) << "it needs no file";
    std::filesystem::rename(away, there);
  }
}

// A policy of a fixed order needs the networks of that order alone; a stop is looked at before each.
TEST_F(ClassifierTest, WarmUpForLoadsWhatSuchRequestsNeed) {
  const auto runtime = std::make_shared<Runtime>(zoo, options);
  const Classifier classifier(make_single(info_for(zoo, {"large", "small"}), 1), runtime);
  std::stop_source stop;
  stop.request_stop();
  classifier.warm_up_for({}, stop.get_token());
  EXPECT_EQ(runtime->pool_use().loads, 0U);
  classifier.warm_up_for({});
  EXPECT_EQ(runtime->pool_use().loads, classifier.policy()->look_order({}).empty() ? 2U : 1U);
}

TEST_F(ClassifierTest, NamesLabels) {
  const auto classifier = Classifier::load(saved_single("large"), zoo_path, options);
  EXPECT_EQ(classifier.label_name(4), "class 4");
  EXPECT_EQ(classifier.label_name(10), "10");
  EXPECT_EQ(classifier.label_name(kNoLabel), "none");
  const auto bare = testing::write_fake_zoo(dir.path() / "bare", {{.name = "large"}}, 10, false);
  const Zoo unnamed = load_zoo(bare);
  EXPECT_EQ(make(make_single(info_for(unnamed, {"large"}), 0), unnamed).label_name(4), "4");
}

// One network fails on some pictures, after another has run on them; the others go as if nothing had been.
TEST_F(ClassifierTest, SurvivesAFailingRun) {
  const Zoo moody = load_zoo(testing::write_fake_zoo(
      dir.path() / "moody", {{.name = "large", .ms = 8}, {.name = "moody", .ms = 1, .fail_every = 2}}));
  const auto fresh = [&] {
    return make(std::make_unique<RunAll>(info_for(moody, {"large", "moody"})), moody);
  };
  const Classifier classifier = fresh();
  std::size_t failed = 0, after_a_failure = 0;
  bool last_failed = false;
  for (std::uint64_t i = 0; i < 40; ++i) {
    const auto label = static_cast<Label>(i % 10);
    const Image image = testing::fake_image(label, i);
    try {
      const Result result = classifier.classify(image);
      after_a_failure += last_failed ? 1 : 0;
      last_failed = false;
      EXPECT_EQ(result.answer.best(), label) << i;
      EXPECT_EQ(result.model, 1) << i;
      ASSERT_EQ(result.looks.size(), 2U) << i;
      EXPECT_EQ(result.looks[0].output.best(), label) << i;
      EXPECT_DOUBLE_EQ(result.infer_ms, 9) << i;
      EXPECT_DOUBLE_EQ(result.total.ms, 9) << i;
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::kEngine);
      EXPECT_NE(std::string(error.what()).find("model 'moody'"), std::string::npos) << error.what();
      EXPECT_THROW((void)fresh().classify(image), Error) << "what fails here fails in a new one";
      last_failed = true;
      ++failed;
    }
  }
  EXPECT_GT(failed, 5U);
  EXPECT_GT(after_a_failure, 5U);
}

TEST_F(ClassifierTest, ThreadsShareIt) {
  options.clock = {};
  const auto quick = testing::write_fake_zoo(
      dir.path() / "quick", {{.name = "a", .accuracy = 0.5}, {.name = "b", .accuracy = 0.8}});
  const Zoo quick_zoo = load_zoo(quick);
  const auto classifier = make(std::make_unique<RunAll>(info_for(quick_zoo, {"a", "b"})), quick_zoo);
  std::vector<Image> images;
  std::vector<Label> expected;
  for (std::uint64_t i = 0; i < 40; ++i) {
    images.push_back(testing::fake_image(static_cast<Label>(i % 10), i));
    expected.push_back(classifier.classify(images.back()).answer.best());
  }
  std::vector<std::size_t> wrong(4);
  std::vector<std::thread> threads;
  for (std::size_t t = 0; t < wrong.size(); ++t) {
    threads.emplace_back([&, t] {
      for (std::size_t i = 0; i < images.size(); ++i) {
        const std::size_t at = (i + 10 * t) % images.size();
        if (classifier.classify(images[at]).answer.best() != expected[at]) ++wrong[t];
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(wrong, std::vector<std::size_t>(4));
}

TEST_F(ClassifierTest, RejectsAModelThatTheZooLacks) {
  PolicyInfo info = info_for(zoo, {"large"});
  info.models[0].name = "huge";
  expect_policy_error(info, {"model 'huge' is not in zoo", "train again"});
}

TEST_F(ClassifierTest, RejectsOtherWeightsNamingBothFingerprints) {
  PolicyInfo info = info_for(zoo, {"large"});
  const std::string there = info.models[0].fingerprint;
  info.models[0].fingerprint = "0123456789abcdef";
  expect_policy_error(info, {"model 'large'", there, "0123456789abcdef", "train again"});
}

// Fake devices differ in precision as machines do: the policy is of a device with bf16, the zoo here of one
// without, and of one whose choice is f16.
struct PrecisionTest : ClassifierTest {
  Zoo there = [this] {
    Zoo made = load_zoo(testing::write_fake_zoo(
        dir.path() / "precise",
        {{.name = "net", .ms = 8, .devices = {{"NPU", 1}, {"GPU", 1}}}, {.name = "other"}}));
    made.models[0].device = "NPU";
    made.models[0].precision = Precision::kBf16;
    return made;
  }();
  PolicyInfo info = [this] {
    PolicyInfo made = info_for(there, {"net"});
    made.models[0].precision = Precision::kBf16;
    return made;
  }();

  void expect_refused(const Zoo& here, std::initializer_list<std::string_view> parts) {
    testing::expect_error([&] { (void)make(make_single(info, 0), here); }, ErrorCode::kPolicy, parts);
  }
};

TEST_F(PrecisionTest, RunsWhereThePrecisionIs) {
  const auto runs = [&](const Zoo& here) {
    return make(make_single(info, 0), here).classify(testing::fake_image(3, 7)).infer_ms;
  };
  EXPECT_DOUBLE_EQ(runs(there), 4);
  there.models[0].precision = Precision::kAuto;  // is bf16 on that device
  EXPECT_DOUBLE_EQ(runs(there), 4);
}

TEST_F(PrecisionTest, NamesTheNearestModelWhereItIsNot) {
  Zoo here = there;
  here.models[0].device = "CPU";
  expect_refused(here,
                 {"model 'net' cannot run in bf16 on CPU of this machine, expected bf16, in which it was "
                  "profiled; zoo 'fake' does not have this network in a precision that runs here"});
  testing::add_variant(here, "net", "net on GPU", "GPU", 1);
  here.models.back().precision = Precision::kAuto;
  expect_refused(here, {"nearest is 'net on GPU', the same network in f16: profile that and train again"});
  testing::add_variant(here, "net", "net in f32", "CPU", 1);
  here.models.back().precision = Precision::kF32;
  expect_refused(here, {"nearest is 'net in f32', the same network in f32: profile that and train again"});
}

TEST_F(PrecisionTest, AutoIsWhatItIsHere) {
  Zoo here = there;
  here.models[0].device = "CPU";
  here.models[0].precision = Precision::kAuto;
  expect_refused(
      here, {"model 'net' runs in f32 here, expected bf16", "nearest is 'net', the same network in f32"});
  here.models[0].device = "GPU";
  expect_refused(here, {"model 'net' runs in f16 here", "nearest is 'net', the same network in f16"});
}

TEST_F(ClassifierTest, RejectsPoliciesOfForeignTables) {
  PolicyInfo info = info_for(zoo, {"large"});
  info.models[0].fingerprint.clear();
  expect_policy_error(info, {"foreign table"});
}

TEST_F(ClassifierTest, RejectsAnotherNumberOfClasses) {
  for (const std::int32_t n : {9, 11}) {
    PolicyInfo info = info_for(zoo, {"small", "large"});
    info.n_classes = n;
    expect_policy_error(info, {"model 'small' has 10 classes in zoo", "expected " + std::to_string(n)});
  }
  PolicyInfo unknown = info_for(zoo, {"small", "large"});
  unknown.n_classes = 0;  // of a policy of one's own, say
  EXPECT_EQ(make(make_single(unknown, 1), zoo).classify(testing::fake_image(3, 7)).answer.best(), 3);
}

TEST_F(ClassifierTest, RejectsModelsThatAnswerInOtherClasses) {
  zoo.models[1].output.n_classes = 7;
  PolicyInfo info = info_for(zoo, {"small", "large"});
  info.n_classes = 0;
  expect_policy_error(info, {"model 'large' has 7 classes", "expected 10"});
}

TEST_F(ClassifierTest, RejectsSelectorsWithAnotherNumberOfChoices) {
  const auto made = [&](std::size_t n_choices) {
    return make(make_selector(info_for(zoo, {"small", "large"}), {0, std::vector<ModelIndex>(n_choices, 1)}),
                zoo);
  };
  EXPECT_EQ(made(10).classify(testing::fake_image(3, 7)).answer.best(), 3);
  for (const std::size_t n : {1, 9, 11}) {
    testing::expect_error([&] { (void)made(n); }, ErrorCode::kPolicy,
                          {"model 'small' has 10 classes in zoo", "expected " + std::to_string(n) + " as"});
  }
}

TEST_F(ClassifierTest, SaysWhichFileDoesNotFit) {
  PolicyInfo info = info_for(zoo, {"large"});
  info.n_classes = 9;
  save_policy(*make_single(info, 0), dir.path() / "nine.triage");
  testing::expect_error([&] { (void)Classifier::load(dir.path() / "nine.triage", zoo_path, options); },
                        ErrorCode::kPolicy, {"nine.triage': policy of kind 'single': model 'large'"});
}

TEST_F(ClassifierTest, RejectsFeaturesOfAnotherVersion) {
  PolicyInfo info = info_for(zoo, {"large"});
  info.schema.features.push_back({"contrast", 999});
  expect_policy_error(info, {"contrast"});
}

TEST_F(ClassifierTest, RejectsFilesThatAreNotThere) {
  try {
    (void)Classifier::load(dir.path() / "absent.triage", zoo_path, options);
    FAIL() << "no error";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kIo);
  }
  try {
    (void)Classifier::load(saved_single("large"), dir.path() / "absent.json", options);
    FAIL() << "no error";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kIo);
  }
}

}  // namespace
}  // namespace triage
