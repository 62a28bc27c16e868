// Small encoders, so that tests make their image files in code.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "triage/image.h"

namespace triage::testing {

using FileBytes = std::vector<std::uint8_t>;

struct JpegOptions {
  // `image` has 1 channel (gray), 3 (RGB) or 4 (CMYK, inks as given).
  int quality = 100;
  bool progressive = false;
  bool ycck = false;         // store CMYK as YCCK
  bool adobe_marker = true;  // for CMYK and YCCK; YCCK needs it
  FileBytes app1 = {};       // content of an APP1 segment; empty: none
};
FileBytes encode_jpeg(const Image& image, const JpegOptions& options = {});

// APP1 content with an EXIF orientation.
FileBytes exif_segment(int orientation, bool big_endian);

struct PngOptions {
  int bit_depth = 8;  // 16: pixels hold two bytes a value, high byte first; below 8: packed rows
  bool palette = false;
  bool alpha = false;  // the last channel is alpha
  bool interlaced = false;
  std::vector<std::uint8_t> palette_rgb = {};    // three bytes an entry
  std::vector<std::uint8_t> palette_alpha = {};  // tRNS of a palette
  int transparent_value = -1;                    // tRNS of gray and RGB (the same in all channels)
  std::string text = {};                         // a compressed text chunk
};
// `rows` is as stored in the file.
FileBytes encode_png(int width, int height, int channels, const std::vector<std::uint8_t>& rows,
                     const PngOptions& options = {});

// RGB or RGBA; `quality` below 0: lossless.
FileBytes encode_webp(int width, int height, int channels, const std::vector<std::uint8_t>& pixels,
                      float quality = -1);

// The same file with an eXIf chunk, right before the pixels or behind them.
FileBytes png_with_exif(const FileBytes& png, const FileBytes& exif, bool before);
FileBytes png_with_chunk(const FileBytes& png, const std::string& type, const FileBytes& content,
                         bool before);
// Content of a tEXt or zTXt chunk as ImageMagick writes EXIF: of the kind "exif" or "APP1", in hexadecimal.
FileBytes exif_text(const std::string& kind, const FileBytes& exif, bool compressed);
// Makes the header state another size, with a right checksum.
void set_png_size(FileBytes& png, std::uint32_t width, std::uint32_t height);

FileBytes webp_with_exif(const Image& image, const FileBytes& exif);
struct WebpFrame {
  int x = 0, y = 0;  // even
  Image image;
};
FileBytes animated_webp(int width, int height, const std::vector<WebpFrame>& frames);

// Rows from the bottom, 24 or 32 bits a pixel.
FileBytes encode_bmp(const Image& image);

struct GifOptions {
  int canvas_width = 0, canvas_height = 0;  // 0: the image's
  int x = 0, y = 0;                         // of the frame in it
  bool interlaced = false;
  int transparent = -1;
};
// Gray values become as many entries of a gray table; a second frame of zeros follows.
FileBytes encode_gif(const Image& gray, const GifOptions& options = {});

struct TiffOptions {
  int bits = 8;  // a channel; 16: pixels hold two bytes a value, high byte first
  int orientation = 1;
  int compression = 1;  // COMPRESSION_NONE
  bool alpha = false;   // the last channel, not multiplied in
  int pages = 1;
  bool floats = false;  // 32-bit floats, all 0
};
FileBytes encode_tiff(int width, int height, int channels, const std::vector<std::uint8_t>& pixels,
                      const TiffOptions& options = {});

// AVIF or HEIC of the best quality, turned by 90 degrees (anticlockwise) so many times; empty where libheif
// or its encoder is missing.
FileBytes encode_heif(const Image& image, bool avif);

}  // namespace triage::testing
