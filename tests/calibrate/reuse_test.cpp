// The limit of reuse: replays by hand, limits whose loss is known, and the whole study on fake networks.
#include "triage/tools/reuse.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "calibrate/reuse_limit.h"
#include "support/expect_error.h"
#include "support/fake_zoo.h"
#include "triage/error.h"

namespace triage {
namespace {

AnsweredFrame frame(std::uint8_t level, Label answer, Label label) {
  AnsweredFrame frame;
  frame.thumbnail.fill(level);
  if (answer != kNoLabel) {
    std::vector<float> probabilities(8, 0.05F);
    probabilities[static_cast<std::size_t>(answer)] = 0.65F;
    frame.answer = TopK::from_probabilities(probabilities);
  }
  frame.label = label;
  return frame;
}

TEST(ReplayReuse, CountsWhatRanAndWhatWasLost) {
  // Answered: 10 (1 is right), 20 (2 is right), 21 (wrong, but reuse of 2 is right), 24 (right, reuse is
  // not).
  const FrameSequence sequence{frame(10, 1, 1), frame(20, 2, 2), frame(21, 3, 2), frame(24, 4, 4)};
  const auto outcome = [&](double limit, int max_age) {
    const ReuseOutcome found = replay_reuse(sequence, {limit, max_age}, Criterion::kTop1);
    return std::pair(found.ran_share, found.loss);
  };
  EXPECT_EQ(outcome(0, 9), std::pair(1.0, 0.0));
  EXPECT_EQ(outcome(2, 9), std::pair(0.75, -0.25)) << "21 takes the answer of 20 and is right";
  EXPECT_EQ(outcome(5, 9), std::pair(0.5, 0.0)) << "24 loses what 21 gains";
  EXPECT_EQ(outcome(5, 1), std::pair(0.75, -0.25)) << "24 is too late for the answer of 20";
  EXPECT_EQ(outcome(255, 9), std::pair(0.25, 0.5));
  // Among the best five the answers of 10 hold labels 0 to 4.
  EXPECT_EQ(replay_reuse(sequence, {255, 9}, Criterion::kTop5).loss, 0);
}

TEST(ReplayReuse, RefusedFramesAreNotComparedWith) {
  const FrameSequence sequence{frame(10, kNoLabel, 1), frame(10, 1, 1), frame(30, kNoLabel, 1),
                               frame(31, 1, 1), frame(10, 1, 1)};
  const ReuseOutcome outcome = replay_reuse(sequence, {5, 9}, Criterion::kTop1);
  EXPECT_EQ(outcome.ran_share, 1.0) << "31 is compared with 10, and the last one with 31";
  EXPECT_EQ(outcome.loss, 0);
}

// Pairs of frames that differ by `apart`; the class changes with them where they differ by 3 or more.
FrameSequence pairs(double share_changed) {
  FrameSequence sequence;
  const std::uint8_t apart[] = {1, 2, 3, 5};
  std::uint8_t base = 0;
  for (int i = 0; i < 40; ++i, base = base == 0 ? 100 : 0) {
    const std::uint8_t d = apart[i % 4];
    const bool changed = d >= 3 && i < 40 * share_changed;
    sequence.push_back(frame(base, 1, 1));
    sequence.push_back(frame(static_cast<std::uint8_t>(base + d), changed ? 2 : 1, changed ? 2 : 1));
  }
  return sequence;
}

TEST(LearnReuse, TakesTheLargestLimitThatKeepsTheLoss) {
  const std::vector<FrameSequence> sequences{pairs(1), pairs(1), pairs(1), pairs(0.5)};
  ReuseOptions options;
  options.limits = {1.5, 2.5, 3.5, 8};
  options.max_loss = 0.01;
  ReuseStudy study;
  learn_reuse(sequences, Criterion::kTop1, options, study);
  ASSERT_EQ(study.steps.size(), 4U);
  ASSERT_EQ(study.chosen, 1U);
  EXPECT_TRUE(study.steps[1].passed);
  EXPECT_FALSE(study.steps[2].passed);
  EXPECT_EQ(study.steps[0].ran_share, 1 - 0.125);  // a quarter of the pairs' second frames
  EXPECT_EQ(study.steps[1].ran_share, 1 - 0.25);
  EXPECT_EQ(study.steps[1].loss.value, 0);
  // At 3.5 the frames 3 apart are lost: an eighth of three sequences, a sixteenth of the last.
  EXPECT_NEAR(study.steps[2].loss.value, (3 * 0.125 + 0.0625) / 4, 1e-12);
  // Deviations 1/64 (three times) and -3/64: variance 12/4096/3, t of 3 degrees 3.1824.
  const double bound = 3.182446 * std::sqrt(12.0 / 4096 / 3 / 4);
  EXPECT_NEAR(study.steps[2].loss.interval.high, study.steps[2].loss.value + bound, 1e-6);
  EXPECT_NEAR(study.steps[2].loss.interval.low, study.steps[2].loss.value - bound, 1e-6);
  EXPECT_EQ(study.left_out_ran_share, 0.75);
  EXPECT_EQ(study.left_out_loss.value, 0);
  EXPECT_EQ(study.sequences, 4U);

  options.max_loss = 0.35;
  learn_reuse(sequences, Criterion::kTop1, options, study);
  EXPECT_EQ(study.chosen, 3U) << "all pass";
}

// One sequence is not like the others: what they allow loses there, and the judgement says so.
TEST(LearnReuse, IsJudgedOnSequencesThatItWasNotLearnedOn) {
  const std::vector<FrameSequence> sequences{pairs(0), pairs(0), pairs(0), pairs(1)};
  ReuseOptions options;
  options.limits = {2.5, 8};
  options.max_loss = 0.01;
  ReuseStudy study;
  learn_reuse(sequences, Criterion::kTop1, options, study);
  EXPECT_EQ(study.chosen, 0U);
  // Without the last one the others give a limit of 8, which loses a quarter there; with it 2.5.
  EXPECT_NEAR(study.left_out_loss.value, 0.25 / 4, 1e-12);
  EXPECT_NEAR(study.left_out_ran_share, (3 * 0.75 + 0.5) / 4, 1e-12);
}

// What a limit beyond one that fails seems to keep is chance.
TEST(LearnReuse, NothingPassesAfterOneThatFails) {
  const std::vector<FrameSequence> sequences(
      3, {frame(0, 1, 1), frame(2, 2, 2), frame(5, 3, 1), frame(5, 3, 1)});
  ReuseOptions options;
  options.limits = {1, 3, 8};
  options.max_loss = 0;
  ReuseStudy study;
  learn_reuse(sequences, Criterion::kTop1, options, study);
  EXPECT_EQ(study.steps[1].loss.value, 0.25);
  EXPECT_LT(study.steps[2].loss.value, 0) << "the answer of the first frame is right on the last two";
  EXPECT_FALSE(study.steps[2].passed);
  EXPECT_EQ(study.chosen, 0U);
}

TEST(LearnReuse, MayFindThatNothingMayBeReused) {
  FrameSequence bad;
  for (int i = 0; i < 10; ++i) bad.push_back(frame(5, i % 2, i % 2));
  ReuseOptions options;
  ReuseStudy study;
  learn_reuse(std::vector<FrameSequence>(3, bad), Criterion::kTop1, options, study);
  EXPECT_FALSE(study.chosen);
  EXPECT_FALSE(study.steps[0].passed);
  EXPECT_EQ(study.left_out_ran_share, 1);
  EXPECT_EQ(study.left_out_loss.value, 0);
}

// Sequences of 6 frames: three times a picture of class c, then of class c + 1.
struct StudyReuse : ::testing::Test {
  testing::TempFolder dir;
  std::filesystem::path zoo_path = testing::write_fake_zoo(
      dir.path() / "zoo", {{.name = "small", .accuracy = 0.3, .ms = 1}, {.name = "large", .ms = 8}});
  std::shared_ptr<Runtime> runtime = Runtime::load(zoo_path, {.cache_dir = {}});
  std::string csv = "file,label\n";

  void write_sequence(int c) {
    for (int i = 0; i < 6; ++i) {
      const Label label = (c + i / 3) % 10;
      const std::string name = fmt::format("seq{}/{}.pgm", c, i);
      std::filesystem::create_directories(dir / fmt::format("frames/seq{}", c));
      testing::write_pnm(dir / ("frames/" + name), testing::fake_image(label, static_cast<unsigned>(c + 1)));
      csv += fmt::format("{},{}\n", name, label);
    }
  }
  StudyReuse() {
    for (int c = 0; c < 4; ++c) write_sequence(c);
  }
  std::shared_ptr<const Policy> single(const std::string& name) const {
    PolicyInfo info;
    const Zoo& zoo = runtime->zoo();
    const ModelSpec& model = zoo.models.at(static_cast<std::size_t>(zoo.find(name)));
    info.models.push_back({{name, model.fingerprint()}});
    info.n_classes = 10;
    return make_single(info, 0);
  }
  std::unique_ptr<Dataset> labelled() const {
    return open_dataset({.data = {dir / "frames"}, .labels = {dir.write("labels.csv", csv)}});
  }
  std::unique_ptr<Dataset> unlabelled() const {
    return open_dataset({.data = {dir / "frames"}, .require_labels = false});
  }
};

TEST_F(StudyReuse, PutsTheLimitIntoThePolicy) {
  ReuseOptions options;
  options.limits = {0.5};
  options.max_age = 7;
  std::size_t told = 0;
  options.on_frame = [&](std::size_t done, std::size_t total) {
    EXPECT_EQ(done, ++told);
    EXPECT_EQ(total, 24U);
  };
  const ReuseStudy study = study_reuse(single("large"), runtime, *labelled(), options);
  EXPECT_EQ(told, 24U);
  EXPECT_EQ(study.sequences, 4U);
  EXPECT_EQ(study.frames, 24U);
  EXPECT_EQ(study.score, 1);
  ASSERT_EQ(study.steps.size(), 1U);
  EXPECT_NEAR(study.steps[0].ran_share, 1.0 / 3, 1e-12) << "the first frame of each picture";
  ASSERT_NE(study.policy, nullptr);
  const LearnedReuse reuse = study.policy->info().reuse.value();
  EXPECT_EQ(reuse.rule, (ReuseRule{0.5, 7}));
  EXPECT_EQ(reuse.sequences, 4U);
  EXPECT_EQ(reuse.frames, 24U);
  EXPECT_EQ(reuse.max_loss, options.max_loss);
  EXPECT_EQ(reuse.loss, 0);
  EXPECT_NEAR(reuse.ran_share, 1.0 / 3, 1e-12);
  EXPECT_EQ(reuse.labels_from, "");
}

TEST_F(StudyReuse, TakesTheAnswersOfAModelForLabels) {
  ReuseOptions options;
  options.labels_from = "large";
  options.limits = {0.5};
  const ReuseStudy study = study_reuse(single("large"), runtime, *unlabelled(), options);
  EXPECT_EQ(study.score, 1);
  EXPECT_EQ(study.policy->info().reuse->labels_from, "large");
  EXPECT_LT(study_reuse(single("small"), runtime, *unlabelled(), options).score, 1);
  options.labels_from = "huge";
  EXPECT_TRIAGE_ERROR((void)study_reuse(single("large"), runtime, *unlabelled(), options), ErrorCode::kUsage,
                      "labels_from: 'huge'", "zoo list");
}

TEST_F(StudyReuse, LeavesOutWhatCannotBeRead) {
  dir.write("frames/seq0/2.pgm", std::string_view("P5 no"));
  const ReuseStudy study = study_reuse(single("large"), runtime, *labelled(), {});
  EXPECT_EQ(study.n_failed, 1U);
  EXPECT_EQ(study.frames, 23U);
  for (int s = 1; s < 3; ++s) {
    for (int i = 0; i < 6; ++i)
      dir.write(fmt::format("frames/seq{}/{}.pgm", s, i), std::string_view("P5 no"));
  }
  EXPECT_TRIAGE_ERROR((void)study_reuse(single("large"), runtime, *labelled(), {}), ErrorCode::kData,
                      "sequences: 2 with frames that can be read, of 4, expected 3 or more");
}

TEST_F(StudyReuse, RefusesTooFewSequencesAndFramesWithoutLabels) {
  const auto one = open_dataset({.data = {dir / "frames/seq0"}, .require_labels = false});
  EXPECT_TRIAGE_ERROR((void)study_reuse(single("large"), runtime, *one, {.labels_from = "large"}),
                      ErrorCode::kData, "sequences: 1, expected 3 or more, each a folder of frames");
  testing::write_pnm(dir / "frames/seq0/6.pgm", testing::fake_image(1, 1));
  const auto mixed = open_dataset({.data = {dir / "frames"}, .require_labels = false});
  EXPECT_NO_THROW((void)study_reuse(single("large"), runtime, *mixed, {.labels_from = "large"}));
  csv += "seq0/6.pgm,\n";
  const auto some = open_dataset(
      {.data = {dir / "frames"}, .labels = {dir.write("labels.csv", csv)}, .require_labels = false});
  EXPECT_TRIAGE_ERROR((void)study_reuse(single("large"), runtime, *some, {}), ErrorCode::kData,
                      "'seq0/6.pgm': no label, expected one for every frame");
}

TEST_F(StudyReuse, RefusesOptionsThatMakeNoSense) {
  const auto data = labelled();
  const auto refuses = [&](auto change, std::string_view part) {
    ReuseOptions options;
    change(options);
    EXPECT_TRIAGE_ERROR((void)study_reuse(single("large"), runtime, *data, options), ErrorCode::kUsage, part);
  };
  refuses([](ReuseOptions& o) { o.max_loss = -0.1; }, "max_loss: -0.1, expected a share");
  refuses([](ReuseOptions& o) { o.max_loss = 1; }, "max_loss: 1");
  refuses([](ReuseOptions& o) { o.max_age = 0; }, "max_age: 0");
  refuses([](ReuseOptions& o) { o.limits.clear(); }, "limits: none");
  refuses([](ReuseOptions& o) { o.limits = {2, 2}; }, "limits: 2 after 2, expected rising");
  refuses([](ReuseOptions& o) { o.limits = {0}; }, "limits: 0 after 0");
  refuses([](ReuseOptions& o) { o.limits = {300}; }, "reuse_limit: 300");
}

TEST_F(StudyReuse, CanBeStopped) {
  std::stop_source source;
  source.request_stop();
  ReuseOptions options;
  options.stop = source.get_token();
  EXPECT_TRIAGE_ERROR((void)study_reuse(single("large"), runtime, *labelled(), options),
                      ErrorCode::kInterrupted, "reuse: stopped");
}

}  // namespace
}  // namespace triage
