// Detects the format from the content and calls its decoder.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <iterator>
#include <limits>
#include <optional>
#include <string>

#include "base/files.h"
#include "image/decoders.h"

namespace triage {
namespace {

using Decoder = Image (*)(EncodedBytes, std::string_view, const DecodeOptions&);

struct Format {
  std::string_view name;
  std::array<std::string_view, 5> extensions;  // lower case, without the dot; empty: unused
  bool (*matches)(EncodedBytes);
  Decoder decode;
};

bool starts_with(EncodedBytes bytes, std::string_view text, std::size_t at = 0) {
  return bytes.size() >= at + text.size() &&
         std::equal(text.begin(), text.end(), bytes.begin() + static_cast<std::ptrdiff_t>(at),
                    [](char c, std::uint8_t byte) { return static_cast<std::uint8_t>(c) == byte; });
}

bool is_jpeg(EncodedBytes bytes) { return starts_with(bytes, "\xFF\xD8\xFF"); }
bool is_png(EncodedBytes bytes) { return starts_with(bytes, "\x89PNG\r\n\x1A\n"); }
bool is_webp(EncodedBytes bytes) { return starts_with(bytes, "RIFF") && starts_with(bytes, "WEBP", 8); }
bool is_pnm(EncodedBytes bytes) {
  return bytes.size() >= 3 && bytes[0] == 'P' &&
         (bytes[1] == '2' || bytes[1] == '3' || bytes[1] == '5' || bytes[1] == '6') &&
         (std::isspace(bytes[2]) != 0 || bytes[2] == '#');
}
// "BM", and a header of one of the sizes that there are.
bool is_bmp(EncodedBytes bytes) {
  constexpr std::array<std::uint8_t, 6> kHeaderSizes{12, 40, 52, 56, 108, 124};
  return starts_with(bytes, "BM") && bytes.size() >= 18 && bytes[15] == 0 && bytes[16] == 0 &&
         bytes[17] == 0 &&
         std::find(kHeaderSizes.begin(), kHeaderSizes.end(), bytes[14]) != kHeaderSizes.end();
}
bool is_gif(EncodedBytes bytes) { return starts_with(bytes, "GIF87a") || starts_with(bytes, "GIF89a"); }
bool is_tiff(EncodedBytes bytes) {
  constexpr std::string_view kLittle("II*\0", 4), kBig("MM\0*", 4), kBigTiff("II+\0", 4),
      kBigBigTiff("MM\0+", 4);
  return starts_with(bytes, kLittle) || starts_with(bytes, kBig) || starts_with(bytes, kBigTiff) ||
         starts_with(bytes, kBigBigTiff);
}
bool is_heif(EncodedBytes bytes) {
  constexpr std::array<std::string_view, 9> kBrands{"avif", "avis", "heic", "heix", "heim",
                                                    "heis", "hevc", "mif1", "msf1"};
  return starts_with(bytes, "ftyp", 4) &&
         std::any_of(kBrands.begin(), kBrands.end(),
                     [&](std::string_view brand) { return starts_with(bytes, brand, 8); });
}

constexpr std::array<Format, 8> kFormats{{
    {"JPEG", {"jpg", "jpeg", "jpe", "jfif", "jif"}, is_jpeg, decode_jpeg},
    {"PNG", {"png", "apng"}, is_png, decode_png},
    {"WebP", {"webp"}, is_webp, decode_webp},
    {"PPM/PGM", {"ppm", "pgm", "pnm"}, is_pnm, decode_pnm},
    {"BMP", {"bmp", "dib"}, is_bmp, decode_bmp},
    {"GIF", {"gif"}, is_gif, decode_gif},
    {"TIFF", {"tif", "tiff"}, is_tiff, decode_tiff},
    {"AVIF/HEIC", {"avif", "heic", "heif", "hif"}, is_heif, decode_heif},
}};

const Format* format_of_content(EncodedBytes bytes) {
  for (const Format& format : kFormats) {
    if (format.matches(bytes)) return &format;
  }
  return nullptr;
}

const Format* format_of_extension(const std::filesystem::path& path) {
  std::string extension = path.extension().string();
  if (extension.size() < 2) return nullptr;
  extension.erase(0, 1);
  for (char& c : extension) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  for (const Format& format : kFormats) {
    if (std::find(format.extensions.begin(), format.extensions.end(), extension) != format.extensions.end())
      return &format;
  }
  return nullptr;
}

Error image_error(ErrorCode code, std::string_view name, std::string_view found, std::string_view expected) {
  return {code, fmt::format("{}: {}, expected {}; replace or remove the file", name, found, expected)};
}

const Format& require_format(EncodedBytes bytes, std::string_view name) {
  if (bytes.empty()) throw damaged_image(name, "is empty", "an image");
  const Format* format = format_of_content(bytes);
  if (format == nullptr) {
    std::string known;
    for (const Format& each : kFormats) known += (known.empty() ? "" : ", ") + std::string(each.name);
    throw unsupported_image(name, "content is of no known image format", known);
  }
  return *format;
}

}  // namespace

Error damaged_image(std::string_view name, std::string_view found, std::string_view expected) {
  return image_error(ErrorCode::kImageDamaged, name, found, expected);
}

Error unsupported_image(std::string_view name, std::string_view found, std::string_view expected) {
  return image_error(ErrorCode::kImageFormat, name, found, expected);
}

void check_size(std::int64_t width, std::int64_t height, int bytes_per_pixel, std::string_view name,
                const DecodeOptions& options) {
  // Where the product overflows the picture is refused for its sides.
  std::int64_t bytes = 0;
  if (__builtin_mul_overflow(width, height, &bytes) ||
      __builtin_mul_overflow(bytes, std::int64_t{bytes_per_pixel}, &bytes))
    bytes = std::numeric_limits<std::int64_t>::max();
  check_cost(width, height, bytes, name, options);
}

void check_cost(std::int64_t width, std::int64_t height, std::int64_t bytes, std::string_view name,
                const DecodeOptions& options) {
  if (width <= 0 || height <= 0)
    throw damaged_image(name, fmt::format("is {} x {} pixels", width, height), "at least 1 x 1");
  const auto too_large = [&](const std::string& found, const std::string& expected) {
    return Error(ErrorCode::kImageTooLarge,
                 fmt::format("{}: {}, expected at most {}; reduce the image, or raise the limit", name, found,
                             expected));
  };
  if (width > options.max_pixels / height) {
    throw too_large(fmt::format("is {} x {} pixels", width, height),
                    fmt::format("max_pixels {}", options.max_pixels));
  }
  if (bytes > options.max_bytes) {
    throw too_large(fmt::format("is {} x {} pixels, which take {:.4g} MB to decode", width, height,
                                static_cast<double>(bytes) * 1e-6),
                    fmt::format("max_bytes {}", options.max_bytes));
  }
  if (width > options.max_work / height) {
    throw too_large(fmt::format("is {} x {} pixels", width, height),
                    fmt::format("max_work {}", options.max_work));
  }
}

Image make_image(int width, int height, int channels) {
  Image image{width, height, channels, {}};
  image.pixels.resize(image.size_bytes());
  return image;
}

void composite_over_white(Image& image) {
  const auto in_channels = static_cast<std::size_t>(image.channels);
  const std::size_t out_channels = in_channels - 1;
  const std::size_t n_pixels = image.pixels.size() / in_channels;
  // In place: what is written never passes what is still to be read.
  const std::uint8_t* in = image.pixels.data();
  std::uint8_t* out = image.pixels.data();
  for (std::size_t i = 0; i < n_pixels; ++i, in += in_channels, out += out_channels) {
    const unsigned alpha = in[out_channels];
    for (std::size_t c = 0; c < out_channels; ++c)
      out[c] = static_cast<std::uint8_t>((in[c] * alpha + 255U * (255U - alpha) + 127U) / 255U);
  }
  --image.channels;
  image.pixels.resize(image.size_bytes());
}

Image decode_image(std::span<const std::uint8_t> bytes, std::string_view name, const DecodeOptions& options) {
  return require_format(bytes, name).decode(bytes, name, options);
}

Image read_image(const std::filesystem::path& path, const DecodeOptions& options) {
  const std::vector<std::uint8_t> bytes = read_file(path);
  const std::string name = path.string();
  const Format& format = require_format(bytes, name);
  Image image = format.decode(bytes, name, options);
  const Format* expected = format_of_extension(path);
  if (expected != nullptr && expected != &format) {
    const std::string other =
        fmt::format("content is {}, not {} as its name says", format.name, expected->name);
    image.remark = image.remark.empty() ? other : other + "; " + image.remark;
  }
  return image;
}

std::string image_extensions() {
  std::vector<std::string_view> names;
  for (const Format& format : kFormats) {
    std::copy_if(format.extensions.begin(), format.extensions.end(), std::back_inserter(names),
                 [](std::string_view extension) { return !extension.empty(); });
  }
  return fmt::format("{}", fmt::join(names, ", "));
}

bool has_image_extension(const std::filesystem::path& path) { return format_of_extension(path) != nullptr; }

}  // namespace triage
