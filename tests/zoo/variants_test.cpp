#include <gtest/gtest.h>

#include "support/expect_error.h"
#include "triage/zoo.h"

namespace triage {
namespace {

Zoo small_zoo() {
  Zoo zoo;
  for (const char* name : {"a", "b"}) {
    ModelSpec model;
    model.name = name;
    model.files = {{std::string(name) + ".onnx", std::string(64, name[0])}};
    zoo.models.push_back(model);
  }
  zoo.models.emplace_back().name = "chooser";
  zoo.models.back().role = Role::kSelector;
  return zoo;
}

TEST(Variants, EachClassifierOnceForEachWay) {
  const Zoo zoo = small_zoo();
  const std::vector<std::string> devices = {"CPU", "GPU"};
  const std::vector<int> threads = {1, 2};
  const Zoo out = variants_of(zoo, devices, threads);
  std::vector<std::string> names;
  for (const ModelSpec& model : out.models) names.push_back(model.name);
  EXPECT_EQ(names, (std::vector<std::string>{"a@CPUx1", "a@CPUx2", "a@GPU", "b@CPUx1", "b@CPUx2", "b@GPU",
                                             "chooser"}));
  EXPECT_EQ(out.models[1].threads, 2);
  EXPECT_EQ(out.models[2].device, "GPU");
  EXPECT_EQ(out.models[2].fingerprint(), zoo.models[0].fingerprint());
  EXPECT_NE(out.models[3].fingerprint(), zoo.models[0].fingerprint());
}

TEST(Variants, ListsMustMakeSense) {
  const std::vector<std::string> cpu = {"CPU"};
  const std::vector<std::string> twice = {"CPU", "GPU", "CPU"};
  const std::vector<int> one = {1};
  const std::vector<int> ones = {1, 1};
  EXPECT_TRIAGE_ERROR(variants_of(small_zoo(), {}, one), ErrorCode::kUsage, "devices: none");
  EXPECT_TRIAGE_ERROR(variants_of(small_zoo(), cpu, {}), ErrorCode::kUsage, "threads: none");
  EXPECT_TRIAGE_ERROR(variants_of(small_zoo(), twice, one), ErrorCode::kUsage, "devices: CPU is named twice");
  EXPECT_TRIAGE_ERROR(variants_of(small_zoo(), cpu, ones), ErrorCode::kUsage, "threads: 1 is named twice");
}

}  // namespace
}  // namespace triage
