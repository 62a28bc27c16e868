// What pictures an AVIF or HEIC file is put together from.
#pragma once

#include <cstdint>
#include <span>

namespace triage {

// More than any camera or editor makes; iPhones cut photographs into some 50 tiles.
inline constexpr std::size_t kMostHeifParts = 10'000;

// How many pictures are decoded for the primary one: itself, the tiles and layers that it is made of
// ('dimg'), its alpha channel ('auxl'), and theirs. kMostHeifParts + 1 for more than that, for a picture that
// is made of itself, and for a nesting deeper than 16. 1 where the file says nothing of it that can be read.
[[nodiscard]] std::size_t count_heif_parts(std::span<const std::uint8_t> file);

}  // namespace triage
