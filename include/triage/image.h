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

struct Extent {
  int width = 0;  // pixels
  int height = 0;
  bool operator==(const Extent&) const = default;
};

// 8 bits a channel, interleaved, row-major, no padding: shape (height, width, channels), channels 1 (gray) or
// 3 (RGB). Upright: EXIF orientation has been applied.
struct Image {
  int width = 0;
  int height = 0;
  int channels = 0;
  std::vector<std::uint8_t> pixels;
  // What was odd about its file, though the picture is whole, such as "content is PNG, not JPEG as its name
  // says"; empty: nothing.
  std::string remark = {};
  // Upright, of the picture in the file, where it was decoded smaller (DecodeOptions::needed).
  Extent original = {};

  // Of the picture in the file.
  [[nodiscard]] Extent original_size() const {
    return original == Extent{} ? Extent{width, height} : original;
  }
  [[nodiscard]] std::size_t size_bytes() const {
    return static_cast<std::size_t>(width) * static_cast<std::size_t>(height) *
           static_cast<std::size_t>(channels);
  }
};

enum class Colour { kRgb, kBgr, kGray };

// Pixels that somebody else owns: 8 bits a channel, interleaved, the top row first. They are read in place,
// so they must stay valid until the call that got the view returns.
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
  // NOLINTNEXTLINE(google-explicit-constructor): an Image is accepted wherever a view is
  ImageView(const Image& image);

  [[nodiscard]] int channels() const { return colour == Colour::kGray ? 1 : 3; }
  [[nodiscard]] std::size_t row_bytes() const {
    return static_cast<std::size_t>(width) * static_cast<std::size_t>(channels());
  }
};
// Throws kUsage, naming `owner`, for a view without pixels, or with fewer bytes than its sides and stride
// need.
void check_view(const ImageView& view, std::string_view owner);

// What one picture may cost; all limits are checked on its header, before anything is allocated for it. AVIF
// and HEIC are decoded in a process of their own besides, which the system ends over max_bytes (and 64 MB of
// its own) or max_work (as processor time, 200 million a second).
struct DecodeOptions {
  std::int64_t max_pixels = 100'000'000;
  // Of memory while decoding, the picture itself included, as its header asks for it.
  std::int64_t max_bytes = 256'000'000;
  // Pixels gone over, each pass counted: a progressive JPEG may have hundreds of passes in a few kilobytes.
  std::int64_t max_work = 2'000'000'000;
  // The least size, of the upright picture, that is good enough. A decoder may then give a smaller picture
  // than the file has, faster, but no side below these: JPEG gives a half, a quarter or an eighth. 0 x 0: the
  // size in the file. Classifiers and data sets' readers raise it to what their models need.
  Extent needed = {};
  // Always the size in the file, whatever is needed.
  bool original_size = false;
};

// JPEG (gray, YCbCr, CMYK/YCCK as browsers show it, progressive), PNG (gray, palette, alpha over white, 16
// bit; the default picture of an animation), WebP and GIF (the first frame), BMP, TIFF (the first page),
// PPM/PGM (binary and plain, 8 and 16 bit), and AVIF and HEIC where libheif was there when this was built.
// Upright: the orientation that EXIF, TIFF or HEIF states is applied. The format is detected from the
// content. `name` is what messages call the image. A whole picture in an odd file (no end marker, stray bytes
// between segments, a wrong checksum of a comment) has a remark. Throws kImageFormat for an unknown format,
// kImageDamaged for anything truncated, corrupt or empty, kImageTooLarge over a limit; no partial picture is
// ever returned.
[[nodiscard]] Image decode_image(std::span<const std::uint8_t> bytes, std::string_view name,
                                 const DecodeOptions& options = {});

// Reads and decodes a file. An extension that names another format than the content is a remark. Throws as
// decode_image, and kIo for what cannot be opened or read.
[[nodiscard]] Image read_image(const std::filesystem::path& path, const DecodeOptions& options = {});

// Whether the extension is one of those that pictures have (image_extensions(), any case).
[[nodiscard]] bool has_image_extension(const std::filesystem::path& path);

// Those extensions, for messages: "jpg, jpeg, png".
[[nodiscard]] std::string image_extensions();

// As a PNG file, 8 bits a channel.
[[nodiscard]] std::vector<std::uint8_t> encode_png(const Image& image);
inline constexpr int kMaxJpegSide = 65500;  // pixels
// As a JPEG file of quality 1 to 100, colours at half the resolution. Throws kUsage for another quality, and
// for an image that no JPEG file holds (other channels than 1 or 3, no pixels, a side above kMaxJpegSide).
[[nodiscard]] std::vector<std::uint8_t> encode_jpeg(const Image& image, int quality);

}  // namespace triage
