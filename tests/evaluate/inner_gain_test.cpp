// What training says of whether it pays.
#include "triage/tools/inner_gain.h"

#include <gtest/gtest.h>

#include "learn/tables.h"
#include "support/expect_error.h"
#include "support/synthetic.h"
#include "triage/error.h"
#include "triage/tools/learn.h"

namespace triage {
namespace {

TEST(InnerGain, PaysWhenBetterOrCheaperAndNoWorse) {
  EXPECT_TRUE((InnerGain{0.02, 0.01, 3}.pays()));   // better than by chance
  EXPECT_FALSE((InnerGain{0.02, 0.03, 3}.pays()));  // it may be chance
  EXPECT_TRUE((InnerGain{-0.004, 0.01, 0.5}.pays()));
  EXPECT_TRUE((InnerGain{-0.024, 0.01, 0.5}.pays()));
  EXPECT_FALSE((InnerGain{-0.026, 0.01, 0.5}.pays()));
  EXPECT_TRUE((InnerGain{-0.026, 0.01, 0.5}.pays(0.01)));  // whoever asked for less
  EXPECT_FALSE((InnerGain{0, 0, 1}.pays()));               // the same
}

// Of 90 inputs a third is judged; the single best model is `large`, at 4 ms.
struct InnerGainOf : ::testing::Test {
  std::vector<std::vector<std::int32_t>> ranks{90, {1, 1}};
  void SetUp() override {
    for (std::size_t i = 0; i < 90; i += 3) ranks[i][0] = 2;
  }
  [[nodiscard]] std::optional<InnerGain> of(ModelIndex model, std::size_t n = 90) {
    Table table = testing::table_of({"small", "large"}, {1, 4}, ranks);
    const auto rows = all_rows(table);
    FakeClock clock;
    return inner_gain(
        table, Rows(rows).first(n), Criterion::kTop1, 0,
        [&](Rows part) {
          trained = part.size();
          return train_single(table, part, Criterion::kTop1, model);
        },
        unowned(clock));
  }
  std::size_t trained = 0;
};

TEST_F(InnerGainOf, IsJudgedOnRowsThatDidNotTrain) {
  const auto same = of(1);
  ASSERT_TRUE(same);
  EXPECT_EQ(trained, 60U);
  EXPECT_EQ(same->score_gain, 0);
  EXPECT_EQ(same->score_error, 0);
  EXPECT_NEAR(same->cost_ratio, 1, 1e-9);
  const auto cheaper = of(0);
  ASSERT_TRUE(cheaper);
  EXPECT_NEAR(cheaper->cost_ratio, 0.25, 1e-9);
  EXPECT_LT(cheaper->score_gain, -0.1);
  EXPECT_GT(cheaper->score_gain, -0.6);
  EXPECT_GT(cheaper->score_error, 0.02);
  EXPECT_FALSE(cheaper->pays());
}

TEST_F(InnerGainOf, TooFewRowsTellNothing) {
  EXPECT_FALSE(of(1, 59));
  EXPECT_EQ(trained, 0U);
}

TEST(InnerGain, TrainingThatCannotDoWithLessTellsNothing) {
  const Table table = testing::random_table(90, 2, 1);
  const auto rows = all_rows(table);
  const auto fails = [](ErrorCode code) {
    return [code](Rows) -> std::unique_ptr<Policy> { throw Error(code, "no"); };
  };
  EXPECT_FALSE(inner_gain(table, rows, Criterion::kTop1, 0, fails(ErrorCode::kUsage)));
  EXPECT_TRIAGE_ERROR((void)inner_gain(table, rows, Criterion::kTop1, 0, fails(ErrorCode::kInterrupted)),
                      ErrorCode::kInterrupted, "no");
}

TEST(AdaptiveGain, IsThatOfItsInnerFolds) {
  const Table table = testing::synthetic_table(600, testing::three_models(), 3);
  const auto rows = all_rows(table);
  const auto adaptive = train_adaptive(table, rows, {}, {});
  const auto gain = adaptive_gain(*adaptive);
  ASSERT_TRUE(gain);
  const auto& facts = std::get<AdaptiveFacts>(adaptive->info().training.details);
  EXPECT_EQ(gain->score_gain, facts.gain);
  EXPECT_LT(gain->cost_ratio, 1);
  EXPECT_TRUE(gain->pays());
  EXPECT_FALSE(adaptive_gain(*train_single(table, rows, Criterion::kTop1, 0)));
  Certificate certificate;
  certificate.max_loss = certificate.delta = 0.05;
  EXPECT_FALSE(adaptive_gain(*adaptive->with_certificate(0, certificate)));
}

}  // namespace
}  // namespace triage
