// TIFF by libtiff: the first page, as 8-bit colours.
#include <fmt/format.h>
#include <tiffio.h>

#include <array>
#include <cstdarg>
#include <cstdio>
#include <cstring>
#include <memory>

#include "image/decoders.h"
#include "image/exif.h"

namespace triage {
namespace {

// A file in memory, and what libtiff last complained of.
struct TiffSource {
  EncodedBytes bytes;
  std::uint64_t at = 0;
  std::array<char, 200> message{};
};

TiffSource& of(thandle_t handle) { return *static_cast<TiffSource*>(handle); }

tmsize_t read_some(thandle_t handle, void* out, tmsize_t n) {
  TiffSource& source = of(handle);
  if (n <= 0 || source.at >= source.bytes.size()) return 0;
  const auto take = std::min<std::uint64_t>(static_cast<std::uint64_t>(n), source.bytes.size() - source.at);
  std::memcpy(out, source.bytes.data() + source.at, take);
  source.at += take;
  return static_cast<tmsize_t>(take);
}
tmsize_t write_none(thandle_t, void*, tmsize_t) { return 0; }
toff_t seek(thandle_t handle, toff_t offset, int whence) {
  TiffSource& source = of(handle);
  const std::uint64_t from = whence == SEEK_CUR ? source.at : whence == SEEK_END ? source.bytes.size() : 0;
  source.at = from + offset;
  return source.at;
}
int close_none(thandle_t) { return 0; }
toff_t size_of_source(thandle_t handle) { return of(handle).bytes.size(); }

int keep_message(TIFF*, void* user, const char*, const char* format, va_list values) {
  auto& source = *static_cast<TiffSource*>(user);
  // What comes first is the cause.
  if (source.message[0] == 0) std::vsnprintf(source.message.data(), source.message.size(), format, values);
  return 1;  // handled: nothing is printed
}
int drop_message(TIFF*, void*, const char*, const char*, va_list) { return 1; }

struct TiffClose {
  void operator()(TIFF* tiff) const { TIFFClose(tiff); }
};
using TiffHandle = std::unique_ptr<TIFF, TiffClose>;

TiffHandle open_tiff(TiffSource& source, std::int64_t max_bytes) {
  const std::unique_ptr<TIFFOpenOptions, void (*)(TIFFOpenOptions*)> options(TIFFOpenOptionsAlloc(),
                                                                             &TIFFOpenOptionsFree);
  TIFFOpenOptionsSetMaxSingleMemAlloc(options.get(), static_cast<tmsize_t>(max_bytes));
  TIFFOpenOptionsSetErrorHandlerExtR(options.get(), &keep_message, &source);
  TIFFOpenOptionsSetWarningHandlerExtR(options.get(), &drop_message, &source);
  // m: no memory mapping, which would read the handle as a file.
  return TiffHandle(TIFFClientOpenExt("image", "rm", &source, &read_some, &write_none, &seek, &close_none,
                                      &size_of_source, nullptr, nullptr, options.get()));
}

// Packed ABGR with colours multiplied by alpha, as libtiff gives them, over white.
Image over_white(const std::vector<std::uint32_t>& raster, int width, int height) {
  Image image = make_image(width, height, 3);
  std::uint8_t* out = image.pixels.data();
  for (const std::uint32_t pixel : raster) {
    const unsigned white = 255U - TIFFGetA(pixel);
    *out++ = static_cast<std::uint8_t>(std::min(255U, TIFFGetR(pixel) + white));
    *out++ = static_cast<std::uint8_t>(std::min(255U, TIFFGetG(pixel) + white));
    *out++ = static_cast<std::uint8_t>(std::min(255U, TIFFGetB(pixel) + white));
  }
  return image;
}

}  // namespace

Image decode_tiff(EncodedBytes bytes, std::string_view name, const DecodeOptions& options) {
  TiffSource source{bytes};
  const auto corrupt = [&](const char* otherwise) {
    return damaged_image(name,
                         fmt::format("TIFF data is corrupt, cut short or of an unusual kind ({})",
                                     source.message[0] != 0 ? source.message.data() : otherwise),
                         "a whole image of up to 16 bits a channel");
  };
  const TiffHandle tiff = open_tiff(source, options.max_bytes);
  if (!tiff) throw corrupt("bad header");
  std::uint32_t width = 0, height = 0;
  TIFFGetField(tiff.get(), TIFFTAG_IMAGEWIDTH, &width);
  TIFFGetField(tiff.get(), TIFFTAG_IMAGELENGTH, &height);
  // Four bytes a pixel from libtiff, four of a strip as it is stored at the worst, three of the picture.
  check_size(width, height, 11, name, options);
  std::uint16_t orientation = 1;
  TIFFGetFieldDefaulted(tiff.get(), TIFFTAG_ORIENTATION, &orientation);
  TIFFRGBAImage reader;
  std::array<char, 1024> reason{};
  if (TIFFRGBAImageOK(tiff.get(), reason.data()) == 0 ||
      TIFFRGBAImageBegin(&reader, tiff.get(), 1, reason.data()) == 0) {
    throw corrupt(reason.data());
  }
  // libtiff mirrors pictures, but does not turn them: here they stay as they are stored.
  reader.orientation = reader.req_orientation = ORIENTATION_TOPLEFT;
  std::vector<std::uint32_t> raster(static_cast<std::size_t>(width) * height);
  const bool read = TIFFRGBAImageGet(&reader, raster.data(), width, height) != 0;
  TIFFRGBAImageEnd(&reader);
  if (!read || source.message[0] != 0) throw corrupt("pixels are missing");
  Image image = over_white(raster, static_cast<int>(width), static_cast<int>(height));
  if (TIFFLastDirectory(tiff.get()) == 0) image.remark = "has several pages, of which the first was taken";
  return make_upright(std::move(image), orientation);
}

}  // namespace triage
