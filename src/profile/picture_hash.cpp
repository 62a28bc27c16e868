#include "profile/picture_hash.h"

#include <fmt/format.h>

#include <bit>
#include <string_view>

#include "base/hash.h"

namespace triage {

std::int64_t hash_pixels(const Image& image) {
  const std::string_view pixels(reinterpret_cast<const char*>(image.pixels.data()), image.pixels.size());
  return std::bit_cast<std::int64_t>(hash64(0, pixels));
}

std::int64_t hash_input(const Dataset& data, std::size_t i, const Image& image, DecodeOptions options) {
  if (image.original == Extent{}) return hash_pixels(image);
  options.original_size = true;
  return hash_pixels(data.load(i, options));
}

std::uint64_t picture_hash(std::int64_t pixel_hash, int width, int height, int channels) {
  return hash64(std::bit_cast<std::uint64_t>(pixel_hash), fmt::format("{}x{}x{}", width, height, channels));
}

}  // namespace triage
