// How a picture is recognised under another name.
#pragma once

#include <cstdint>

#include "triage/image.h"

namespace triage {

// Of the pixels alone, as profiles store it.
[[nodiscard]] std::int64_t hash_pixels(const Image& image);
// Of a picture and its size, as tables have it and policies of their training inputs.
[[nodiscard]] std::uint64_t picture_hash(std::int64_t pixel_hash, int width, int height, int channels);

}  // namespace triage
