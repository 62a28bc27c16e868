#include <fmt/format.h>
#include <png.h>

#include "triage/error.h"
#include "triage/image.h"

namespace triage {

std::vector<std::uint8_t> encode_png(const Image& image) {
  png_image png{};
  png.version = PNG_IMAGE_VERSION;
  png.width = static_cast<png_uint_32>(image.width);
  png.height = static_cast<png_uint_32>(image.height);
  png.format = image.channels == 1 ? PNG_FORMAT_GRAY : PNG_FORMAT_RGB;
  png_alloc_size_t size = 0;
  std::vector<std::uint8_t> bytes;
  // The first call tells the size, the second one writes.
  bool written = png_image_write_to_memory(&png, nullptr, &size, 0, image.pixels.data(), 0, nullptr) != 0;
  bytes.resize(size);
  written = written &&
            png_image_write_to_memory(&png, bytes.data(), &size, 0, image.pixels.data(), 0, nullptr) != 0;
  if (!written) {
    throw Error(
        ErrorCode::kInternal,
        fmt::format("PNG of a {} x {} x {} image: {}, expected to encode it; report this", image.width,
                    image.height, image.channels, static_cast<const char*>(png.message)));
  }
  bytes.resize(size);
  return bytes;
}

}  // namespace triage
