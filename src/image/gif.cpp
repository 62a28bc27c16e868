// GIF by giflib: the first frame, laid on white.
#include <fmt/format.h>
#include <gif_lib.h>

#include <array>
#include <cstring>
#include <memory>
#include <optional>

#include "image/decoders.h"

namespace triage {
namespace {

struct GifSource {
  EncodedBytes bytes;
  std::size_t at = 0;
};

int read_some(GifFileType* gif, GifByteType* out, int n) {
  auto& source = *static_cast<GifSource*>(gif->UserData);
  const std::size_t take = std::min(static_cast<std::size_t>(n), source.bytes.size() - source.at);
  std::memcpy(out, source.bytes.data() + source.at, take);
  source.at += take;
  return static_cast<int>(take);
}

struct GifClose {
  void operator()(GifFileType* gif) const { DGifCloseFile(gif, nullptr); }
};
using Gif = std::unique_ptr<GifFileType, GifClose>;

// Skips records up to the first frame; returns its transparent colour. Nullopt where there is none: damaged.
struct FirstFrame {
  int transparent = NO_TRANSPARENT_COLOR;
};
std::optional<FirstFrame> find_frame(GifFileType& gif) {
  FirstFrame frame;
  for (;;) {
    GifRecordType record = UNDEFINED_RECORD_TYPE;
    if (DGifGetRecordType(&gif, &record) == GIF_ERROR) return {};
    if (record == IMAGE_DESC_RECORD_TYPE) return frame;
    if (record != EXTENSION_RECORD_TYPE) return {};
    int code = 0;
    GifByteType* data = nullptr;
    if (DGifGetExtension(&gif, &code, &data) == GIF_ERROR) return {};
    if (code == GRAPHICS_EXT_FUNC_CODE && data != nullptr && data[0] >= 4 && (data[1] & 1) != 0) {
      frame.transparent = data[4];
    }
    while (data != nullptr) {
      if (DGifGetExtensionNext(&gif, &data) == GIF_ERROR) return {};
    }
  }
}

// Rows of an interlaced frame come in four passes.
std::vector<int> row_order(int height, bool interlaced) {
  std::vector<int> order;
  order.reserve(static_cast<std::size_t>(height));
  if (!interlaced) {
    for (int y = 0; y < height; ++y) order.push_back(y);
    return order;
  }
  constexpr std::array<int, 4> kFirst{0, 4, 2, 1}, kStep{8, 8, 4, 2};
  for (std::size_t pass = 0; pass < kFirst.size(); ++pass) {
    for (int y = kFirst[pass]; y < height; y += kStep[pass]) order.push_back(y);
  }
  return order;
}

}  // namespace

Image decode_gif(EncodedBytes bytes, std::string_view name, const DecodeOptions& options) {
  const auto corrupt = [&](std::string_view what) {
    return damaged_image(name, fmt::format("GIF data is corrupt or cut short ({})", what), "a whole image");
  };
  GifSource source{bytes};
  int error = 0;
  const Gif gif(DGifOpen(&source, &read_some, &error));
  if (!gif) throw corrupt("bad header");
  const auto frame = find_frame(*gif);
  if (!frame || DGifGetImageDesc(gif.get()) == GIF_ERROR) throw corrupt("no frame");
  const GifImageDesc& place = gif->Image;
  check_size(gif->SWidth, gif->SHeight, 3, name, options);
  if (place.Width < 1 || place.Height < 1 || place.Left < 0 || place.Top < 0 ||
      place.Left + place.Width > gif->SWidth || place.Top + place.Height > gif->SHeight) {
    throw corrupt("its frame leaves the picture");
  }
  const ColorMapObject* colours = place.ColorMap != nullptr ? place.ColorMap : gif->SColorMap;
  if (colours == nullptr) throw corrupt("no colours");
  Image image = make_image(gif->SWidth, gif->SHeight, 3);
  std::fill(image.pixels.begin(), image.pixels.end(), std::uint8_t{255});
  std::vector<GifPixelType> row(static_cast<std::size_t>(place.Width));
  for (const int y : row_order(place.Height, place.Interlace)) {
    if (DGifGetLine(gif.get(), row.data(), place.Width) == GIF_ERROR) throw corrupt("pixels are missing");
    std::uint8_t* out = image.pixels.data() +
                        (static_cast<std::size_t>(place.Top + y) * static_cast<std::size_t>(image.width) +
                         static_cast<std::size_t>(place.Left)) *
                            3;
    for (const GifPixelType value : row) {
      if (value != frame->transparent) {
        if (value >= colours->ColorCount) throw corrupt("a colour is not in its table");
        const GifColorType& colour = colours->Colors[value];
        out[0] = colour.Red;
        out[1] = colour.Green;
        out[2] = colour.Blue;
      }
      out += 3;
    }
  }
  return image;
}

}  // namespace triage
