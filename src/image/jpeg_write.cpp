// JPEG files, for what tests how much their losses matter.
#include <csetjmp>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
// jpeglib.h needs size_t and FILE from the headers above.
#include <fmt/format.h>
#include <jpeglib.h>

#include "triage/error.h"
#include "triage/image.h"

namespace triage {
namespace {

// libjpeg-turbo's errors leave by longjmp, which skips destructors: write() has nothing with one.
class JpegWriter {
 public:
  JpegWriter() {
    info_.err = jpeg_std_error(&errors_);
    info_.client_data = this;
    errors_.error_exit = [](j_common_ptr info) {
      std::longjmp(static_cast<JpegWriter*>(info->client_data)->jump_, 1);
    };
  }
  ~JpegWriter() {
    jpeg_destroy_compress(&info_);
    std::free(bytes_);
  }
  JpegWriter(const JpegWriter&) = delete;
  JpegWriter& operator=(const JpegWriter&) = delete;

  [[nodiscard]] bool write(const Image& image, int quality) {
    if (setjmp(jump_) != 0) return false;
    jpeg_create_compress(&info_);
    jpeg_mem_dest(&info_, &bytes_, &size_);
    info_.image_width = static_cast<JDIMENSION>(image.width);
    info_.image_height = static_cast<JDIMENSION>(image.height);
    info_.input_components = image.channels;
    info_.in_color_space = image.channels == 1 ? JCS_GRAYSCALE : JCS_RGB;
    jpeg_set_defaults(&info_);
    jpeg_set_quality(&info_, quality, TRUE);
    jpeg_start_compress(&info_, TRUE);
    const std::size_t stride =
        static_cast<std::size_t>(image.width) * static_cast<std::size_t>(image.channels);
    while (info_.next_scanline < info_.image_height) {
      JSAMPROW row = const_cast<JSAMPROW>(image.pixels.data() + info_.next_scanline * stride);
      jpeg_write_scanlines(&info_, &row, 1);
    }
    jpeg_finish_compress(&info_);
    return true;
  }
  [[nodiscard]] std::vector<std::uint8_t> bytes() const { return {bytes_, bytes_ + size_}; }

 private:
  jpeg_compress_struct info_{};
  jpeg_error_mgr errors_{};
  std::jmp_buf jump_{};
  unsigned char* bytes_ = nullptr;
  unsigned long size_ = 0;
};

}  // namespace

std::vector<std::uint8_t> encode_jpeg(const Image& image, int quality) {
  JpegWriter writer;
  if (quality < 1 || quality > 100) {
    throw Error(ErrorCode::kUsage, fmt::format("JPEG quality: {}, expected 1 to 100", quality));
  }
  if (image.pixels.size() != image.size_bytes() || !writer.write(image, quality)) {
    throw Error(
        ErrorCode::kUsage,
        fmt::format("JPEG of a {} x {} x {} image: cannot be written, expected 1 or 3 channels and sides "
                    "of at most {} pixels",
                    image.width, image.height, image.channels, kMaxJpegSide));
  }
  return writer.bytes();
}

}  // namespace triage
