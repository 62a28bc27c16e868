// JPEG by libjpeg-turbo. Its errors leave by longjmp, which skips destructors: every call into it is made
// from a method of JpegReader whose frame holds nothing with a destructor.
#include <csetjmp>
#include <cstddef>
#include <cstdio>
// jpeglib.h needs size_t and FILE from the headers above.
#include <fmt/format.h>
#include <jerror.h>
#include <jpeglib.h>

#include <array>
#include <string>

#include "image/decoders.h"
#include "image/exif.h"

namespace triage {
namespace {

constexpr int kEndOfImage = 0xD9;
// What the coefficients of a picture that comes in several passes take, beside its pixels.
constexpr int kCoefficientBytes = 2;

class JpegReader {
 public:
  explicit JpegReader(std::int64_t max_work) : max_work_(max_work) {
    info_.err = jpeg_std_error(&errors_);
    info_.client_data = this;
    errors_.error_exit = [](j_common_ptr info) { self(info).stop(info); };
    errors_.emit_message = [](j_common_ptr info, int level) { self(info).on_message(info, level); };
    progress_.progress_monitor = [](j_common_ptr info) { self(info).on_progress(info); };
  }
  ~JpegReader() { jpeg_destroy_decompress(&info_); }
  JpegReader(const JpegReader&) = delete;
  JpegReader& operator=(const JpegReader&) = delete;

  // Reads up to the first scan and settles the output's colours and its size, by what is needed of the
  // upright picture. False: see message().
  [[nodiscard]] bool read_header(EncodedBytes bytes, const Extent& needed) {
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
    orientation_ = find_orientation();
    info_.scale_num = 1;
    info_.scale_denom = reduction(needed);
    jpeg_calc_output_dimensions(&info_);
    return true;
  }

  // Decodes all rows into `pixels`, shape (height, width, channels()), up to the end-of-image marker.
  [[nodiscard]] bool read_pixels(std::uint8_t* pixels) {
    if (setjmp(jump_) != 0) return false;
    has_passes_ = jpeg_has_multiple_scans(&info_) != 0;
    jpeg_start_decompress(&info_);
    const std::size_t row_bytes = std::size_t{info_.output_width} * static_cast<std::size_t>(channels());
    while (info_.output_scanline < info_.output_height) {
      JSAMPROW row = pixels + info_.output_scanline * row_bytes;
      jpeg_read_scanlines(&info_, &row, 1);
    }
    const bool all_passes = has_all_passes();  // finishing frees what it looks at
    jpeg_finish_decompress(&info_);
    if (no_end_ && !all_passes) std::snprintf(message_.data(), message_.size(), "the file ends early");
    return !no_end_ || all_passes;
  }

  // Of memory while decoding: the picture, twice where it has to be turned, and the coefficients of one that
  // comes in passes, which are all kept however small the picture becomes.
  [[nodiscard]] std::int64_t bytes_needed() {
    const bool passes = jpeg_has_multiple_scans(&info_) != 0;
    const std::int64_t copies = orientation_ == 1 ? 1 : 2;
    const std::int64_t picture = std::int64_t{info_.output_width} * info_.output_height * channels();
    const std::int64_t coefficients =
        std::int64_t{info_.image_width} * info_.image_height * kCoefficientBytes * info_.num_components;
    return copies * picture + (passes ? coefficients : 0);
  }
  // What was odd, though the picture is whole.
  [[nodiscard]] std::string remark() const {
    if (no_end_) return "the end marker is missing";
    return stray_bytes_ ? "there are stray bytes between its segments" : "";
  }

  // As stored in the file, and as decoded.
  [[nodiscard]] Extent stored() const {
    return {static_cast<int>(info_.image_width), static_cast<int>(info_.image_height)};
  }
  [[nodiscard]] Extent output() const {
    return {static_cast<int>(info_.output_width), static_cast<int>(info_.output_height)};
  }
  // As decoded: 1, 3, or 4 for CMYK.
  [[nodiscard]] int channels() const {
    return info_.out_color_space == JCS_GRAYSCALE ? 1 : info_.out_color_space == JCS_RGB ? 3 : 4;
  }
  [[nodiscard]] const char* message() const { return message_.data(); }
  // Whether it was stopped by `max_work`.
  [[nodiscard]] bool too_much_work() const { return too_much_work_; }
  [[nodiscard]] int orientation() const { return orientation_; }

 private:
  static JpegReader& self(j_common_ptr info) { return *static_cast<JpegReader*>(info->client_data); }

  [[nodiscard]] int find_orientation() const {
    for (jpeg_saved_marker_ptr marker = info_.marker_list; marker != nullptr; marker = marker->next) {
      const int orientation = exif_orientation({marker->data, marker->data_length});
      if (orientation != 1) return orientation;
    }
    return 1;
  }

  // By how much the sides may be divided. The other eighths have no vector instructions in libjpeg-turbo and
  // take longer than the next power of two, most of them longer than the whole picture.
  [[nodiscard]] unsigned reduction(const Extent& needed) const {
    if (needed.width <= 0 || needed.height <= 0) return 1;
    const bool swapped = orientation_ >= 5;
    const auto width = static_cast<unsigned>(swapped ? needed.height : needed.width);
    const auto height = static_cast<unsigned>(swapped ? needed.width : needed.height);
    for (const unsigned by : {8U, 4U, 2U}) {
      if (info_.image_width / by >= width && info_.image_height / by >= height) return by;
    }
    return 1;
  }

  [[noreturn]] void stop(j_common_ptr info) {
    errors_.format_message(info, message_.data());
    std::longjmp(jump_, 1);
  }

  // libjpeg continues after damage, filling up with gray; level -1 is how it says so.
  void on_message(j_common_ptr info, int level) {
    if (level >= 0) return;
    switch (errors_.msg_code) {
      case JWRN_JFIF_MAJOR:   // a newer JFIF, decoded all the same
      case JWRN_ADOBE_XFORM:  // an unknown colour transform number, guessed from the component count
        return;
      case JWRN_JPEG_EOF:
        // Where pixels are missing too, another warning follows; has_all_passes() looks for whole passes.
        no_end_ = true;
        return;
      case JWRN_EXTRANEOUS_DATA:
        // Some cameras pad before the end; everything has been decoded then. Before the first pass nothing
        // has been read that could have lost its place.
        if (errors_.msg_parm.i[1] == kEndOfImage) return;
        if (info_.input_scan_number == 0) {
          stray_bytes_ = true;
          return;
        }
        break;
      default:
        break;
    }
    stop(info);
  }

  // Whether a file without an end marker has brought every bit of every coefficient.
  [[nodiscard]] bool has_all_passes() {
    if (info_.coef_bits == nullptr) return !has_passes_;
    for (int c = 0; c < info_.num_components; ++c) {
      for (int k = 0; k < DCTSIZE2; ++k) {
        if (info_.coef_bits[c][k] != 0) return false;
      }
    }
    return true;
  }

  // A file may hold any number of passes over the whole picture; a few kilobytes could take minutes.
  void on_progress(j_common_ptr info) {
    if (info->is_decompressor == 0) return;
    const std::int64_t pixels = std::int64_t{info_.image_width} * info_.image_height;
    if (info_.input_scan_number <= 1 || pixels <= max_work_ / info_.input_scan_number) return;
    too_much_work_ = true;
    std::snprintf(message_.data(), message_.size(), "more than %d passes over %lld pixels",
                  info_.input_scan_number - 1, static_cast<long long>(pixels));
    std::longjmp(jump_, 1);
  }

  std::int64_t max_work_;
  int orientation_ = 1;
  bool no_end_ = false;
  bool stray_bytes_ = false;
  bool has_passes_ = false;
  bool too_much_work_ = false;
  jpeg_decompress_struct info_{};
  jpeg_error_mgr errors_{};
  jpeg_progress_mgr progress_{};
  std::jmp_buf jump_{};
  std::array<char, JMSG_LENGTH_MAX> message_{};
};

// (height, width, 4) CMYK to RGB without a colour profile: each ink takes away its share of the light. Values
// are stored inverted, as Adobe's programs do with a marker and browsers, Pillow and others assume without.
void cmyk_to_rgb(Image& image) {
  const std::uint8_t* in = image.pixels.data();
  std::uint8_t* out = image.pixels.data();
  const std::size_t n_pixels = image.pixels.size() / 4;
  for (std::size_t i = 0; i < n_pixels; ++i, in += 4, out += 3) {
    const unsigned light = in[3];
    for (std::size_t c = 0; c < 3; ++c) out[c] = static_cast<std::uint8_t>((in[c] * light + 127U) / 255U);
  }
  image.channels = 3;
  image.pixels.resize(image.size_bytes());
}

}  // namespace

Image decode_jpeg(EncodedBytes bytes, std::string_view name, const DecodeOptions& options) {
  JpegReader reader(options.max_work);
  const auto corrupt = [&] {
    if (reader.too_much_work()) {
      return Error(ErrorCode::kImageTooLarge,
                   fmt::format("{}: {}, expected at most max_work {}; save it anew, or raise the limit", name,
                               reader.message(), options.max_work));
    }
    return damaged_image(name, std::string("JPEG data is corrupt or cut short (") + reader.message() + ")",
                         "a whole image");
  };
  if (!reader.read_header(bytes, options.original_size ? Extent{} : options.needed)) throw corrupt();
  const Extent stored = reader.stored(), output = reader.output();
  check_cost(stored.width, stored.height, reader.bytes_needed(), name, options);
  Image image = make_image(output.width, output.height, reader.channels());
  if (output != stored) image.original = stored;
  if (!reader.read_pixels(image.pixels.data())) throw corrupt();
  if (image.channels == 4) cmyk_to_rgb(image);
  image.remark = reader.remark();
  return make_upright(std::move(image), reader.orientation());
}

}  // namespace triage
