// BMP by stb_image, of which nothing else is compiled.
#include <fmt/format.h>

#include <limits>
#include <memory>

#include "image/decoders.h"

#define STB_IMAGE_IMPLEMENTATION
#define STB_IMAGE_STATIC
#define STBI_ONLY_BMP
#define STBI_NO_STDIO
#define STBI_NO_LINEAR
#define STBI_NO_HDR
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wall"
#pragma GCC diagnostic ignored "-Wextra"
#pragma GCC diagnostic ignored "-Wconversion"
#pragma GCC diagnostic ignored "-Wsign-conversion"
#pragma GCC diagnostic ignored "-Wshadow"
#pragma GCC diagnostic ignored "-Wunused-function"
#pragma GCC diagnostic ignored "-Wmissing-declarations"
#include <stb/stb_image.h>
#pragma GCC diagnostic pop

namespace triage {
namespace {

std::int64_t little(EncodedBytes bytes, std::size_t at, std::size_t n) {
  std::int64_t value = 0;
  for (std::size_t i = n; i-- > 0;) value = value << 8 | (at + i < bytes.size() ? bytes[at + i] : 0);
  return value;
}

// Whether the rows are all there: stb_image reads zeros beyond the end.
bool has_all_rows(EncodedBytes bytes, std::int64_t width, std::int64_t height) {
  const bool core_header = bytes[14] == 12;
  const std::int64_t bits = little(bytes, core_header ? 24 : 28, 2);
  const std::int64_t row_bytes = (width * bits + 31) / 32 * 4;
  return little(bytes, 10, 4) + row_bytes * height <= std::ssize(bytes);
}

}  // namespace

Image decode_bmp(EncodedBytes bytes, std::string_view name, const DecodeOptions& options) {
  const auto corrupt = [&] {
    return damaged_image(
        name, fmt::format("BMP data is corrupt, cut short or of an unusual kind ({})", stbi_failure_reason()),
        "a whole image without RLE compression");
  };
  if (bytes.size() > static_cast<std::size_t>(std::numeric_limits<int>::max())) {
    throw unsupported_image(name, "is a BMP of more than 2 GB", "a smaller file");
  }
  const auto n = static_cast<int>(bytes.size());
  int width = 0, height = 0, channels = 0;
  if (stbi_info_from_memory(bytes.data(), n, &width, &height, &channels) == 0) throw corrupt();
  check_size(width, height, 2 * 4, name, options);
  if (!has_all_rows(bytes, width, height)) {
    throw damaged_image(name, fmt::format("BMP data is cut short: {} bytes", bytes.size()), "a whole image");
  }
  const std::unique_ptr<stbi_uc, void (*)(void*)> pixels(
      stbi_load_from_memory(bytes.data(), n, &width, &height, &channels, channels == 4 ? 4 : 3),
      &stbi_image_free);
  if (!pixels) throw corrupt();
  Image image = make_image(width, height, channels == 4 ? 4 : 3);
  std::copy_n(pixels.get(), image.pixels.size(), image.pixels.data());
  if (image.channels == 4) composite_over_white(image);
  return image;
}

}  // namespace triage
