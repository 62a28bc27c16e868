// How much two frames differ: the mean absolute difference of their gray thumbnails. Tens of microseconds, as
// a recipe's resize; noise of single pixels is averaged away, what a network would see is not.
#pragma once

#include <array>
#include <cstdint>

#include "triage/image.h"

namespace triage {

inline constexpr int kThumbnailSide = 32;  // pixels
// Gray levels, (kThumbnailSide, kThumbnailSide).
using Thumbnail = std::array<std::uint8_t, std::size_t{kThumbnailSide} * kThumbnailSide>;

// Of pictures of any size, squeezed. Throws as check_view.
[[nodiscard]] Thumbnail thumbnail_of(const ImageView& image);

// 0 (alike) to 255 (black and white).
[[nodiscard]] double frame_difference(const Thumbnail& a, const Thumbnail& b);

}  // namespace triage
