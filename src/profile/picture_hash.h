// How a picture is recognised under another name.
#pragma once

#include <cstdint>

#include "triage/image.h"
#include "triage/tools/dataset.h"

namespace triage {

// Of the pixels alone, as profiles store it.
[[nodiscard]] std::int64_t hash_pixels(const Image& image);
// The same of input i of `data`, which was decoded as `image` by `options`. It is that of the picture at its
// original size, so that it does not depend on which models the picture was decoded for: one that was decoded
// smaller is decoded again. Throws as Dataset::load.
[[nodiscard]] std::int64_t hash_input(const Dataset& data, std::size_t i, const Image& image,
                                      DecodeOptions options);
// Of a picture and its original size, as tables have it and policies of their training inputs.
[[nodiscard]] std::uint64_t picture_hash(std::int64_t pixel_hash, int width, int height, int channels);

}  // namespace triage
