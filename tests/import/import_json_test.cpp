// JSON lines, and what they become.
#include <gtest/gtest.h>

#include <cmath>

#include "import/import_fixture.h"
#include "support/expect_error.h"

namespace triage {
namespace {

using enum ErrorCode;

class ImportJson : public testing::ImportTest {};

using Floats = std::vector<float>;

TEST_F(ImportJson, JoinsKeysByDots) {
  const Table table = import_json(
      "\xEF\xBB\xBF{\"id\": \"x\", \"a:score\": true, \"meta\": {\"length\": 12, \"tag\": \"t\"}, "
      "\"vector\": [0.5, 2]}\r\n"
      "\n"
      "{\"vector\": [1e3], \"id\": 7, \"a:score\": false, \"meta\": {\"length\": null}}");
  EXPECT_EQ(table.ids, (std::vector<std::string>{"x", "7"}));
  EXPECT_EQ(table.scores, (Floats{1, 0}));
  std::vector<std::string> names;
  for (const FeatureRef& feature : table.schema.features) names.push_back(feature.name);
  EXPECT_EQ(names, (std::vector<std::string>{"meta.length", "vector.0", "vector.1"}));
  EXPECT_EQ(table.features[0], 12);
  EXPECT_EQ(table.features[2], 2);
  EXPECT_TRUE(std::isnan(table.features[3]));
  EXPECT_EQ(table.features[4], 1000);
  EXPECT_TRUE(std::isnan(table.features[5]));
  EXPECT_EQ(summary_.ignored, std::vector<std::string>{"meta.tag"});
}

TEST_F(ImportJson, RefusesWithTheLine) {
  const std::string good = "{\"id\": 1, \"a:score\": 1}\n";
  EXPECT_TRIAGE_ERROR(import_json(good + "\n{\"id\": 2, \"a:score\": NaN}\n"), kData, "table.jsonl: line 3",
                      "no JSON from character 22 on", "write null");
  EXPECT_TRIAGE_ERROR(import_json(good + "{\"id\": 2, \"a:score\": 1e999}\n"), kData, "line 2: is no JSON",
                      "number");
  EXPECT_TRIAGE_ERROR(import_json(good + "{\"id\": 2, \"a:score\""), kData, "line 2: is no JSON");
  EXPECT_TRIAGE_ERROR(import_json(good + "{\"id\": \"\xE9\"}\n"), kData, "line 2: is no JSON");
  EXPECT_TRIAGE_ERROR(import_json(good + "{\"id\": 1, \"a:score\": 0}\n"), kData,
                      "line 2: has model 'a' on input '1' again");
  EXPECT_TRIAGE_ERROR(import_json(good + "{\"id\": 2, \"a:score\": \"good\"}\n"), kData,
                      "line 2, column 'a:score': 'good', expected a number");
  EXPECT_TRIAGE_ERROR(import_json(good + "{\"id\": 2, \"a:score\": 1, \"x\": {\"y\": 1}, \"x.y\": 2}\n"),
                      kData, "line 2, column 'x.y': is there twice");
  EXPECT_TRIAGE_ERROR(import_json("[]\n3\n"), kData, "has no object with a key");
  EXPECT_TRIAGE_ERROR(import_json(""), kData, "has no object with a key");
  EXPECT_TRUE(left_nothing());
}

TEST_F(ImportJson, RefusesWhatIsTooDeep) {
  const std::string deep =
      "{\"id\": 1, \"x\": " + std::string(100000, '[') + std::string(100000, ']') + "}\n";
  EXPECT_TRIAGE_ERROR(import_json(deep), kData, "line 1: has more than 64 objects inside each other");
}

}  // namespace
}  // namespace triage
