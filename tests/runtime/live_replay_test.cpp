// Live equals replay on the fake engine, in every build.
#include "runtime/live_replay.h"

#include <gtest/gtest.h>

#include "support/fake_zoo.h"

namespace triage {
namespace {

TEST(LiveReplay, FakeEngine) {
  const testing::TempFolder dir;
  const auto zoo = testing::write_fake_zoo(
      dir.path() / "zoo", {{.name = "tiny", .accuracy = 0.3, .ms = 0.01, .side = 14},
                           {.name = "small", .accuracy = 0.4, .ms = 0.02},
                           {.name = "logits", .accuracy = 0.5, .ms = 0.05, .logits = true, .side = 20},
                           {.name = "large", .accuracy = 0.6, .ms = 0.1, .background = 1}});
  // A fifth network chooses among the others: what it takes for a class stands for a model, or for none.
  Zoo with_selector = load_zoo(zoo);
  ModelSpec selector = with_selector.models[1];
  selector.name = "chooser";
  selector.role = Role::kSelector;
  selector.chooses = {"tiny", "small", "logits", "large", "", "tiny", "small", "logits", "large", ""};
  with_selector.models.push_back(selector);
  save_zoo(with_selector, zoo);
  const testing::FakeData files = testing::write_fake_data(dir.path() / "data", 240);
  const auto data = open_dataset({.data = {files.images}, .labels = {files.labels}, .range = {}});
  testing::expect_live_equals_replay(zoo, *data, dir.path());
}

// One network run in several ways is several candidates, live as in replay.
TEST(LiveReplay, FakeDevicesAndThreads) {
  const testing::TempFolder dir;
  const auto path = testing::write_fake_zoo(
      dir.path() / "zoo",
      {{.name = "tiny", .accuracy = 0.3, .ms = 0.01, .side = 14},
       {.name = "small", .accuracy = 0.4, .ms = 0.02},
       {.name = "large", .accuracy = 0.6, .ms = 0.2, .parallel = 0.5, .devices = {{"NPU", 0.1}}}});
  Zoo zoo = load_zoo(path);
  testing::add_variant(zoo, "large", "large@CPUx2", "CPU", 2);
  testing::add_variant(zoo, "large", "large@NPU", "NPU", 1);
  save_zoo(zoo, path);
  const testing::FakeData files = testing::write_fake_data(dir.path() / "data", 240);
  const auto data = open_dataset({.data = {files.images}, .labels = {files.labels}, .range = {}});
  testing::expect_live_equals_replay(path, *data, dir.path());
}

}  // namespace
}  // namespace triage
