// PNG by libpng. Its errors leave by longjmp, so every call into it is made from a method of PngReader whose
// frame holds nothing with a destructor.
#include <fmt/format.h>
#include <png.h>

#include <algorithm>
#include <array>
#include <csetjmp>
#include <cstdio>
#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "image/decoders.h"
#include "image/exif.h"
#include "image/exif_text.h"

namespace triage {
namespace {

// Enough for any palette, transparency or EXIF; all others are skipped unread.
constexpr png_alloc_size_t kMaxChunkBytes = 1 << 20;

// PNG's own chunk counts before a text.
int orientation_of(std::span<const png_unknown_chunk> chunks) {
  int of_text = 1;
  for (const png_unknown_chunk& chunk : chunks) {
    const std::string_view name(reinterpret_cast<const char*>(chunk.name));
    if (name == "eXIf") return exif_orientation({chunk.data, chunk.size});
    const std::vector<std::uint8_t> exif = exif_of_text({chunk.data, chunk.size}, name == "zTXt");
    if (of_text == 1) of_text = exif_orientation(exif);
  }
  return of_text;
}

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
    // A wrong checksum of what makes the pixels is an error, of anything else (a text, say) a remark:
    // on_warning.
    png_set_crc_action(png_, PNG_CRC_ERROR_QUIT, PNG_CRC_WARN_DISCARD);
    // All but IHDR, PLTE, tRNS, IDAT, IEND and those below: texts and profiles can unpack to gigabytes.
    png_set_keep_unknown_chunks(png_, PNG_HANDLE_CHUNK_NEVER, nullptr, -1);
    // They come as they are: libpng drops an eXIf that begins with "Exif", as some writers have it, and
    // unpacks texts.
    png_set_keep_unknown_chunks(png_, PNG_HANDLE_CHUNK_ALWAYS,
                                reinterpret_cast<png_const_bytep>("eXIf\0tEXt\0zTXt"), 3);
    png_read_info(png_, info_);
    return true;
  }

  // Settles the output: 8 bits, gray or RGB, with alpha when anything is transparent.
  [[nodiscard]] bool choose_output() {
    if (setjmp(jump_) != 0) return false;
    png_set_expand(png_);
    png_set_scale_16(png_);
    return true;
  }

  // Into (height, width, channels). False where a row is missing: see message().
  [[nodiscard]] bool read_pixels(std::uint8_t* pixels, std::size_t row_bytes) {
    if (setjmp(jump_) != 0) return false;
    const int n_passes = png_set_interlace_handling(png_);
    png_read_update_info(png_, info_);
    for (int pass = 0; pass < n_passes; ++pass) {
      for (std::int64_t y = 0; y < height(); ++y)
        png_read_row(png_, pixels + static_cast<std::size_t>(y) * row_bytes, nullptr);
    }
    return true;
  }

  // What follows the pixels. False where it is damaged; a file that just ends there has lost nothing.
  [[nodiscard]] bool read_end() {
    if (setjmp(jump_) != 0) return ends_early_;
    png_read_end(png_, info_);
    return true;
  }

  [[nodiscard]] int orientation() {
    png_unknown_chunkp kept = nullptr;
    const int n_kept = png_get_unknown_chunks(png_, info_, &kept);
    return orientation_of({kept, static_cast<std::size_t>(std::max(0, n_kept))});
  }
  [[nodiscard]] std::string remark() const {
    if (ends_early_) return "the end of the file is missing";
    return wrong_checksum_ ? "a checksum beside the pixels is wrong" : "";
  }
  [[nodiscard]] std::int64_t width() const { return png_get_image_width(png_, info_); }
  [[nodiscard]] std::int64_t height() const { return png_get_image_height(png_, info_); }
  // As stored.
  [[nodiscard]] int bits_per_pixel() const {
    return png_get_channels(png_, info_) * png_get_bit_depth(png_, info_);
  }
  // As read: palettes are colours, and what is transparent has an alpha channel.
  [[nodiscard]] int channels_out() const {
    const int type = png_get_color_type(png_, info_);
    const bool colour = (type & PNG_COLOR_MASK_COLOR) != 0;
    const bool alpha = (type & PNG_COLOR_MASK_ALPHA) != 0 || png_get_valid(png_, info_, PNG_INFO_tRNS) != 0;
    return (colour ? 3 : 1) + (alpha ? 1 : 0);
  }
  [[nodiscard]] const char* message() const { return message_.data(); }

 private:
  static void on_error(png_structp png, png_const_charp text) {
    auto& self = *static_cast<PngReader*>(png_get_error_ptr(png));
    std::snprintf(self.message_.data(), self.message_.size(), "%s", text);
    std::longjmp(self.jump_, 1);
  }
  // What libpng merely warns of (a wrong gamma, an odd text) does not change the pixels; transparency and
  // orientation would.
  static void on_warning(png_structp png, png_const_charp text) {
    auto& self = *static_cast<PngReader*>(png_get_error_ptr(png));
    const std::string_view what(text);
    if (what.find("CRC") == std::string_view::npos) return;
    // A name that is not among these may be a damaged one of a chunk that matters.
    constexpr std::array<std::string_view, 13> kHarmless{"tEXt", "zTXt", "iTXt", "tIME", "pHYs",
                                                         "gAMA", "cHRM", "sRGB", "iCCP", "bKGD",
                                                         "hIST", "sBIT", "sPLT"};
    if (std::find(kHarmless.begin(), kHarmless.end(), what.substr(0, 4)) == kHarmless.end())
      png_error(png, text);
    self.wrong_checksum_ = true;
  }
  static void on_read(png_structp png, png_bytep out, png_size_t n) {
    auto& self = *static_cast<PngReader*>(png_get_io_ptr(png));
    if (n > self.bytes_.size() - self.at_) {
      self.ends_early_ = true;
      png_error(png, "the file ends early");
    }
    std::memcpy(out, self.bytes_.data() + self.at_, n);
    self.at_ += n;
  }

  EncodedBytes bytes_;
  std::size_t at_ = 0;
  bool ends_early_ = false;
  bool wrong_checksum_ = false;
  png_structp png_ = nullptr;
  png_infop info_ = nullptr;
  std::jmp_buf jump_{};
  std::array<char, 200> message_{"out of memory"};
};

// Deflate makes at most a thousandth of what it is given: a header that states more has no pixels behind it.
void check_bytes(const PngReader& reader, std::size_t file_bytes, std::string_view name) {
  constexpr double kMaxRatio = 1032;
  const double stated = static_cast<double>(reader.width()) * static_cast<double>(reader.height()) *
                        reader.bits_per_pixel() / 8;
  if (stated <= kMaxRatio * static_cast<double>(file_bytes)) return;
  throw damaged_image(name,
                      fmt::format("PNG data is cut short ({} bytes for {} x {} pixels)", file_bytes,
                                  reader.width(), reader.height()),
                      "a whole image");
}

}  // namespace

Image decode_png(EncodedBytes bytes, std::string_view name, const DecodeOptions& options) {
  PngReader reader(bytes);
  const auto corrupt = [&] {
    return damaged_image(name, std::string("PNG data is corrupt or cut short (") + reader.message() + ")",
                         "a whole image");
  };
  if (!reader.read_header()) throw corrupt();
  if (!reader.choose_output()) throw corrupt();
  check_size(reader.width(), reader.height(), reader.channels_out(), name, options);
  check_bytes(reader, bytes.size(), name);
  Image image =
      make_image(static_cast<int>(reader.width()), static_cast<int>(reader.height()), reader.channels_out());
  const std::size_t row_bytes =
      static_cast<std::size_t>(image.width) * static_cast<std::size_t>(image.channels);
  if (!reader.read_pixels(image.pixels.data(), row_bytes) || !reader.read_end()) throw corrupt();
  if (image.channels == 2 || image.channels == 4) composite_over_white(image);
  image.remark = reader.remark();
  return make_upright(std::move(image), reader.orientation());
}

}  // namespace triage
