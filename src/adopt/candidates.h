// The recipes worth trying on a network, from the shapes in its file.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "triage/engine.h"
#include "triage/zoo.h"

namespace triage {

// Mean and standard deviation of the images themselves, 0..255, in RGB order.
struct PixelStatistics {
  std::array<float, 3> mean{};
  std::array<float, 3> deviation{1, 1, 1};
};

// Input shapes (layout, size, colour or gray, type) that the file allows; mean and scale keep their defaults.
// `open_px` is the side to take where the file leaves it open. Throws kModel, naming `owner`, for a shape
// that no picture has.
[[nodiscard]] std::vector<Recipe> input_shapes(const ModelShapes& shapes, int open_px,
                                               const std::string& owner);

// The usual colour orders, means and scales of a network of that shape. Crop stays as it is.
[[nodiscard]] std::vector<Recipe> value_recipes(const Recipe& shape, const PixelStatistics& statistics);

// Which output holds the classes, how many values it has and how many of the first to drop.
struct ClassOutput {
  int index = 0;
  std::int32_t n_values = 0;
  std::vector<std::int32_t> offsets;
};
// `n_classes` where it is known; `max_label` is the highest label seen. Throws kModel, naming `owner`.
[[nodiscard]] ClassOutput class_output(const ModelShapes& shapes, std::optional<std::int32_t> n_classes,
                                       std::int32_t max_label, const std::string& owner);

}  // namespace triage
