// PNG by libpng. Its errors leave by longjmp, which skips destructors: every call into it is made from a
// method of PngReader whose frame holds nothing with a destructor.
#include <png.h>

#include <array>
#include <csetjmp>
#include <cstdio>
#include <cstring>
#include <string>
#include <vector>

#include "image/decoders.h"

namespace triage {
namespace {

// Enough for any palette or transparency chunk; all others are skipped unread.
constexpr png_alloc_size_t kMaxChunkBytes = 1 << 20;

class PngReader {
 public:
  explicit PngReader(EncodedBytes bytes) : bytes_(bytes) {}
  ~PngReader() { png_destroy_read_struct(&png_, &info_, nullptr); }
  PngReader(const PngReader&) = delete;
  PngReader& operator=(const PngReader&) = delete;

  // Reads up to the image data. False: see message().
  [[nodiscard]] bool read_header() {
    if (setjmp(jump_) != 0) return false;
    png_ = png_create_read_struct(PNG_LIBPNG_VER_STRING, this, on_error, on_warning);
    if (png_ == nullptr) return false;
    info_ = png_create_info_struct(png_);
    if (info_ == nullptr) return false;
    png_set_read_fn(png_, this, on_read);
    png_set_user_limits(png_, PNG_UINT_31_MAX, PNG_UINT_31_MAX);  // the caller checks the pixel count
    png_set_chunk_malloc_max(png_, kMaxChunkBytes);
    // A wrong checksum is an error in ancillary chunks too, where libpng would only warn.
    png_set_crc_action(png_, PNG_CRC_ERROR_QUIT, PNG_CRC_ERROR_QUIT);
    // All but IHDR, PLTE, tRNS, IDAT and IEND: texts and profiles can unpack to gigabytes.
    png_set_keep_unknown_chunks(png_, PNG_HANDLE_CHUNK_NEVER, nullptr, -1);
    png_read_info(png_, info_);
    return true;
  }

  // Settles the output: 8 bits, gray or RGB, with alpha when anything is transparent.
  [[nodiscard]] bool choose_output() {
    if (setjmp(jump_) != 0) return false;
    png_set_expand(png_);
    png_set_scale_16(png_);
    png_set_interlace_handling(png_);
    png_read_update_info(png_, info_);
    return true;
  }

  // `rows`: height() pointers to width() * channels() bytes each.
  [[nodiscard]] bool read_pixels(png_bytep* rows) {
    if (setjmp(jump_) != 0) return false;
    png_read_image(png_, rows);
    png_read_end(png_, nullptr);
    return true;
  }

  [[nodiscard]] std::int64_t width() const { return png_get_image_width(png_, info_); }
  [[nodiscard]] std::int64_t height() const { return png_get_image_height(png_, info_); }
  [[nodiscard]] int channels() const { return png_get_channels(png_, info_); }
  [[nodiscard]] const char* message() const { return message_.data(); }

 private:
  static void on_error(png_structp png, png_const_charp text) {
    auto& self = *static_cast<PngReader*>(png_get_error_ptr(png));
    std::snprintf(self.message_.data(), self.message_.size(), "%s", text);
    std::longjmp(self.jump_, 1);
  }
  // What libpng merely warns of (a wrong gamma, an odd text) does not change the pixels.
  static void on_warning(png_structp, png_const_charp) {}
  static void on_read(png_structp png, png_bytep out, png_size_t n) {
    auto& self = *static_cast<PngReader*>(png_get_io_ptr(png));
    if (n > self.bytes_.size() - self.at_) png_error(png, "the file ends early");
    std::memcpy(out, self.bytes_.data() + self.at_, n);
    self.at_ += n;
  }

  EncodedBytes bytes_;
  std::size_t at_ = 0;
  png_structp png_ = nullptr;
  png_infop info_ = nullptr;
  std::jmp_buf jump_{};
  std::array<char, 200> message_{"out of memory"};
};

}  // namespace

Image decode_png(EncodedBytes bytes, std::string_view name, const DecodeOptions& options) {
  PngReader reader(bytes);
  const auto corrupt = [&] {
    return damaged_image(name, std::string("PNG data is corrupt or cut short (") + reader.message() + ")",
                         "a whole image");
  };
  if (!reader.read_header()) throw corrupt();
  check_pixels(reader.width(), reader.height(), name, options);
  if (!reader.choose_output()) throw corrupt();
  Image image =
      make_image(static_cast<int>(reader.width()), static_cast<int>(reader.height()), reader.channels());
  const std::size_t row_bytes =
      static_cast<std::size_t>(image.width) * static_cast<std::size_t>(image.channels);
  std::vector<png_bytep> rows(static_cast<std::size_t>(image.height));
  for (std::size_t y = 0; y < rows.size(); ++y) rows[y] = image.pixels.data() + y * row_bytes;
  if (!reader.read_pixels(rows.data())) throw corrupt();
  if (image.channels == 2 || image.channels == 4) composite_over_white(image);
  return image;
}

}  // namespace triage
