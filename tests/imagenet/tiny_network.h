// A network of EfficientNet-Lite's kind, small enough to compute in plain loops.
#pragma once

#include <fmt/format.h>

#include <cstdint>
#include <string>
#include <vector>

#include "base/hash.h"
#include "imagenet/efficientnet_lite.h"
#include "imagenet/pth_fixture.h"

namespace triage::testing {

// Every kind of block: without and with widening, with and without stride, with and without a sum.
inline EfficientNetSpec tiny_spec() {
  EfficientNetSpec spec;
  spec.stem_channels = 4;
  spec.stages = {{2, 3, 1, 1, 4}, {2, 5, 2, 2, 6}, {1, 3, 1, 2, 5}};
  spec.head_channels = 8;
  spec.n_classes = 3;
  return spec;
}

// Random weights for tiny_spec, under the names that the PyTorch port uses.
inline std::vector<NamedTensor> tiny_weights(std::uint64_t seed) {
  Random random(seed);
  std::vector<NamedTensor> tensors;
  const auto add = [&](const std::string& name, std::vector<std::int64_t> shape, double low, double high) {
    std::size_t n = 1;
    for (const std::int64_t size : shape) n *= static_cast<std::size_t>(size);
    std::vector<float> values(n);
    for (float& value : values) value = static_cast<float>(low + (high - low) * random.uniform());
    tensors.push_back({name, std::move(shape), std::move(values)});
  };
  const auto norm = [&](const std::string& name, std::int64_t channels) {
    add(name + ".weight", {channels}, 0.5, 2);
    add(name + ".bias", {channels}, -1, 1);
    add(name + ".running_mean", {channels}, -1, 1);
    add(name + ".running_var", {channels}, 0.1, 2);
  };
  const EfficientNetSpec spec = tiny_spec();
  add("_conv_stem.weight", {spec.stem_channels, 3, 3, 3}, -0.5, 0.5);
  norm("_bn0", spec.stem_channels);
  std::int64_t channels = spec.stem_channels;
  int index = 0;
  for (const EfficientNetStage& stage : spec.stages) {
    for (int repeat = 0; repeat < stage.repeats; ++repeat) {
      const std::string prefix = fmt::format("_blocks.{}.", index++);
      const std::int64_t wide = channels * stage.expand;
      if (stage.expand != 1) {
        add(prefix + "_expand_conv.weight", {wide, channels, 1, 1}, -1, 1);
        norm(prefix + "_bn0", wide);
      }
      add(prefix + "_depthwise_conv.weight", {wide, 1, stage.kernel, stage.kernel}, -0.5, 0.5);
      norm(prefix + "_bn1", wide);
      add(prefix + "_project_conv.weight", {stage.channels, wide, 1, 1}, -1, 1);
      norm(prefix + "_bn2", stage.channels);
      channels = stage.channels;
    }
  }
  add("_conv_head.weight", {spec.head_channels, channels, 1, 1}, -1, 1);
  norm("_bn1", spec.head_channels);
  add("_fc.weight", {spec.n_classes, spec.head_channels}, -1, 1);
  add("_fc.bias", {spec.n_classes}, -1, 1);
  return tensors;
}

}  // namespace triage::testing
