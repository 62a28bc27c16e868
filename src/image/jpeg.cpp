// JPEG by libjpeg-turbo. Its errors leave by longjmp, which skips destructors: every call into it is made
// from a method of JpegReader whose frame holds nothing with a destructor.
#include <csetjmp>
#include <cstddef>
#include <cstdio>
// jpeglib.h needs size_t and FILE from the headers above.
#include <jerror.h>
#include <jpeglib.h>

#include <array>
#include <string>

#include "image/decoders.h"
#include "image/exif.h"

namespace triage {
namespace {

// A progressive file may hold any number of scans over the whole picture: without a limit, a few kilobytes
// could take minutes.
constexpr int kMaxScans = 200;
constexpr int kEndOfImage = 0xD9;

class JpegReader {
 public:
  JpegReader() {
    info_.err = jpeg_std_error(&errors_);
    info_.client_data = this;
    errors_.error_exit = [](j_common_ptr info) { self(info).stop(info); };
    errors_.emit_message = [](j_common_ptr info, int level) { self(info).on_message(info, level); };
    progress_.progress_monitor = [](j_common_ptr info) { self(info).on_progress(info); };
  }
  ~JpegReader() { jpeg_destroy_decompress(&info_); }
  JpegReader(const JpegReader&) = delete;
  JpegReader& operator=(const JpegReader&) = delete;

  // Reads up to the first scan and settles the output colours. False: see message().
  [[nodiscard]] bool read_header(EncodedBytes bytes) {
    if (setjmp(jump_) != 0) return false;
    jpeg_create_decompress(&info_);
    info_.progress = &progress_;
    jpeg_save_markers(&info_, JPEG_APP0 + 1, 0xFFFF);
    jpeg_mem_src(&info_, bytes.data(), static_cast<unsigned long>(bytes.size()));
    jpeg_read_header(&info_, TRUE);
    switch (info_.jpeg_color_space) {
      case JCS_GRAYSCALE:
        info_.out_color_space = JCS_GRAYSCALE;
        break;
      case JCS_CMYK:
      case JCS_YCCK:
        info_.out_color_space = JCS_CMYK;
        break;
      default:
        info_.out_color_space = JCS_RGB;
    }
    return true;
  }

  // Decodes all rows into `pixels`, shape (height, width, stored_channels()), up to the end-of-image marker.
  [[nodiscard]] bool read_pixels(std::uint8_t* pixels) {
    if (setjmp(jump_) != 0) return false;
    jpeg_start_decompress(&info_);
    const std::size_t row_bytes = std::size_t{info_.output_width} * static_cast<std::size_t>(channels());
    while (info_.output_scanline < info_.output_height) {
      JSAMPROW row = pixels + info_.output_scanline * row_bytes;
      jpeg_read_scanlines(&info_, &row, 1);
    }
    jpeg_finish_decompress(&info_);
    return true;
  }

  [[nodiscard]] int width() const { return static_cast<int>(info_.image_width); }
  [[nodiscard]] int height() const { return static_cast<int>(info_.image_height); }
  // As decoded: 1, 3, or 4 for CMYK.
  [[nodiscard]] int channels() const {
    return info_.out_color_space == JCS_GRAYSCALE ? 1 : info_.out_color_space == JCS_RGB ? 3 : 4;
  }
  // Adobe's programs store CMYK inverted, and mark their files.
  [[nodiscard]] bool inverted_cmyk() const { return info_.saw_Adobe_marker != 0; }
  [[nodiscard]] const char* message() const { return message_.data(); }
  [[nodiscard]] int orientation() const {
    for (jpeg_saved_marker_ptr marker = info_.marker_list; marker != nullptr; marker = marker->next) {
      const int orientation = exif_orientation({marker->data, marker->data_length});
      if (orientation != 1) return orientation;
    }
    return 1;
  }

 private:
  static JpegReader& self(j_common_ptr info) { return *static_cast<JpegReader*>(info->client_data); }

  [[noreturn]] void stop(j_common_ptr info) {
    errors_.format_message(info, message_.data());
    std::longjmp(jump_, 1);
  }

  // libjpeg fills damaged parts with gray and only warns (level -1); here such a warning is an error.
  void on_message(j_common_ptr info, int level) {
    if (level >= 0) return;
    switch (errors_.msg_code) {
      case JWRN_JFIF_MAJOR:   // a newer JFIF, decoded all the same
      case JWRN_ADOBE_XFORM:  // an unknown colour transform number, guessed from the component count
        return;
      case JWRN_EXTRANEOUS_DATA:
        // Some cameras pad before the end; everything has been decoded then.
        if (errors_.msg_parm.i[1] == kEndOfImage) return;
        break;
      default:
        break;
    }
    stop(info);
  }

  void on_progress(j_common_ptr info) {
    if (info->is_decompressor == 0 || info_.input_scan_number <= kMaxScans) return;
    std::snprintf(message_.data(), message_.size(), "more than %d scans", kMaxScans);
    std::longjmp(jump_, 1);
  }

  jpeg_decompress_struct info_{};
  jpeg_error_mgr errors_{};
  jpeg_progress_mgr progress_{};
  std::jmp_buf jump_{};
  std::array<char, JMSG_LENGTH_MAX> message_{};
};

// (height, width, 4) CMYK to RGB without a colour profile: each ink absorbs its share of the light.
void cmyk_to_rgb(Image& image, bool inverted) {
  const std::uint8_t* in = image.pixels.data();
  std::uint8_t* out = image.pixels.data();
  const std::size_t n_pixels = image.pixels.size() / 4;
  for (std::size_t i = 0; i < n_pixels; ++i, in += 4, out += 3) {
    const unsigned light = inverted ? in[3] : 255U - in[3];
    for (std::size_t c = 0; c < 3; ++c) {
      const unsigned paper = inverted ? in[c] : 255U - in[c];
      out[c] = static_cast<std::uint8_t>((paper * light + 127U) / 255U);
    }
  }
  image.channels = 3;
  image.pixels.resize(image.size_bytes());
}

}  // namespace

Image decode_jpeg(EncodedBytes bytes, std::string_view name, const DecodeOptions& options) {
  JpegReader reader;
  const auto corrupt = [&] {
    return damaged_image(name, std::string("JPEG data is corrupt or cut short (") + reader.message() + ")",
                         "a whole image");
  };
  if (!reader.read_header(bytes)) throw corrupt();
  const int orientation = reader.orientation();  // read_pixels lets go of the markers
  check_pixels(reader.width(), reader.height(), name, options);
  Image image = make_image(reader.width(), reader.height(), reader.channels());
  if (!reader.read_pixels(image.pixels.data())) throw corrupt();
  if (image.channels == 4) cmyk_to_rgb(image, reader.inverted_cmyk());
  return make_upright(std::move(image), orientation);
}

}  // namespace triage
