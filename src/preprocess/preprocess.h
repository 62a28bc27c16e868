// From a decoded image to a model's input tensor.
#pragma once

#include <cstddef>
#include <span>

#include "triage/image.h"
#include "triage/zoo.h"

namespace triage {

// Of one side of a picture, 1 or more pixels, what the crop leaves.
[[nodiscard]] int cropped_side(int side, Crop crop);

// Fills `tensor`, recipe.size_bytes() long, in the recipe's layout and element type (8-bit values are rounded
// by the resize alone, no mean or scale is applied to them; signed ones are less by 128). Throws kUsage as
// check_view does, and for a tensor of a wrong size.
void preprocess(const ImageView& image, const Recipe& recipe, std::span<std::byte> tensor);

}  // namespace triage
