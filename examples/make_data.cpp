// Not an example: makes the fake zoo, images, policy and profile that the examples' tests run on.
// Usage: make_example_data FOLDER
#include <filesystem>
#include <vector>

#include "support/fake_zoo.h"
#include "triage/engine.h"
#include "triage/policy.h"
#include "triage/tools/dataset.h"
#include "triage/tools/profile.h"

int main(int, char** argv) {
  namespace fs = std::filesystem;
  const fs::path folder = argv[1];
  fs::remove_all(folder);
  const fs::path zoo_path = triage::testing::write_fake_zoo(
      folder / "zoo", {{.name = "small", .accuracy = 0.7, .ms = 0.05}, {.name = "large", .ms = 0.4}});
  triage::testing::write_fake_zoo(folder / "four",
                                  {{.name = "a"}, {.name = "b"}, {.name = "c"}, {.name = "d"}});
  for (triage::Label label = 0; label < 4; ++label) {
    triage::testing::write_pnm(folder / (std::to_string(label) + ".pgm"),
                               triage::testing::fake_image(label, 1));
  }
  const triage::Zoo zoo = triage::load_zoo(zoo_path);
  triage::PolicyInfo info;
  info.models.push_back({{"large", zoo.models[1].fingerprint()}});
  info.n_classes = 10;
  triage::save_policy(*triage::make_single(std::move(info), 0), folder / "large.triage");

  const triage::testing::FakeData data = triage::testing::write_fake_data(folder / "data", 200);
  triage::EngineSet engines;
  triage::measure_profile(
      zoo, engines, *triage::open_dataset({.data = {data.images}, .labels = {data.labels}, .range = {}}), {},
      folder / "fake.profile");
}
