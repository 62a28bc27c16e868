#include "preprocess/needed_extent.h"

#include <algorithm>

#include "preprocess/preprocess.h"

namespace triage {

Extent larger_of(const Extent& a, const Extent& b) {
  return {std::max(a.width, b.width), std::max(a.height, b.height)};
}

Extent needed_extent(const Recipe& recipe) {
  constexpr double kMost = 1 << 24;  // more than any picture has
  const auto before_crop = [&](int recipe_side) {
    const int side = kLeftToResize * recipe_side;
    // cropped_side() rounds, so that half a pixel less will do.
    int needed = static_cast<int>(std::min((side - 0.5) / recipe.crop.fraction, kMost));
    while (needed < kMost && cropped_side(needed, recipe.crop) < side) ++needed;
    return needed;
  };
  return {before_crop(recipe.width), before_crop(recipe.height)};
}

DecodeOptions decode_options_for(const Zoo& zoo, int working_px, DecodeOptions options) {
  options.needed = larger_of(options.needed, {kLeftToResize * working_px, kLeftToResize * working_px});
  for (const ModelSpec& model : zoo.models) {
    options.needed = larger_of(options.needed, needed_extent(model.input));
  }
  return options;
}

}  // namespace triage
