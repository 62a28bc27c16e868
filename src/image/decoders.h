// One decoder per file format, and what they share. Each throws for anything but a whole picture within the
// limits.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "triage/error.h"
#include "triage/image.h"

namespace triage {

using EncodedBytes = std::span<const std::uint8_t>;

// May be smaller than the file's picture: see DecodeOptions::needed. The others are of its size.
[[nodiscard]] Image decode_jpeg(EncodedBytes bytes, std::string_view name, const DecodeOptions& options);
[[nodiscard]] Image decode_png(EncodedBytes bytes, std::string_view name, const DecodeOptions& options);
[[nodiscard]] Image decode_webp(EncodedBytes bytes, std::string_view name, const DecodeOptions& options);
[[nodiscard]] Image decode_pnm(EncodedBytes bytes, std::string_view name, const DecodeOptions& options);
[[nodiscard]] Image decode_bmp(EncodedBytes bytes, std::string_view name, const DecodeOptions& options);
[[nodiscard]] Image decode_gif(EncodedBytes bytes, std::string_view name, const DecodeOptions& options);
[[nodiscard]] Image decode_tiff(EncodedBytes bytes, std::string_view name, const DecodeOptions& options);
[[nodiscard]] Image decode_heif(EncodedBytes bytes, std::string_view name, const DecodeOptions& options);

// "<name>: <found>, expected <expected>; replace or remove the file"
[[nodiscard]] Error damaged_image(std::string_view name, std::string_view found, std::string_view expected);
[[nodiscard]] Error unsupported_image(std::string_view name, std::string_view found,
                                      std::string_view expected);

// Throws kImageDamaged when width x height is empty, kImageTooLarge when it is over a limit. Call it before
// allocating; `bytes_per_pixel` is all that decoding needs at once.
void check_size(std::int64_t width, std::int64_t height, int bytes_per_pixel, std::string_view name,
                const DecodeOptions& options);
// The same for a decoder that needs so many bytes in all.
void check_cost(std::int64_t width, std::int64_t height, std::int64_t bytes, std::string_view name,
                const DecodeOptions& options);

// An image of this shape with all pixels 0.
[[nodiscard]] Image make_image(int width, int height, int channels);

// Drops the last channel of a (height, width, 2 or 4) image, having composited the rest over white.
void composite_over_white(Image& image);

}  // namespace triage
