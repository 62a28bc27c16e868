// How a network's shapes and a manifest's recipe come together.
#pragma once

#include <cstdint>
#include <openvino/openvino.hpp>
#include <string>
#include <vector>

#include "triage/zoo.h"

namespace triage {

// -1 where a dimension is open.
[[nodiscard]] std::vector<std::int64_t> dimensions(const ov::PartialShape& shape);
[[nodiscard]] std::string shape_text(const ov::PartialShape& shape);

// Gives a network the manifest's input shape, for one picture. A network of another rank is taken as it is
// when it holds as many values (a flattened picture, say), its batch set to 1. Throws kModel, naming both
// shapes.
void fit_input_shape(ov::Model& network, const ModelSpec& model);

}  // namespace triage
