// How to feed the well-known TensorFlow Lite ImageNet networks, and how to read them.
#pragma once

#include <filesystem>
#include <vector>

#include "triage/zoo.h"

namespace triage {

// A manifest entry for every known file in `folder`, in a fixed order; files are referred to where they are.
// Throws kIo when the folder cannot be read or holds none of them.
[[nodiscard]] std::vector<ModelSpec> known_tflite_models(const std::filesystem::path& folder);

}  // namespace triage
