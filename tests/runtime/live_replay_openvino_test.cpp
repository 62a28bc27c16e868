// Live equals replay on the zoo of real networks and on images that none of them was trained on.
#include <gtest/gtest.h>

#include <filesystem>

#include "runtime/live_replay.h"
#include "support/fake_zoo.h"

namespace triage {
namespace {

TEST(LiveReplay, FashionZooUnderOpenVino) {
  namespace fs = std::filesystem;
  const fs::path images = "/usr/share/datasets/fashion-mnist/t10k-images-idx3-ubyte.gz";
  if (!fs::exists(images)) GTEST_SKIP() << images << " is absent: install dataset-fashion-mnist";
  const fs::path zoo = fs::path(TRIAGE_SOURCE_DIR) / "zoo/fashion/zoo.json";
  if (!fs::exists(zoo)) GTEST_SKIP() << zoo << " is absent";
  const testing::TempFolder dir;
  const auto data = open_dataset({.data = {images}, .labels = {}, .range = {{0, 300}}});
  testing::expect_live_equals_replay(zoo, *data, dir.path());
}

}  // namespace
}  // namespace triage
