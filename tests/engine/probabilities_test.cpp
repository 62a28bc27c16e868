// Reading raw class values.
#include <gtest/gtest.h>

#include <cmath>

#include "support/expect_error.h"
#include "triage/engine.h"

namespace triage {
namespace {

TEST(ToProbabilities, ScalesAndDropsTheOffset) {
  OutputSpec output;
  output.n_classes = 3;
  output.label_offset = 1;
  output.scale = 1.0F / 256;
  std::vector<float> p(3);
  to_probabilities(output, std::vector<float>{200, 128, 64, 0}, p);
  EXPECT_EQ(p, (std::vector<float>{0.5F, 0.25F, 0.0F}));
}

TEST(ToProbabilities, SoftmaxIsOverTheKeptClasses) {
  OutputSpec output;
  output.kind = OutputKind::kLogits;
  output.n_classes = 2;
  output.label_offset = 1;
  std::vector<float> p(2);
  to_probabilities(output, std::vector<float>{100, 0, std::log(3.0F)}, p);
  EXPECT_NEAR(p[0], 0.25F, 1e-6F);
  EXPECT_NEAR(p[1], 0.75F, 1e-6F);
}

TEST(ToProbabilities, SoftmaxDoesNotOverflow) {
  OutputSpec output;
  output.kind = OutputKind::kLogits;
  output.n_classes = 2;
  std::vector<float> p(2);
  to_probabilities(output, std::vector<float>{1e30F, 0}, p);
  EXPECT_EQ(p, (std::vector<float>{1, 0}));
  to_probabilities(output, std::vector<float>{-1000, -1000}, p);
  EXPECT_EQ(p, (std::vector<float>{0.5F, 0.5F}));
}

TEST(ToProbabilities, DropsTheTail) {
  OutputSpec output;
  output.n_classes = 2;
  output.label_tail = 1;
  output.scale = 0.01F;
  std::vector<float> p(2);
  to_probabilities(output, std::vector<float>{25, 50, 25}, p);
  EXPECT_EQ(p, (std::vector<float>{0.25F, 0.5F}));
  output.kind = OutputKind::kLogits;
  to_probabilities(output, std::vector<float>{7, 7, 1000}, p);
  EXPECT_EQ(p, (std::vector<float>{0.5F, 0.5F}));
}

TEST(ToProbabilities, OneValueSpeaksOfBothClasses) {
  OutputSpec output;
  output.kind = OutputKind::kSigmoid;
  output.n_classes = 2;
  std::vector<float> p(2);
  to_probabilities(output, std::vector<float>{0.75F}, p);
  EXPECT_EQ(p, (std::vector<float>{0.25F, 0.75F}));
  EXPECT_TRIAGE_ERROR(to_probabilities(output, std::vector<float>{-3.0F}, p), ErrorCode::kModel,
                      "model output: -3", "'sigmoid_logit'");
  output.kind = OutputKind::kSigmoidLogit;
  to_probabilities(output, std::vector<float>{std::log(3.0F)}, p);
  EXPECT_NEAR(p[1], 0.75F, 1e-6F);
  to_probabilities(output, std::vector<float>{-1000}, p);
  EXPECT_EQ(p, (std::vector<float>{1, 0}));
}

TEST(ToProbabilities, RefusesLogitsThatAreDeclaredAsProbabilities) {
  OutputSpec output;
  output.n_classes = 3;
  std::vector<float> probabilities(3);
  const std::vector<float> logits{-1.5F, 0.25F, 4.0F}, rounded{-0.005F, 1.005F, 0.0F};
  EXPECT_TRIAGE_ERROR(to_probabilities(output, logits, probabilities), ErrorCode::kModel,
                      "model output: -1.5", "'logits'");
  EXPECT_NO_THROW(to_probabilities(output, rounded, probabilities));
}

}  // namespace
}  // namespace triage
