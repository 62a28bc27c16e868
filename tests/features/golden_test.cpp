// Parity with tools/features_reference.py, an independent implementation from the definitions.
#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>

#include "features/pictures.h"

namespace triage {
namespace {

// Values are floats and the reference rounds to 7 decimals.
double tolerance(double value) { return 2e-6 + 2e-6 * std::abs(value); }

TEST(Golden, EqualsThePythonReference) {
  std::ifstream in(TRIAGE_SOURCE_DIR "/tests/features/golden/features.json");
  const nlohmann::json golden = nlohmann::json::parse(in);
  ASSERT_GE(golden.at("cases").size(), 9U);
  for (const nlohmann::json& sample : golden.at("cases")) {
    const Image image = testing::blocks(sample.at("width"), sample.at("height"), sample.at("channels"),
                                        sample.at("block"), sample.at("seed"));
    const std::vector<float> values = testing::extract_all(image, sample.at("working_px"));
    const nlohmann::json& expected = sample.at("features");
    ASSERT_EQ(expected.size(), values.size());
    for (std::size_t i = 0; i < values.size(); ++i) {
      const std::string name(feature_registry()[i].name);
      const double value = expected.at(name);
      EXPECT_NEAR(static_cast<double>(values[i]), value, tolerance(value))
          << name << " of " << image.width << " x " << image.height << " (reference: OpenCV "
          << golden.at("opencv") << ")";
    }
  }
}

}  // namespace
}  // namespace triage
