// Detects the format from the content and calls its decoder.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <optional>
#include <string>

#include "base/files.h"
#include "image/decoders.h"

namespace triage {
namespace {

using Decoder = Image (*)(EncodedBytes, std::string_view, const DecodeOptions&);

struct Format {
  std::string_view name;
  std::array<std::string_view, 3> extensions;  // lower case, without the dot; empty: unused
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

constexpr std::array<Format, 4> kFormats{{
    {"JPEG", {"jpg", "jpeg", ""}, is_jpeg, decode_jpeg},
    {"PNG", {"png", "", ""}, is_png, decode_png},
    {"WebP", {"webp", "", ""}, is_webp, decode_webp},
    {"PPM/PGM", {"ppm", "pgm", "pnm"}, is_pnm, decode_pnm},
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
  if (format == nullptr)
    throw unsupported_image(name, "content is of no known image format", "JPEG, PNG, WebP, PPM or PGM");
  return *format;
}

}  // namespace

Error damaged_image(std::string_view name, std::string_view found, std::string_view expected) {
  return image_error(ErrorCode::kImageDamaged, name, found, expected);
}

Error unsupported_image(std::string_view name, std::string_view found, std::string_view expected) {
  return image_error(ErrorCode::kImageFormat, name, found, expected);
}

void check_pixels(std::int64_t width, std::int64_t height, std::string_view name,
                  const DecodeOptions& options) {
  if (width <= 0 || height <= 0)
    throw damaged_image(name, fmt::format("is {} x {} pixels", width, height), "at least 1 x 1");
  if (width > options.max_pixels / height) {
    throw Error(ErrorCode::kImageTooLarge,
                fmt::format("{}: is {} x {} pixels, expected at most {} pixels; reduce the image", name,
                            width, height, options.max_pixels));
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
  const Format* expected = format_of_extension(path);
  if (expected != nullptr && expected != &format) {
    throw Error(ErrorCode::kImageFormat,
                fmt::format("{}: content is {}, expected {} by the file's extension; rename the file", name,
                            format.name, expected->name));
  }
  return format.decode(bytes, name, options);
}

bool has_image_extension(const std::filesystem::path& path) { return format_of_extension(path) != nullptr; }

}  // namespace triage
