#include "image/encode.h"

#include <csetjmp>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
// jpeglib.h needs size_t and FILE from the headers above.
#include <jpeglib.h>
#include <png.h>
#include <webp/encode.h>

#include <stdexcept>

namespace triage::testing {

FileBytes encode_jpeg(const Image& image, const JpegOptions& options) {
  jpeg_compress_struct info{};
  jpeg_error_mgr errors{};
  info.err = jpeg_std_error(&errors);
  jpeg_create_compress(&info);
  unsigned char* data = nullptr;
  unsigned long size = 0;
  jpeg_mem_dest(&info, &data, &size);
  info.image_width = static_cast<JDIMENSION>(image.width);
  info.image_height = static_cast<JDIMENSION>(image.height);
  info.input_components = image.channels;
  info.in_color_space = image.channels == 1 ? JCS_GRAYSCALE : image.channels == 3 ? JCS_RGB : JCS_CMYK;
  jpeg_set_defaults(&info);
  jpeg_set_quality(&info, options.quality, TRUE);
  if (image.channels == 4) {
    jpeg_set_colorspace(&info, options.ycck ? JCS_YCCK : JCS_CMYK);
    info.write_Adobe_marker = options.adobe_marker ? TRUE : FALSE;
  }
  if (options.progressive) jpeg_simple_progression(&info);
  jpeg_start_compress(&info, TRUE);
  if (!options.app1.empty()) {
    jpeg_write_marker(&info, JPEG_APP0 + 1, options.app1.data(), static_cast<unsigned>(options.app1.size()));
  }
  const std::size_t row_bytes =
      static_cast<std::size_t>(image.width) * static_cast<std::size_t>(image.channels);
  while (info.next_scanline < info.image_height) {
    auto* row = const_cast<JSAMPROW>(image.pixels.data() + info.next_scanline * row_bytes);
    jpeg_write_scanlines(&info, &row, 1);
  }
  jpeg_finish_compress(&info);
  jpeg_destroy_compress(&info);
  const FileBytes bytes(data, data + size);
  std::free(data);
  return bytes;
}

FileBytes exif_segment(int orientation, bool big_endian) {
  FileBytes bytes{'E', 'x', 'i', 'f', 0, 0};
  const auto put = [&](unsigned value, int n) {
    for (int i = 0; i < n; ++i)
      bytes.push_back(static_cast<std::uint8_t>(value >> 8 * (big_endian ? n - 1 - i : i)));
  };
  bytes.insert(bytes.end(), 2, big_endian ? 'M' : 'I');
  put(42, 2);
  put(8, 4);       // where the directory starts
  put(2, 2);       // its entries
  put(0x0100, 2);  // width, to be skipped
  put(4, 2);
  put(1, 4);
  put(7, 4);
  put(0x0112, 2);  // orientation
  put(3, 2);
  put(1, 4);
  put(static_cast<unsigned>(orientation), 2);
  put(0, 2);
  put(0, 4);
  return bytes;
}

FileBytes encode_png(int width, int height, int channels, const std::vector<std::uint8_t>& rows,
                     const PngOptions& options) {
  png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, nullptr, nullptr, nullptr);
  png_infop info = png_create_info_struct(png);
  FileBytes bytes;
  if (setjmp(png_jmpbuf(png)) != 0) throw std::runtime_error("png encoder failed");
  png_set_write_fn(
      png, &bytes,
      [](png_structp writer, png_bytep data, png_size_t n) {
        auto* out = static_cast<FileBytes*>(png_get_io_ptr(writer));
        out->insert(out->end(), data, data + n);
      },
      nullptr);
  const int colours = channels - (options.alpha ? 1 : 0);
  const int type = options.palette ? PNG_COLOR_TYPE_PALETTE
                                   : (colours == 3 ? PNG_COLOR_MASK_COLOR : 0) |
                                         (options.alpha ? PNG_COLOR_MASK_ALPHA : 0);
  png_set_IHDR(png, info, static_cast<png_uint_32>(width), static_cast<png_uint_32>(height),
               options.bit_depth, type, options.interlaced ? PNG_INTERLACE_ADAM7 : PNG_INTERLACE_NONE,
               PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
  if (options.palette) {
    png_set_PLTE(png, info, reinterpret_cast<png_const_colorp>(options.palette_rgb.data()),
                 static_cast<int>(options.palette_rgb.size() / 3));
  }
  if (!options.palette_alpha.empty()) {
    png_set_tRNS(png, info, options.palette_alpha.data(), static_cast<int>(options.palette_alpha.size()),
                 nullptr);
  }
  if (options.transparent_value >= 0) {
    const auto value = static_cast<png_uint_16>(options.transparent_value);
    const png_color_16 transparent{0, value, value, value, value};
    png_set_tRNS(png, info, nullptr, 0, &transparent);
  }
  if (!options.text.empty()) {
    png_text text{};
    std::string key = "Comment", content = options.text;
    text.compression = PNG_TEXT_COMPRESSION_zTXt;
    text.key = key.data();
    text.text = content.data();
    text.text_length = content.size();
    png_set_text(png, info, &text, 1);
  }
  png_write_info(png, info);
  const std::size_t row_bytes = rows.size() / static_cast<std::size_t>(height);
  const int passes = png_set_interlace_handling(png);
  for (int pass = 0; pass < passes; ++pass) {
    for (std::size_t y = 0; y < static_cast<std::size_t>(height); ++y)
      png_write_row(png, rows.data() + y * row_bytes);
  }
  png_write_end(png, info);
  png_destroy_write_struct(&png, &info);
  return bytes;
}

FileBytes encode_webp(int width, int height, int channels, const std::vector<std::uint8_t>& pixels,
                      float quality) {
  std::uint8_t* data = nullptr;
  const int stride = width * channels;
  std::size_t size = 0;
  if (quality < 0) {
    size = (channels == 4 ? WebPEncodeLosslessRGBA : WebPEncodeLosslessRGB)(pixels.data(), width, height,
                                                                            stride, &data);
  } else {
    size = (channels == 4 ? WebPEncodeRGBA : WebPEncodeRGB)(pixels.data(), width, height, stride, quality,
                                                            &data);
  }
  const FileBytes bytes(data, data + size);
  WebPFree(data);
  return bytes;
}

}  // namespace triage::testing
