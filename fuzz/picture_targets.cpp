// Pictures: those of a million pixels at most, so that what a picture is allowed to take is not much.
#include <algorithm>
#include <array>
#include <optional>
#include <string_view>

#include "fuzz_target.h"
#include "triage/error.h"
#include "triage/image.h"
#include "triage/tools/frames.h"

namespace triage::fuzz {
namespace {

constexpr DecodeOptions kOptions{.max_pixels = 1'000'000};
// So that those that its process ends over are ended soon.
constexpr DecodeOptions kHeifOptions{
    .max_pixels = kOptions.max_pixels, .max_bytes = 64'000'000, .max_work = 400'000'000};

void decode(std::span<const std::uint8_t> bytes, std::string_view name,
            const DecodeOptions& options = kOptions) {
  const Image image = decode_image(bytes, name, options);
  check_view(ImageView(image), name);
}

std::uint32_t crc_of(std::span<const std::uint8_t> bytes) {
  std::uint32_t crc = 0xFFFFFFFFU;
  for (const std::uint8_t byte : bytes) {
    crc ^= byte;
    for (int i = 0; i < 8; ++i) crc = (crc >> 1) ^ ((crc & 1U) != 0 ? 0xEDB88320U : 0U);
  }
  return ~crc;
}

// With right checksums, behind which libpng looks at the content.
Bytes with_checksums(std::span<const std::uint8_t> bytes) {
  Bytes png(bytes.begin(), bytes.end());
  for (std::size_t at = 8; at + 12 <= png.size();) {
    std::size_t length = 0;
    for (std::size_t i = 0; i < 4; ++i) length = length << 8 | png[at + i];
    if (length > png.size() - at - 12) break;
    const std::uint32_t crc = crc_of(std::span(png).subspan(at + 4, length + 4));
    for (std::size_t i = 0; i < 4; ++i) {
      png[at + 8 + length + i] = static_cast<std::uint8_t>(crc >> (8 * (3 - i)));
    }
    at += length + 12;
  }
  return png;
}

}  // namespace

void read_jpeg(std::span<const std::uint8_t> bytes) {
  const auto smaller = [](std::span<const std::uint8_t> as_is) {
    decode(as_is, "picture.jpg", {.max_pixels = kOptions.max_pixels, .needed = {8, 8}});
  };
  (void)outcome_of(smaller, bytes);
  decode(bytes, "picture.jpg");
}
// Whole streams, a few bytes at a time; the first frame that fails is the outcome.
void read_mjpeg(std::span<const std::uint8_t> bytes) {
  const auto frames = mjpeg_frames([&bytes](std::span<std::uint8_t> out) {
    const std::size_t n = std::min({std::size_t{7}, out.size(), bytes.size()});
    std::copy_n(bytes.begin(), n, out.begin());
    bytes = bytes.subspan(n);
    return n;
  });
  std::optional<Error> failed;
  for (bool is_end = false; !is_end;) {
    try {
      is_end = !frames->next(kOptions);
    } catch (const Error& error) {
      if (!failed) failed = error;
    }
  }
  if (failed) throw Error(*failed);
}
void read_png(std::span<const std::uint8_t> bytes) {
  const Bytes right = with_checksums(bytes);
  if (!std::equal(right.begin(), right.end(), bytes.begin(), bytes.end())) {
    (void)outcome_of([](std::span<const std::uint8_t> as_is) { decode(as_is, "picture.png"); }, bytes);
  }
  decode(right, "picture.png");
}
void read_webp(std::span<const std::uint8_t> bytes) { decode(bytes, "picture.webp"); }
void read_pnm(std::span<const std::uint8_t> bytes) { decode(bytes, "picture.pnm"); }
void read_bmp(std::span<const std::uint8_t> bytes) { decode(bytes, "picture.bmp"); }
void read_gif(std::span<const std::uint8_t> bytes) { decode(bytes, "picture.gif"); }
void read_tiff(std::span<const std::uint8_t> bytes) { decode(bytes, "picture.tif"); }
void read_heif(std::span<const std::uint8_t> bytes) { decode(bytes, "picture.avif", kHeifOptions); }

}  // namespace triage::fuzz
