// Rows to choose for.
#include <gtest/gtest.h>

#include <cmath>
#include <sstream>

#include "support/expect_error.h"
#include "triage/tools/import.h"

namespace triage {
namespace {

using testing::expect_error;

PolicyInfo policy() {
  PolicyInfo info;
  for (const char* name : {"small", "large"}) info.models.emplace_back().name = name;
  info.schema.groups = {"g"};
  info.schema.features = {{"x"}, {"y"}};
  info.label_names = {"yes", "no"};
  info.n_classes = 2;
  return info;
}

TEST(FeatureRows, ReadCsvByName) {
  const PolicyInfo info = policy();
  std::istringstream in("y,other,id,x\r\n2,t,q1,1\n,,q2,NaN\n");
  FeatureRows rows(in, info, TextForm::kCsv);
  FeatureRow row;
  ASSERT_TRUE(rows.next(row));
  EXPECT_EQ(row.id, "q1");
  EXPECT_EQ(row.features, (std::vector<float>{1, 2}));
  ASSERT_TRUE(rows.next(row));
  EXPECT_TRUE(std::isnan(row.features[0]) && std::isnan(row.features[1]));
  EXPECT_FALSE(rows.next(row));
}

TEST(FeatureRows, ReadJsonWithLooks) {
  const PolicyInfo info = policy();
  std::istringstream in(
      R"({"features": {"x": 1, "y": "2"}, "looks": [{"model": "small", "answer": "no", "cost": 3}]})"
      "\n"
      R"({"id": 5, "x": true, "y": null, "looks": [{"model": "large", "answer": "maybe", "signal": 0.5, "unanswered": true}]})");
  FeatureRows rows(in, info, TextForm::kJsonLines);
  FeatureRow row;
  ASSERT_TRUE(rows.next(row));
  EXPECT_EQ(row.id, "line 1");
  EXPECT_EQ(row.features, (std::vector<float>{1, 2}));
  ASSERT_EQ(row.looks.size(), 1U);
  EXPECT_EQ(row.looks[0].model, 0);
  EXPECT_EQ(row.looks[0].output.best(), 1);
  EXPECT_EQ(row.looks[0].cost.ms, 3);
  ASSERT_TRUE(rows.next(row));
  EXPECT_EQ(row.id, "5");
  EXPECT_EQ(row.features[0], 1);
  EXPECT_TRUE(std::isnan(row.features[1]));
  EXPECT_TRUE(row.looks[0].output.empty());  // training never saw that answer
  EXPECT_EQ(row.looks[0].confidence, 0.5);
  EXPECT_TRUE(row.looks[0].unanswered);
}

TEST(FeatureRows, RefuseWithTheLine) {
  const PolicyInfo info = policy();
  const auto refused = [&](const std::string& text, TextForm form, const std::string& message) {
    std::istringstream in(text);
    FeatureRows rows(in, info, form);
    FeatureRow row;
    expect_error(ErrorCode::kData, message, [&] { (void)rows.next(row); });
  };
  refused("x\n1\n", TextForm::kCsv, "line 1: has no column 'y', expected all 2 features");
  refused("x,y\n1\n", TextForm::kCsv, "line 2: has 1 fields, expected 2");
  refused("x,y\n1,b\n", TextForm::kCsv, "line 2: column 'y': 'b', expected a number");
  refused("x,y\n\"1,2\n", TextForm::kCsv, "line 2: a quote is not closed");
  refused("{", TextForm::kJsonLines, "line 1: is no JSON");
  refused("[]", TextForm::kJsonLines, "line 1: is array, expected an object");
  refused(R"({"x": "b"})", TextForm::kJsonLines, "column 'x': 'b'");
  refused(R"({"id": 1, "X": 2})", TextForm::kJsonLines, "line 1: has none of the policy's 2 features");
  refused(R"({"features": {"x": 1, "z": 2}})", TextForm::kJsonLines,
          "features: 'z' is none of the policy's 2");
  refused(R"({"features": 1})", TextForm::kJsonLines, "features: is number, expected an object");
  refused(R"({"looks": 1})", TextForm::kJsonLines, "looks: expected an array");
  refused(R"({"looks": [1]})", TextForm::kJsonLines, "looks: expected objects");
  refused(R"({"looks": [{"model": "huge"}]})", TextForm::kJsonLines, "looks: model 'huge'");
}

}  // namespace
}  // namespace triage
