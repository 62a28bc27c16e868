// Pictures: decoded, or as a caller has them, and how files are read.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace triage {

// 8 bits a channel, interleaved, row-major, no padding: shape (height, width, channels), channels 1 (gray) or
// 3 (RGB). Upright: EXIF orientation has been applied.
struct Image {
  int width = 0;
  int height = 0;
  int channels = 0;
  std::vector<std::uint8_t> pixels;

  [[nodiscard]] std::size_t size_bytes() const {
    return static_cast<std::size_t>(width) * static_cast<std::size_t>(height) *
           static_cast<std::size_t>(channels);
  }
};

enum class Colour { kRgb, kBgr, kGray };

// Pixels that somebody else owns: 8 bits a channel, interleaved, the top row first. They are read where they
// are, so they have to stay until the call that got the view returns.
struct ImageView {
  std::span<const std::uint8_t> pixels;
  int width = 0;
  int height = 0;
  std::size_t stride = 0;  // bytes from one row to the next, at least a row's own
  Colour colour = Colour::kRgb;

  ImageView() = default;
  // Rows without padding where `stride_bytes` is 0.
  ImageView(std::span<const std::uint8_t> bytes, int width_px, int height_px, std::size_t stride_bytes = 0,
            Colour order = Colour::kRgb);
  // NOLINTNEXTLINE(google-explicit-constructor): an image is seen wherever a view is asked for
  ImageView(const Image& image);

  [[nodiscard]] int channels() const { return colour == Colour::kGray ? 1 : 3; }
  [[nodiscard]] std::size_t row_bytes() const {
    return static_cast<std::size_t>(width) * static_cast<std::size_t>(channels());
  }
};
// Throws kUsage, naming `owner`, for a view without pixels, or with fewer bytes than its sides and stride ask
// for.
void check_view(const ImageView& view, std::string_view owner);

struct DecodeOptions {
  // Images with more pixels than this are an error; checked on the header, before any allocation.
  std::int64_t max_pixels = 100'000'000;
};

// JPEG (gray, YCbCr, CMYK/YCCK, progressive, EXIF orientation), PNG (gray, palette, alpha over white, 16
// bit), WebP, PPM/PGM (binary and plain, 8 and 16 bit). The format is told by the content. `name` is what
// messages call the image. Throws kImageFormat for an unknown format, kImageDamaged for anything truncated,
// corrupt or empty, kImageTooLarge over the limit; no partial picture is ever returned.
[[nodiscard]] Image decode_image(std::span<const std::uint8_t> bytes, std::string_view name,
                                 const DecodeOptions& options = {});

// Reads and decodes a file. A file whose extension names another format than its content throws
// kImageFormat; one that cannot be opened or read throws kIo.
[[nodiscard]] Image read_image(const std::filesystem::path& path, const DecodeOptions& options = {});

// Whether the extension is one that read_image takes (jpg, jpeg, png, webp, ppm, pgm, pnm; any case).
[[nodiscard]] bool has_image_extension(const std::filesystem::path& path);

// Those extensions, for messages: "jpg, jpeg, png".
[[nodiscard]] std::string image_extensions();

// As a PNG file, 8 bits a channel.
[[nodiscard]] std::vector<std::uint8_t> encode_png(const Image& image);

}  // namespace triage
