#include "image/exif.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

namespace triage {
namespace {

// Bounds-checked reader of a TIFF structure; reads beyond its end give 0.
class Tiff {
 public:
  Tiff(std::span<const std::uint8_t> bytes, bool big_endian) : bytes_(bytes), big_endian_(big_endian) {}
  [[nodiscard]] std::uint32_t u16(std::size_t at) const { return number(at, 2); }
  [[nodiscard]] std::uint32_t u32(std::size_t at) const { return number(at, 4); }

 private:
  [[nodiscard]] std::uint32_t number(std::size_t at, std::size_t n) const {
    if (at > bytes_.size() || bytes_.size() - at < n) return 0;
    std::uint32_t value = 0;
    for (std::size_t i = 0; i < n; ++i) value = (value << 8) | bytes_[at + (big_endian_ ? i : n - 1 - i)];
    return value;
  }
  std::span<const std::uint8_t> bytes_;
  bool big_endian_;
};

constexpr std::uint32_t kOrientationTag = 0x0112;
constexpr std::uint32_t kShort = 3;
constexpr std::array<std::uint8_t, 6> kExif{'E', 'x', 'i',
                                            'f', 0,   0};  // in front of it in JPEG, and at times elsewhere

}  // namespace

int exif_orientation(std::span<const std::uint8_t> exif) {
  if (exif.size() >= kExif.size() && std::equal(kExif.begin(), kExif.end(), exif.begin())) {
    exif = exif.subspan(kExif.size());
  }
  if (exif.size() < 8) return 1;
  const bool big_endian = exif[0] == 'M' && exif[1] == 'M';
  if (!big_endian && !(exif[0] == 'I' && exif[1] == 'I')) return 1;
  const Tiff tiff(exif, big_endian);
  if (tiff.u16(2) != 42) return 1;
  const std::size_t directory = tiff.u32(4);
  const std::uint32_t n_entries = tiff.u16(directory);
  for (std::uint32_t i = 0; i < n_entries; ++i) {
    const std::size_t entry = directory + 2 + std::size_t{12} * i;
    if (tiff.u16(entry) != kOrientationTag) continue;
    const std::uint32_t value = tiff.u16(entry + 8);
    const bool valid = tiff.u16(entry + 2) == kShort && tiff.u32(entry + 4) == 1 && value >= 1 && value <= 8;
    return valid ? static_cast<int>(value) : 1;
  }
  return 1;
}

Image make_upright(Image image, int orientation) {
  if (orientation <= 1 || orientation > 8) return image;
  // Orientations 5 to 8 are stored with rows and columns swapped.
  const bool swapped = orientation >= 5;
  // In stored coordinates: where x and y run backwards.
  const bool flip_x = orientation == 2 || orientation == 3 || orientation == 7 || orientation == 8;
  const bool flip_y = orientation == 3 || orientation == 4 || orientation == 6 || orientation == 7;
  Image upright{
      swapped ? image.height : image.width, swapped ? image.width : image.height, image.channels, {}};
  upright.remark = std::move(image.remark);
  upright.original = swapped ? Extent{image.original.height, image.original.width} : image.original;
  upright.pixels.resize(image.pixels.size());
  const auto channels = static_cast<std::size_t>(image.channels);
  std::uint8_t* out = upright.pixels.data();
  for (int y = 0; y < upright.height; ++y) {
    for (int x = 0; x < upright.width; ++x, out += channels) {
      int stored_x = swapped ? y : x;
      int stored_y = swapped ? x : y;
      if (flip_x) stored_x = image.width - 1 - stored_x;
      if (flip_y) stored_y = image.height - 1 - stored_y;
      const std::size_t at = static_cast<std::size_t>(stored_y) * static_cast<std::size_t>(image.width) +
                             static_cast<std::size_t>(stored_x);
      std::memcpy(out, image.pixels.data() + at * channels, channels);
    }
  }
  return upright;
}

}  // namespace triage
