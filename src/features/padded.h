// Planes with a border, so that neighbours need no bounds checks.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>

namespace triage {

// Where the pixels of a plane with two more on each side lie.
struct Padded {
  static constexpr std::size_t kBorder = 2;
  Padded(int plane_width, int plane_height)
      : width(static_cast<std::size_t>(plane_width)),
        height(static_cast<std::size_t>(plane_height)),
        stride(width + 2 * kBorder) {}
  std::size_t width;
  std::size_t height;
  std::size_t stride;
  bool operator==(const Padded&) const = default;

  [[nodiscard]] std::size_t at(std::size_t x, std::size_t y) const {
    return (y + kBorder) * stride + x + kBorder;
  }
  // From the first to the last pixel of the plane, the borders between its rows included.
  [[nodiscard]] std::size_t span() const { return (height - 1) * stride + width; }
  [[nodiscard]] std::size_t size() const { return (height + 2 * kBorder) * stride; }
};

// Directions count from 0, right, counter-clockwise to 7, right and down.
inline constexpr std::array<int, 8> kDirectionX{1, 1, 0, -1, -1, -1, 0, 1};
inline constexpr std::array<int, 8> kDirectionY{0, -1, -1, -1, 0, 1, 1, 1};

// From a pixel to its neighbour in each direction.
inline std::array<std::ptrdiff_t, 8> neighbour_offsets(const Padded& pad) {
  std::array<std::ptrdiff_t, 8> offsets;
  for (std::size_t k = 0; k < offsets.size(); ++k)
    offsets[k] = kDirectionY[k] * static_cast<std::ptrdiff_t>(pad.stride) + kDirectionX[k];
  return offsets;
}

// Eight pixels at once, the first in the lowest byte.
inline std::uint64_t eight_pixels(const std::uint8_t* pixels) {
  static_assert(std::endian::native == std::endian::little);
  std::uint64_t eight;
  std::memcpy(&eight, pixels, sizeof eight);
  return eight;
}

// The lowest bit of each of the first n of eight pixels.
inline std::uint64_t low_bits(std::size_t n) {
  constexpr std::uint64_t kLow = 0x0101010101010101;
  return n < 8 ? kLow & ((std::uint64_t{1} << (8 * n)) - 1) : kLow;
}

// Calls visit(position) for every pixel of a padded plane whose lowest bit is set.
template <class Visit>
void for_each_set(const Padded& pad, const std::uint8_t* plane, Visit visit) {
  for (std::size_t y = 0; y < pad.height; ++y) {
    for (std::size_t x = 0; x < pad.width; x += 8) {
      const std::size_t at = pad.at(x, y);
      std::uint64_t left = eight_pixels(plane + at) & low_bits(pad.width - x);
      for (; left != 0; left &= left - 1) visit(at + static_cast<std::size_t>(std::countr_zero(left)) / 8);
    }
  }
}

}  // namespace triage
