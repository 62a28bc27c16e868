// Policy files on disk: messages that name the file, this build's features, and use from several threads.
#include <gtest/gtest.h>

#include <array>
#include <fstream>
#include <thread>

#include "base/files.h"
#include "policy/policies.h"
#include "policy/policy_codec.h"
#include "support/expect_error.h"
#include "support/fake_zoo.h"
#include "triage/error.h"

namespace triage {
namespace {

using testing::info_of;
using testing::line_premodel;

std::unique_ptr<Policy> contrast_premodel(int version) {
  auto info = info_of({"small", "big"}, {"contrast"});
  info.schema.features[0].version = version;
  return make_premodel(std::move(info), line_premodel(1));
}

TEST(PolicyFile, ComesBackFromDisk) {
  const testing::TempFolder folder;
  const auto path = folder.path() / "new" / "a.triage";
  save_policy(*contrast_premodel(1), path);
  EXPECT_EQ(encode_policy(*load_policy(path)), encode_policy(*contrast_premodel(1)));
  save_policy(*make_single(info_of({"a"}), 0), path);  // replaces it
  EXPECT_EQ(load_policy(path)->kind(), "single");
}

TEST(PolicyFile, KnowsThePrecisionsOfItsModels) {
  auto info = info_of({"a", "b", "c"});
  const auto plain = encode_policy(*make_single(info, 0));
  info.models[1].precision = Precision::kBf16;
  info.models[2].precision = Precision::kI8;
  info.best = info.models[1];
  const auto policy = decode_policy(encode_policy(*make_single(info, 0)));
  EXPECT_EQ(policy->info().models[0].precision, Precision::kF32);
  EXPECT_EQ(policy->info().models[1].precision, Precision::kBf16);
  EXPECT_EQ(policy->info().models[2].precision, Precision::kI8);
  EXPECT_EQ(policy->info().best.precision, Precision::kBf16);
  const std::string_view text(reinterpret_cast<const char*>(plain.data()), plain.size());
  EXPECT_EQ(text.find("precision"), text.npos) << "files of f32 alone are as before";
  info.models[1].precision = Precision::kAuto;
  EXPECT_TRIAGE_ERROR(decode_policy(encode_policy(*make_single(info, 0))), ErrorCode::kPolicy, "precision",
                      "'auto', expected f32 or bf16 or f16 or i8");
}

TEST(PolicyFile, KeepsTheLearnedReuse) {
  const auto plain = make_single(info_of({"a"}), 0);
  LearnedReuse reuse;
  reuse.rule = {4, 20};
  reuse.max_loss = 0.01;
  reuse.loss = -0.002;
  reuse.ran_share = 0.25;
  reuse.sequences = 12;
  reuse.frames = 720;
  reuse.labels_from = "a";
  const auto with = decode_policy(encode_policy(*with_reuse(*plain, reuse)));
  EXPECT_EQ(with->info().reuse, reuse);
  EXPECT_EQ(encode_policy(*with_reuse(*with, std::nullopt)), encode_policy(*plain));
  const auto refuses = [&](ReuseRule rule, std::string_view part) {
    reuse.rule = rule;
    EXPECT_TRIAGE_ERROR((void)with_reuse(*plain, reuse), ErrorCode::kPolicy, part);
  };
  refuses({256, 20}, "reuse.limit: 256");
  refuses({-1, 20}, "reuse.limit: -1");
  refuses({4, 0}, "reuse.max_age: 0");
}

TEST(PolicyFile, LoadsTheGoldenFiles) {
  const auto golden = std::filesystem::path(TRIAGE_SOURCE_DIR) / "tests/policy/golden";
  EXPECT_EQ(load_policy(golden / "single_v1.triage")->kind(), "single");
  EXPECT_EQ(load_policy(golden / "cascade_v1.triage")->kind(), "cascade");
}

TEST(PolicyFile, SaysWhichFileIsBad) {
  const testing::TempFolder folder;
  const auto path = folder.path() / "a.triage";
  const std::string name = "policy '" + path.string() + "': ";
  EXPECT_TRIAGE_ERROR(load_policy(path), ErrorCode::kIo, path.string());
  EXPECT_TRIAGE_ERROR(load_policy(folder.path()), ErrorCode::kIo, folder.path().string());
  write_text_atomic(path, "");
  EXPECT_TRIAGE_ERROR(load_policy(path), ErrorCode::kPolicy, name + "file: not a policy");
  write_text_atomic(path, "a text");
  EXPECT_TRIAGE_ERROR(load_policy(path), ErrorCode::kPolicy, name + "file: not a policy",
                      "make it again with 'triage train'");
  auto bytes = encode_policy(*contrast_premodel(1));
  bytes.resize(bytes.size() / 2);
  write_file_atomic(path, bytes);
  EXPECT_TRIAGE_ERROR(load_policy(path), ErrorCode::kPolicy, name, "cut short");
}

TEST(PolicyFile, RefusesFeaturesThatThisBuildLacks) {
  const testing::TempFolder folder;
  const auto path = folder.path() / "a.triage";
  save_policy(*contrast_premodel(99), path);
  EXPECT_TRIAGE_ERROR(load_policy(path), ErrorCode::kPolicy, path.string(), "'contrast' v99");
  save_policy(*make_premodel(info_of({"small", "big"}, {"beauty"}), line_premodel(1)), path);
  EXPECT_TRIAGE_ERROR(load_policy(path), ErrorCode::kPolicy, path.string(), "'beauty'");
}

TEST(PolicyFile, IsSharedByThreads) {
  const auto policy = contrast_premodel(1);
  const auto choose_all = [&] {
    std::vector<ModelIndex> choices;
    for (float x = -2; x < 12; x += 0.01F) {
      choices.push_back(policy->next({std::array{x}, {}, {}}).model);
    }
    return choices;
  };
  const auto expected = choose_all();
  std::array<std::vector<ModelIndex>, 4> found;
  {
    std::vector<std::jthread> threads;
    for (auto& choices : found) threads.emplace_back([&] { choices = choose_all(); });
  }
  for (const auto& choices : found) EXPECT_EQ(choices, expected);
}

}  // namespace
}  // namespace triage
