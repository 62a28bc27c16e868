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

}  // namespace triage::testing
