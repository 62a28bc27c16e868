// WebP, lossy and lossless, by libwebp; the first frame of an animation.
#include <fmt/format.h>
#include <webp/decode.h>
#include <webp/demux.h>

#include <algorithm>
#include <memory>

#include "image/decoders.h"
#include "image/exif.h"

namespace triage {
namespace {

struct DemuxerDelete {
  void operator()(WebPDemuxer* demuxer) const { WebPDemuxDelete(demuxer); }
};
using Demuxer = std::unique_ptr<WebPDemuxer, DemuxerDelete>;

int orientation_of(const WebPDemuxer* demuxer) {
  WebPChunkIterator chunk;
  if (WebPDemuxGetChunk(demuxer, "EXIF", 1, &chunk) == 0) return 1;
  const int orientation = exif_orientation({chunk.chunk.bytes, chunk.chunk.size});
  WebPDemuxReleaseChunkIterator(&chunk);
  return orientation;
}

// (height, width, 4) of the frame laid into a canvas, which is transparent elsewhere.
Image into_canvas(const Image& frame, int x, int y, int width, int height) {
  Image canvas = make_image(width, height, 4);
  const std::size_t row_bytes = static_cast<std::size_t>(frame.width) * 4;
  for (int row = 0; row < frame.height; ++row) {
    const auto from =
        frame.pixels.begin() + static_cast<std::ptrdiff_t>(static_cast<std::size_t>(row) * row_bytes);
    const std::size_t at =
        (static_cast<std::size_t>(y + row) * static_cast<std::size_t>(width) + static_cast<std::size_t>(x)) *
        4;
    std::copy_n(from, row_bytes, canvas.pixels.begin() + static_cast<std::ptrdiff_t>(at));
  }
  return canvas;
}

}  // namespace

Image decode_webp(EncodedBytes bytes, std::string_view name, const DecodeOptions& options) {
  const auto corrupt = [&](std::string_view what) {
    return damaged_image(name, fmt::format("WebP data is corrupt or cut short ({})", what), "a whole image");
  };
  // The container states its length; libwebp itself accepts a file that lacks trailing chunks.
  constexpr std::uint64_t kRiffHeader = 8;
  const std::uint64_t stated = bytes.size() < kRiffHeader
                                   ? 0
                                   : bytes[4] | std::uint64_t{bytes[5]} << 8 | std::uint64_t{bytes[6]} << 16 |
                                         std::uint64_t{bytes[7]} << 24;
  if (bytes.size() < kRiffHeader + stated)
    throw corrupt(fmt::format("{} bytes of {}", bytes.size(), kRiffHeader + stated));

  WebPBitstreamFeatures features;
  if (WebPGetFeatures(bytes.data(), bytes.size(), &features) != VP8_STATUS_OK) throw corrupt("bad header");
  // Beside the picture, the decoder holds it once more as it is stored.
  constexpr int kStored = 4;
  check_size(features.width, features.height, kStored + 4, name, options);
  const WebPData data{bytes.data(), bytes.size()};
  const Demuxer demuxer(WebPDemux(&data));
  if (!demuxer) throw corrupt("bad container");
  WebPIterator frame;
  if (WebPDemuxGetFrame(demuxer.get(), 1, &frame) == 0) throw corrupt("no frame");
  const std::unique_ptr<WebPIterator, void (*)(WebPIterator*)> release(&frame, &WebPDemuxReleaseIterator);

  const bool whole = frame.width == features.width && frame.height == features.height;
  const bool alpha = features.has_alpha != 0 || !whole;
  Image image = make_image(frame.width, frame.height, alpha ? 4 : 3);
  const auto decode = alpha ? WebPDecodeRGBAInto : WebPDecodeRGBInto;
  if (decode(frame.fragment.bytes, frame.fragment.size, image.pixels.data(), image.pixels.size(),
             image.width * image.channels) == nullptr)
    throw corrupt("bad image data");
  if (!whole) image = into_canvas(image, frame.x_offset, frame.y_offset, features.width, features.height);
  if (image.channels == 4) composite_over_white(image);
  if (features.has_animation != 0) image.remark = "is an animation, of which the first frame was taken";
  return make_upright(std::move(image), orientation_of(demuxer.get()));
}

}  // namespace triage
