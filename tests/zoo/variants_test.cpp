#include <gtest/gtest.h>

#include "support/expect_error.h"
#include "triage/zoo.h"

namespace triage {
namespace {

const std::vector<Precision> kF32 = {Precision::kF32};

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
  const Zoo out = variants_of(zoo, devices, threads, kF32);
  std::vector<std::string> names;
  for (const ModelSpec& model : out.models) names.push_back(model.name);
  EXPECT_EQ(names, (std::vector<std::string>{"a@CPUx1", "a@CPUx2", "a@GPU", "b@CPUx1", "b@CPUx2", "b@GPU",
                                             "chooser"}));
  EXPECT_EQ(out.models[1].threads, 2);
  EXPECT_EQ(out.models[2].device, "GPU");
  EXPECT_EQ(out.models[2].fingerprint(), zoo.models[0].fingerprint());
  EXPECT_NE(out.models[3].fingerprint(), zoo.models[0].fingerprint());
}

TEST(Variants, OtherPrecisionsAreOtherNetworks) {
  const Zoo zoo = small_zoo();
  const std::vector<std::string> devices = {"CPU", "GPU"};
  const std::vector<int> threads = {2};
  const std::vector<Precision> precisions = {Precision::kF32, Precision::kF16};
  const Zoo out = variants_of(zoo, devices, threads, precisions);
  std::vector<std::string> names;
  for (const ModelSpec& model : out.models) names.push_back(model.name);
  EXPECT_EQ(names, (std::vector<std::string>{"a@CPUx2", "a@CPUx2-f16", "a@GPU", "a@GPU-f16", "b@CPUx2",
                                             "b@CPUx2-f16", "b@GPU", "b@GPU-f16", "chooser"}));
  EXPECT_EQ(out.models[0].precision, Precision::kF32);
  EXPECT_EQ(out.models[1].precision, Precision::kF16);
  EXPECT_EQ(out.models[0].fingerprint(), zoo.models[0].fingerprint());
  EXPECT_NE(out.models[1].fingerprint(), zoo.models[0].fingerprint());
  EXPECT_EQ(out.models[3].fingerprint(), out.models[1].fingerprint());
}

TEST(Variants, ListsMustMakeSense) {
  const std::vector<std::string> cpu = {"CPU"};
  const std::vector<std::string> twice = {"CPU", "GPU", "CPU"};
  const std::vector<int> one = {1};
  const std::vector<int> ones = {1, 1};
  const std::vector<Precision> halves = {Precision::kBf16, Precision::kF32, Precision::kBf16};
  const std::vector<Precision> i8 = {Precision::kF32, Precision::kI8};
  const auto refuse = [](const auto& devices, const auto& threads, const auto& precisions,
                         std::string_view message) {
    EXPECT_TRIAGE_ERROR(variants_of(small_zoo(), devices, threads, precisions), ErrorCode::kUsage, message);
  };
  refuse(std::vector<std::string>(), one, kF32, "devices: none");
  refuse(cpu, std::vector<int>(), kF32, "threads: none");
  refuse(cpu, one, std::vector<Precision>(), "precisions: none");
  refuse(twice, one, kF32, "devices: CPU is named twice");
  refuse(cpu, ones, kF32, "threads: 1 is named twice");
  refuse(cpu, one, halves, "precisions: bf16 is named twice");
  refuse(cpu, one, i8, "precisions: i8, which runs a network as f32 does, expected f32, bf16, f16 or auto");
}

}  // namespace
}  // namespace triage
