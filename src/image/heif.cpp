// AVIF and HEIC by libheif, where it was there when this was built.
#include <fmt/format.h>

#include <memory>

#include "image/decoders.h"
#include "image/heif_parts.h"

#ifdef TRIAGE_WITH_HEIF
#include <libheif/heif.h>
#endif

namespace triage {

#ifdef TRIAGE_WITH_HEIF
namespace {

using Context = std::unique_ptr<heif_context, void (*)(heif_context*)>;
using Handle = std::unique_ptr<heif_image_handle, void (*)(const heif_image_handle*)>;
using Decoded = std::unique_ptr<heif_image, void (*)(const heif_image*)>;

}  // namespace

Image decode_heif(EncodedBytes bytes, std::string_view name, const DecodeOptions& options) {
  const auto check = [&](const heif_error& error) {
    if (error.code == heif_error_Ok) return;
    throw damaged_image(
        name,
        fmt::format("AVIF or HEIC data is corrupt, cut short or of an unusual kind ({})", error.message),
        "a whole image");
  };
  // libheif 1.15 starts threads without end over a picture that is made of itself.
  if (count_heif_parts(bytes) > kMostHeifParts) {
    throw damaged_image(
        name, fmt::format("AVIF or HEIC data is made of itself, or of more than {} parts", kMostHeifParts),
        "a picture of fewer tiles and layers");
  }
  const Context context(heif_context_alloc(), &heif_context_free);
  check(heif_context_read_from_memory_without_copy(context.get(), bytes.data(), bytes.size(), nullptr));
  heif_image_handle* found = nullptr;
  check(heif_context_get_primary_image_handle(context.get(), &found));
  const Handle handle(found, &heif_image_handle_release);
  const int channels = heif_image_handle_has_alpha_channel(handle.get()) != 0 ? 4 : 3;
  // Planes of up to 16 bits, a turned copy of them, then the picture as libheif gives it and as we do.
  check_size(heif_image_handle_get_width(handle.get()), heif_image_handle_get_height(handle.get()),
             12 + 2 * channels, name, options);
  heif_image* image = nullptr;
  check(heif_decode_image(handle.get(), &image, heif_colorspace_RGB,
                          channels == 4 ? heif_chroma_interleaved_RGBA : heif_chroma_interleaved_RGB,
                          nullptr));
  const Decoded decoded(image, &heif_image_release);
  int stride = 0;
  const std::uint8_t* plane = heif_image_get_plane_readonly(image, heif_channel_interleaved, &stride);
  Image out = make_image(heif_image_get_primary_width(image), heif_image_get_primary_height(image), channels);
  const std::size_t row_bytes = static_cast<std::size_t>(out.width) * static_cast<std::size_t>(channels);
  for (int y = 0; y < out.height; ++y) {
    std::copy_n(plane + static_cast<std::ptrdiff_t>(y) * stride, row_bytes,
                out.pixels.data() + static_cast<std::size_t>(y) * row_bytes);
  }
  if (channels == 4) composite_over_white(out);
  return out;
}
#else
Image decode_heif(EncodedBytes, std::string_view name, const DecodeOptions&) {
  throw unsupported_image(name, "is AVIF or HEIC, which this build does not read",
                          "another format, or a build with libheif");
}
#endif

}  // namespace triage
