// The names and WordNet ids of ImageNet's 1,000 classes.
#pragma once

#include <functional>
#include <string>

#include "triage/tools/imagenet_zoo.h"

namespace triage {

// Lines "n01440764 tench, Tinca tinca" in the order of the classes, as files of a package on PyPI (timm) have
// them. Throws as obtain_weights.
[[nodiscard]] std::string imagenet_class_names(const WeightOptions& options,
                                               const std::function<void()>& on_download = {});

}  // namespace triage
