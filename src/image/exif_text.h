// EXIF that ImageMagick writes into a text of a PNG, as hexadecimal digits.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace triage {

// From the content of a tEXt chunk, or zTXt where `compressed`, with the keyword "Raw profile type exif" or
// "... APP1". Empty where there is none or it is damaged, since the picture itself is not.
[[nodiscard]] std::vector<std::uint8_t> exif_of_text(std::span<const std::uint8_t> chunk, bool compressed);

}  // namespace triage
