// Made-up profiles, and records compared.
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <vector>

#include "base/hash.h"
#include "profile/reader.h"
#include "profile/writer.h"
#include "support/expect_error.h"
#include "support/fake_zoo.h"

namespace triage::testing {

// Three models over two recipes, two features, 20 classes so that outputs have a residual.
inline ProfileHeader made_up_header(std::int64_t n_data, Shard shard = {}, const std::string& data = "da7a") {
  ProfileHeader header;
  header.zoo = "made-up";
  header.n_classes = 20;
  header.max_pixels = 1000;
  header.schema = {{{"hue1", 1}, {"contrast", 2}}, 64};
  for (const std::string_view node : feature_nodes()) header.nodes.emplace_back(node);
  header.recipes = {"recipe a", "recipe b"};
  header.models = {
      {{"small", "1111"}, 0, "CPU", 1}, {{"medium", "2222"}, 1, "CPU", 1}, {{"large", "3333"}, 0, "CPU", 2}};
  for (int i = 0; i < 20; ++i) header.label_names.push_back("class " + std::to_string(i));
  const std::int64_t n = (n_data - shard.index + shard.count - 1) / shard.count;
  header.parts = {{data, n_data, shard, 0, n}};
  return header;
}

// Follows from the input's number alone; every 7th fails.
inline InputRecord made_up_record(const ProfileHeader& header, std::int64_t input,
                                  const std::string& prefix = "in") {
  Random random(static_cast<std::uint64_t>(input));
  const auto uniform = [&] { return static_cast<float>(random.uniform()); };
  InputRecord record;
  record.input = input;
  record.id = prefix + std::to_string(input) + ".png";
  record.label = static_cast<Label>(random.below(20));
  if (input % 7 == 3) {
    record.error = record.id + ": is truncated";
    return record;
  }
  record.width = 10 + static_cast<int>(input);
  record.height = 20;
  record.channels = 3;
  record.pixel_hash = static_cast<std::int64_t>(random.next());
  record.feature_runs = 3;
  record.capped = static_cast<int>(input % 3);
  record.decode_ms = random.uniform();
  for (std::size_t i = 0; i < header.schema.size(); ++i) record.features.push_back(uniform());
  for (std::size_t i = 0; i < header.nodes.size(); ++i) record.node_ms.push_back(uniform());
  for (std::size_t i = 0; i < header.recipes.size(); ++i) {
    record.preprocess_ms.push_back(random.uniform());
    record.preprocess_spread.push_back({1 + static_cast<int>(i), random.uniform()});
  }
  for (std::size_t m = 0; m < header.models.size(); ++m) {
    std::vector<float> probabilities(20);
    for (float& p : probabilities) p = uniform() / 10;
    record.ranks.push_back(rank_of(probabilities, record.label));
    record.outputs.push_back(TopK::from_probabilities(probabilities));
    record.infer_ms.push_back(random.uniform());
    record.infer_spread.push_back({1 + static_cast<int>(m), random.uniform()});
  }
  return record;
}

// All inputs of the header's only part.
inline void write_made_up(const std::filesystem::path& path, const ProfileHeader& header,
                          const std::string& prefix = "in", std::int64_t limit = INT64_MAX) {
  ProfileWriter writer(path, header);
  const std::int32_t machine = writer.machine("a machine");
  const ProfilePart& part = header.parts.front();
  for (std::int64_t i = part.shard.index; i < part.n_data; i += part.shard.count) {
    if (writer.has(i) || static_cast<std::int64_t>(writer.n_done()) >= limit) continue;
    InputRecord record = made_up_record(header, i, prefix);
    record.machine = machine;
    writer.add(record);
  }
  writer.finish();
}

inline std::vector<InputRecord> read_records(const std::filesystem::path& path) {
  ProfileReader reader(path);
  std::vector<InputRecord> records(1);
  while (reader.next(records.back())) records.emplace_back();
  records.pop_back();
  return records;
}

inline bool same_output(const TopK& a, const TopK& b) {
  if (a.n_classes() != b.n_classes() || a.residual() != b.residual() ||
      a.entries().size() != b.entries().size())
    return false;
  for (std::size_t i = 0; i < a.entries().size(); ++i) {
    if (a.entries()[i].cls != b.entries()[i].cls || a.entries()[i].probability != b.entries()[i].probability)
      return false;
  }
  return true;
}

// Everything but times and machines.
inline void expect_same_content(const std::vector<InputRecord>& a, const std::vector<InputRecord>& b) {
  ASSERT_EQ(a.size(), b.size());
  for (std::size_t i = 0; i < a.size(); ++i) {
    SCOPED_TRACE(a[i].id);
    EXPECT_EQ(a[i].input, b[i].input);
    EXPECT_EQ(a[i].id, b[i].id);
    EXPECT_EQ(a[i].label, b[i].label);
    EXPECT_EQ(a[i].error, b[i].error);
    if (!a[i].error.empty() || !b[i].error.empty()) continue;
    EXPECT_EQ(a[i].width, b[i].width);
    EXPECT_EQ(a[i].height, b[i].height);
    EXPECT_EQ(a[i].channels, b[i].channels);
    EXPECT_EQ(a[i].features, b[i].features);
    EXPECT_EQ(a[i].ranks, b[i].ranks);
    ASSERT_EQ(a[i].outputs.size(), b[i].outputs.size());
    for (std::size_t m = 0; m < a[i].outputs.size(); ++m)
      EXPECT_TRUE(same_output(a[i].outputs[m], b[i].outputs[m]));
  }
}

}  // namespace triage::testing
