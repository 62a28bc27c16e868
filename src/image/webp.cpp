// WebP, lossy and lossless, by libwebp.
#include <fmt/format.h>
#include <webp/decode.h>

#include "image/decoders.h"

namespace triage {

Image decode_webp(EncodedBytes bytes, std::string_view name, const DecodeOptions& options) {
  const auto corrupt = [&](std::string_view what) {
    return damaged_image(name, fmt::format("WebP data is corrupt or cut short ({})", what), "a whole image");
  };
  // The container states its length; libwebp itself accepts a file that lacks trailing chunks.
  constexpr std::uint64_t kRiffHeader = 8;
  const std::uint64_t stated = bytes.size() < kRiffHeader
                                   ? 0
                                   : bytes[4] | std::uint64_t{bytes[5]} << 8 | std::uint64_t{bytes[6]} << 16 |
                                         std::uint64_t{bytes[7]} << 24;
  if (bytes.size() < kRiffHeader + stated)
    throw corrupt(fmt::format("{} bytes of {}", bytes.size(), kRiffHeader + stated));

  WebPBitstreamFeatures features;
  if (WebPGetFeatures(bytes.data(), bytes.size(), &features) != VP8_STATUS_OK) throw corrupt("bad header");
  if (features.has_animation != 0) throw unsupported_image(name, "is an animated WebP", "a still image");
  check_pixels(features.width, features.height, name, options);

  Image image = make_image(features.width, features.height, features.has_alpha != 0 ? 4 : 3);
  const auto decode = features.has_alpha != 0 ? WebPDecodeRGBAInto : WebPDecodeRGBInto;
  if (decode(bytes.data(), bytes.size(), image.pixels.data(), image.pixels.size(),
             image.width * image.channels) == nullptr)
    throw corrupt("bad image data");
  if (image.channels == 4) composite_over_white(image);
  return image;
}

}  // namespace triage
