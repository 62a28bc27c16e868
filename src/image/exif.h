// EXIF orientation: how to turn a stored picture upright.
#pragma once

#include <cstdint>
#include <span>

#include "triage/image.h"

namespace triage {

// The orientation, 1 to 8, in the content of a JPEG APP1 segment; 1 (upright) when there is none or the data
// is malformed: bad metadata is no reason to reject the pixels.
[[nodiscard]] int exif_orientation(std::span<const std::uint8_t> app1);

// The image turned and mirrored so that orientation `orientation` becomes 1.
[[nodiscard]] Image make_upright(Image image, int orientation);

}  // namespace triage
