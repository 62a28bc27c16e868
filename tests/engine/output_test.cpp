// Reading raw class values.
#include <gtest/gtest.h>

#include <cmath>

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

}  // namespace
}  // namespace triage
