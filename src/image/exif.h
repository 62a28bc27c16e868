// EXIF orientation: how to turn a stored picture upright.
#pragma once

#include <cstdint>
#include <span>

#include "triage/image.h"

namespace triage {

// The orientation, 1 to 8, in EXIF data: the content of a JPEG APP1 segment, of a PNG's eXIf or a WebP's EXIF
// chunk. 1 (upright) when there is none or the data is malformed, since the picture itself is not.
[[nodiscard]] int exif_orientation(std::span<const std::uint8_t> exif);

// The image turned and mirrored so that orientation `orientation` becomes 1.
[[nodiscard]] Image make_upright(Image image, int orientation);

}  // namespace triage
