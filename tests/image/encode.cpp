#include "image/encode.h"

#include <csetjmp>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
// jpeglib.h needs size_t and FILE from the headers above.
#include <fmt/format.h>
#include <gif_lib.h>
#include <jpeglib.h>
#include <png.h>
#include <tiffio.h>
#include <webp/encode.h>
#include <zlib.h>

#include <algorithm>
#include <array>
#include <stdexcept>
#include <string_view>

#include "base/files.h"
#include "support/temp_folder.h"

#ifdef TRIAGE_WITH_HEIF
#include <libheif/heif.h>
#endif

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
  for (int i = 0; i < 2; ++i) bytes.push_back(big_endian ? 'M' : 'I');
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

namespace {

void put_u32(FileBytes& bytes, std::uint32_t value) {
  for (const int shift : {24, 16, 8, 0}) bytes.push_back(static_cast<std::uint8_t>(value >> shift));
}

void put_little(FileBytes& bytes, std::uint32_t value, int n) {
  for (int i = 0; i < n; ++i) bytes.push_back(static_cast<std::uint8_t>(value >> 8 * i));
}

FileBytes png_chunk(const char* type, const FileBytes& content) {
  FileBytes chunk;
  put_u32(chunk, static_cast<std::uint32_t>(content.size()));
  chunk.insert(chunk.end(), type, type + 4);
  chunk.insert(chunk.end(), content.begin(), content.end());
  put_u32(chunk,
          static_cast<std::uint32_t>(::crc32(0, chunk.data() + 4, static_cast<unsigned>(chunk.size() - 4))));
  return chunk;
}

// A RIFF chunk, padded to an even length.
void add_riff(FileBytes& bytes, const char* type, const FileBytes& content) {
  bytes.insert(bytes.end(), type, type + 4);
  put_little(bytes, static_cast<std::uint32_t>(content.size()), 4);
  bytes.insert(bytes.end(), content.begin(), content.end());
  if (content.size() % 2 != 0) bytes.push_back(0);
}

FileBytes riff_file(const FileBytes& chunks) {
  FileBytes file{'R', 'I', 'F', 'F'};
  put_little(file, static_cast<std::uint32_t>(chunks.size() + 4), 4);
  for (const char c : {'W', 'E', 'B', 'P'}) file.push_back(static_cast<std::uint8_t>(c));
  file.insert(file.end(), chunks.begin(), chunks.end());
  return file;
}

void add_vp8x(FileBytes& chunks, std::uint8_t flags, int width, int height) {
  FileBytes header{flags, 0, 0, 0};
  put_little(header, static_cast<std::uint32_t>(width - 1), 3);
  put_little(header, static_cast<std::uint32_t>(height - 1), 3);
  add_riff(chunks, "VP8X", header);
}

// The picture's own chunk of a simple file.
FileBytes webp_chunk(const Image& image) {
  const FileBytes file = encode_webp(image.width, image.height, image.channels, image.pixels);
  return {file.begin() + 12, file.end()};
}

}  // namespace

FileBytes png_with_exif(const FileBytes& png, const FileBytes& exif, bool before) {
  return png_with_chunk(png, "eXIf", exif, before);
}

FileBytes exif_text(const std::string& kind, const FileBytes& exif, bool compressed) {
  std::string hex;
  for (std::size_t i = 0; i < exif.size(); ++i)
    hex += fmt::format("{}{:02x}", i % 36 == 0 ? "\n" : "", exif[i]);
  const std::string text = fmt::format("\n{}\n{:8}{}\n", kind, exif.size(), hex);
  const std::string keyword = "Raw profile type " + kind + '\0' + (compressed ? std::string(1, '\0') : "");
  FileBytes chunk(keyword.begin(), keyword.end());
  FileBytes content(text.begin(), text.end());
  if (compressed) {
    uLongf size = ::compressBound(text.size());
    content.resize(size);
    ::compress(content.data(), &size, reinterpret_cast<const Bytef*>(text.data()), text.size());
    content.resize(size);
  }
  chunk.insert(chunk.end(), content.begin(), content.end());
  return chunk;
}

FileBytes png_with_chunk(const FileBytes& png, const std::string& type, const FileBytes& content,
                         bool before) {
  const std::string_view name = before ? "IDAT" : "IEND";
  const auto at = std::search(png.begin(), png.end(), name.begin(), name.end()) - 4;
  FileBytes out(png.begin(), at);
  const FileBytes chunk = png_chunk(type.c_str(), content);
  out.insert(out.end(), chunk.begin(), chunk.end());
  out.insert(out.end(), at, png.end());
  return out;
}

void set_png_size(FileBytes& png, std::uint32_t width, std::uint32_t height) {
  FileBytes content;
  put_u32(content, width);
  put_u32(content, height);
  content.insert(content.end(), png.begin() + 24, png.begin() + 29);
  const FileBytes chunk = png_chunk("IHDR", content);
  std::copy(chunk.begin(), chunk.end(), png.begin() + 8);
}

FileBytes webp_with_exif(const Image& image, const FileBytes& exif) {
  FileBytes chunks;
  add_vp8x(chunks, 0x08, image.width, image.height);
  const FileBytes picture = webp_chunk(image);
  chunks.insert(chunks.end(), picture.begin(), picture.end());
  add_riff(chunks, "EXIF", exif);
  return riff_file(chunks);
}

FileBytes animated_webp(int width, int height, const std::vector<WebpFrame>& frames) {
  FileBytes chunks;
  add_vp8x(chunks, 0x02, width, height);
  add_riff(chunks, "ANIM", {0, 0, 0, 0, 0, 0});
  for (const WebpFrame& frame : frames) {
    FileBytes content;
    for (const int value : {frame.x / 2, frame.y / 2, frame.image.width - 1, frame.image.height - 1, 100}) {
      put_little(content, static_cast<std::uint32_t>(value), 3);
    }
    content.push_back(0);
    const FileBytes picture = webp_chunk(frame.image);
    content.insert(content.end(), picture.begin(), picture.end());
    add_riff(chunks, "ANMF", content);
  }
  return riff_file(chunks);
}

FileBytes encode_bmp(const Image& image) {
  const int row_bytes = (image.width * image.channels + 3) / 4 * 4;
  FileBytes file{'B', 'M'};
  put_little(file, static_cast<std::uint32_t>(54 + row_bytes * image.height), 4);
  put_little(file, 0, 4);
  put_little(file, 54, 4);
  put_little(file, 40, 4);
  put_little(file, static_cast<std::uint32_t>(image.width), 4);
  put_little(file, static_cast<std::uint32_t>(image.height), 4);
  put_little(file, 1, 2);
  put_little(file, static_cast<std::uint32_t>(image.channels * 8), 2);
  for (int i = 0; i < 6; ++i) put_little(file, 0, 4);
  for (int y = image.height - 1; y >= 0; --y) {
    const std::size_t start = file.size();
    for (int x = 0; x < image.width; ++x) {
      const auto at = static_cast<std::size_t>((y * image.width + x) * image.channels);
      for (const int c : {2, 1, 0}) file.push_back(image.pixels[at + static_cast<std::size_t>(c)]);
      if (image.channels == 4) file.push_back(image.pixels[at + 3]);
    }
    file.resize(start + static_cast<std::size_t>(row_bytes));
  }
  return file;
}

FileBytes encode_gif(const Image& gray, const GifOptions& options) {
  FileBytes file;
  const auto write = [](GifFileType* gif, const GifByteType* bytes, int n) {
    auto& out = *static_cast<FileBytes*>(gif->UserData);
    out.insert(out.end(), bytes, bytes + n);
    return n;
  };
  int error = 0;
  GifFileType* gif = EGifOpen(&file, write, &error);
  ColorMapObject* colours = GifMakeMapObject(256, nullptr);
  for (int i = 0; i < 256; ++i) {
    const auto value = static_cast<GifByteType>(i);
    colours->Colors[i] = {value, value, value};
  }
  EGifSetGifVersion(gif, true);
  EGifPutScreenDesc(gif, options.canvas_width > 0 ? options.canvas_width : gray.width,
                    options.canvas_height > 0 ? options.canvas_height : gray.height, 8, 0, colours);
  if (options.transparent >= 0) {
    const std::array<GifByteType, 4> control{1, 0, 0, static_cast<GifByteType>(options.transparent)};
    EGifPutExtension(gif, GRAPHICS_EXT_FUNC_CODE, 4, control.data());
  }
  EGifPutImageDesc(gif, options.x, options.y, gray.width, gray.height, options.interlaced, nullptr);
  std::vector<int> rows;
  if (options.interlaced) {
    for (const auto& [first, step] : {std::pair{0, 8}, {4, 8}, {2, 4}, {1, 2}}) {
      for (int y = first; y < gray.height; y += step) rows.push_back(y);
    }
  } else {
    for (int y = 0; y < gray.height; ++y) rows.push_back(y);
  }
  for (const int y : rows) {
    std::vector<GifPixelType> row(gray.pixels.begin() + y * gray.width,
                                  gray.pixels.begin() + (y + 1) * gray.width);
    EGifPutLine(gif, row.data(), gray.width);
  }
  EGifPutImageDesc(gif, 0, 0, 1, 1, false, nullptr);
  GifPixelType zero = 0;
  EGifPutLine(gif, &zero, 1);
  EGifCloseFile(gif, &error);
  GifFreeMapObject(colours);
  return file;
}

FileBytes encode_tiff(int width, int height, int channels, const std::vector<std::uint8_t>& pixels,
                      const TiffOptions& options) {
  const TempFolder folder;
  const std::string path = (folder / "x.tif").string();
  TIFF* tiff = TIFFOpen(path.c_str(), "wb");
  for (int page = 0; page < options.pages; ++page) {
    TIFFSetField(tiff, TIFFTAG_IMAGEWIDTH, width);
    TIFFSetField(tiff, TIFFTAG_IMAGELENGTH, height);
    TIFFSetField(tiff, TIFFTAG_BITSPERSAMPLE, options.floats ? 32 : options.bits);
    TIFFSetField(tiff, TIFFTAG_SAMPLESPERPIXEL, channels);
    TIFFSetField(tiff, TIFFTAG_PHOTOMETRIC, channels < 3 ? PHOTOMETRIC_MINISBLACK : PHOTOMETRIC_RGB);
    TIFFSetField(tiff, TIFFTAG_PLANARCONFIG, PLANARCONFIG_CONTIG);
    TIFFSetField(tiff, TIFFTAG_COMPRESSION, options.compression);
    TIFFSetField(tiff, TIFFTAG_ORIENTATION, options.orientation);
    TIFFSetField(tiff, TIFFTAG_ROWSPERSTRIP, 4);
    if (options.floats) TIFFSetField(tiff, TIFFTAG_SAMPLEFORMAT, SAMPLEFORMAT_IEEEFP);
    if (options.alpha) {
      const std::uint16_t kind = EXTRASAMPLE_UNASSALPHA;
      TIFFSetField(tiff, TIFFTAG_EXTRASAMPLES, 1, &kind);
    }
    const std::size_t row_bytes = pixels.size() / static_cast<std::size_t>(height);
    for (int y = 0; y < height; ++y) {
      std::vector<std::uint8_t> row(
          pixels.begin() + static_cast<std::ptrdiff_t>(static_cast<std::size_t>(y) * row_bytes),
          pixels.begin() + static_cast<std::ptrdiff_t>((static_cast<std::size_t>(y) + 1) * row_bytes));
      // In the machine's order, which is low byte first.
      for (std::size_t i = 0; options.bits == 16 && i < row.size(); i += 2) std::swap(row[i], row[i + 1]);
      if (options.floats) row.assign(static_cast<std::size_t>(width * channels) * 4, 0);
      TIFFWriteScanline(tiff, row.data(), static_cast<std::uint32_t>(y), 0);
    }
    TIFFWriteDirectory(tiff);
  }
  TIFFClose(tiff);
  return read_file(path);
}

#ifdef TRIAGE_WITH_HEIF
FileBytes encode_heif(const Image& image, bool avif) {
  heif_context* context = heif_context_alloc();
  heif_encoder* encoder = nullptr;
  FileBytes file;
  if (heif_context_get_encoder_for_format(context, avif ? heif_compression_AV1 : heif_compression_HEVC,
                                          &encoder)
          .code == heif_error_Ok) {
    heif_encoder_set_lossy_quality(encoder, 100);
    heif_image* picture = nullptr;
    heif_image_create(image.width, image.height, heif_colorspace_RGB, heif_chroma_interleaved_RGB, &picture);
    heif_image_add_plane(picture, heif_channel_interleaved, image.width, image.height, 8);
    int stride = 0;
    std::uint8_t* plane = heif_image_get_plane(picture, heif_channel_interleaved, &stride);
    for (int y = 0; y < image.height; ++y) {
      std::copy_n(image.pixels.data() + y * image.width * 3, image.width * 3, plane + y * stride);
    }
    heif_context_encode_image(context, picture, encoder, nullptr, nullptr);
    heif_writer writer{1, [](heif_context*, const void* data, std::size_t size, void* out) {
                         const auto* bytes = static_cast<const std::uint8_t*>(data);
                         static_cast<FileBytes*>(out)->assign(bytes, bytes + size);
                         return heif_error{heif_error_Ok, heif_suberror_Unspecified, ""};
                       }};
    heif_context_write(context, &writer, &file);
    heif_image_release(picture);
    heif_encoder_release(encoder);
  }
  heif_context_free(context);
  return file;
}
#else
FileBytes encode_heif(const Image&, bool) { return {}; }
#endif

}  // namespace triage::testing
