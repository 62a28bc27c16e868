// The recipes worth trying on a network, from the shapes in its file.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "triage/engine.h"
#include "triage/zoo.h"

namespace triage {

// Besides the whole picture.
inline constexpr Crop kTriedCrop{0.875};

// Mean and standard deviation of the images themselves, 0..255, in RGB order.
struct PixelStatistics {
  std::array<float, 3> mean{};
  std::array<float, 3> deviation{1, 1, 1};
};

// Input shapes (layout, size, colour or gray, type) that the file allows, whatever its batch is; mean and
// scale keep their defaults. `open_px` is the side to take where the file leaves it open. Throws kModel,
// naming `owner`, for a shape that no picture has.
[[nodiscard]] std::vector<Recipe> input_shapes(const ModelShapes& shapes, int open_px,
                                               const std::string& owner);

// The usual colour orders, means and scales of a network of that shape, in each order of colours those of
// little contrast first. Crop stays as it is.
[[nodiscard]] std::vector<Recipe> value_recipes(const Recipe& shape, const PixelStatistics& statistics);

// How many values of an output to drop in front and behind.
struct Cut {
  std::int32_t offset = 0;
  std::int32_t tail = 0;
  bool operator==(const Cut&) const = default;
};

// An output that may hold the classes, and the ways of cutting it to them. One value is that of two classes.
struct ClassHead {
  int index = 0;
  std::int32_t n_values = 0;
  std::vector<Cut> cuts;
  bool is_8bit = false;

  [[nodiscard]] bool is_one_value() const { return n_values == 1; }
  [[nodiscard]] std::int32_t n_classes(Cut cut) const {
    return is_one_value() ? 2 : n_values - cut.offset - cut.tail;
  }
};
// All outputs that fit: with a value for each class where `n_classes` is known; else the shortest ones, as an
// embedding usually has more values than there are classes. `max_label` is the highest label seen. Throws
// kModel, naming `owner`.
[[nodiscard]] std::vector<ClassHead> class_heads(const ModelShapes& shapes,
                                                 std::optional<std::int32_t> n_classes,
                                                 std::int32_t max_label, const std::string& owner);

}  // namespace triage
