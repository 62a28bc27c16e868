#include "features/schema.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <string>

#include "features/pictures.h"
#include "support/expect_error.h"

namespace triage {
namespace {

using enum ErrorCode;

using Names = std::vector<std::string_view>;

TEST(Registry, Has29CandidatesThenTheExtras) {
  const auto registry = feature_registry();
  ASSERT_EQ(registry.size(), 34U);
  std::set<std::string_view> names;
  for (std::size_t i = 0; i < registry.size(); ++i) {
    EXPECT_EQ(registry[i].extra, i >= 29) << registry[i].name;
    EXPECT_GE(registry[i].version, 1);
    EXPECT_FALSE(registry[i].unit.empty());
    EXPECT_TRUE(names.insert(registry[i].name).second) << registry[i].name;
  }
  for (const std::string_view name : paper_features()) EXPECT_EQ(names.count(name), 1U) << name;
  EXPECT_EQ(paper_features().size(), 7U);
}

TEST(Schema, KeepsOrderAndVersions) {
  const FeatureSchema schema = make_schema(Names{"hue3", "contrast"}, 64);
  EXPECT_EQ(schema.working_px, 64);
  EXPECT_EQ(schema.features, (std::vector<FeatureRef>{{"hue3", 1}, {"contrast", 1}}));
  EXPECT_EQ(all_features(schema), 3U);
  check_schema(schema, "x");
}

TEST(Schema, RejectsUnknownRepeatedAndTooSmall) {
  EXPECT_TRIAGE_ERROR(make_schema(Names{"hue8"}), kUsage, "'hue8'", "unknown");
  EXPECT_TRIAGE_ERROR(make_schema(Names{"hue1", "hue1"}), kUsage, "'hue1'", "twice");
  EXPECT_TRIAGE_ERROR(make_schema(Names{"hue1"}, 7), kUsage, "7 px", "8 or more");
}

TEST(Schema, CheckNamesOwnerAndBothVersions) {
  FeatureSchema schema = make_schema(Names{"contrast"});
  schema.features[0].version = 3;
  EXPECT_TRIAGE_ERROR(check_schema(schema, "policy 'a.triage'"), kPolicy, "policy 'a.triage'",
                      "'contrast' v3", "v1");
  schema.features[0] = {"sparkle", 1};
  EXPECT_TRIAGE_ERROR(check_schema(schema, "p"), kPolicy, "'sparkle' is unknown");
  EXPECT_TRIAGE_ERROR(nodes_of(schema, 1), kUsage, "'sparkle'");
  schema = make_schema(Names{"contrast"});
  schema.working_px = 0;
  EXPECT_TRIAGE_ERROR(check_schema(schema, "p"), kPolicy, "working size 0");
  schema = make_schema(Names{"contrast"});
  schema.features.resize(65, schema.features[0]);
  EXPECT_TRIAGE_ERROR(check_schema(schema, "p"), kPolicy, "65 features", "at most 64");
}

std::set<std::string> needed(std::string_view feature) {
  const NodeMask mask = nodes_of(make_schema(Names{feature}), 1);
  std::set<std::string> names;
  for (std::size_t i = 0; i < feature_nodes().size(); ++i) {
    if ((mask >> i & 1U) != 0) names.insert(std::string(feature_nodes()[i]));
  }
  return names;
}

TEST(Nodes, AreThoseAFeatureNeeds) {
  EXPECT_EQ(needed("hue2"), (std::set<std::string>{"working", "hue"}));
  EXPECT_EQ(needed("contrast"), (std::set<std::string>{"working", "gray", "brightness"}));
  EXPECT_EQ(needed("aspect_ratio"),
            (std::set<std::string>{"working", "gray", "gradient", "edges", "object"}));
  EXPECT_EQ(needed("width"), std::set<std::string>{});
}

TEST(Nodes, OfAMaskAreThoseOfItsFeatures) {
  const FeatureSchema schema = make_schema(Names{"hue2", "contrast", "aspect_ratio"});
  EXPECT_EQ(nodes_of(schema, 0), 0U);
  EXPECT_EQ(nodes_of(schema, 0b011), nodes_of(schema, 1) | nodes_of(schema, 2));
  EXPECT_EQ(nodes_of(schema, 0b101), nodes_of(schema, 1) | nodes_of(schema, 4));
}

}  // namespace
}  // namespace triage
