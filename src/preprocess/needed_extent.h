// How large a picture has to be decoded for what is made of it. The answer is that of a whole zoo, not of the
// models that a policy runs, so that profiles and all policies that are trained with them see the same
// pixels.
#pragma once

#include "triage/image.h"
#include "triage/zoo.h"

namespace triage {

// The least that has both.
[[nodiscard]] Extent larger_of(const Extent& a, const Extent& b);

// By how much the resize has to be left to shrink a picture at least. A picture that is reduced nearly to the
// recipe's size and then resized by a third is worse: networks lost a point of top-1. 2 is also what Pillow's
// thumbnails leave (reducing_gap).
inline constexpr int kLeftToResize = 2;

// The size of a picture whose crop has kLeftToResize times the recipe's sides.
[[nodiscard]] Extent needed_extent(const Recipe& recipe);

// `options` with `needed` raised to what each model of the zoo needs, and as much for features of that
// working size.
[[nodiscard]] DecodeOptions decode_options_for(const Zoo& zoo, int working_px, DecodeOptions options);

}  // namespace triage
