// Cuts a stream of bytes into JPEG images by their markers. Segments are skipped by their length, as they may
// hold the bytes of markers (a preview in EXIF is a whole JPEG image); coded data holds none but restarts.
#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "triage/error.h"
#include "triage/tools/frames.h"

namespace triage {
namespace {

constexpr std::size_t kReadBytes = std::size_t{1} << 16;
constexpr std::size_t kMaxBetween = std::size_t{1} << 16;  // bytes of something else between two images

constexpr std::uint8_t kMark = 0xFF;
constexpr std::uint8_t kStart = 0xD8;
constexpr std::uint8_t kEnd = 0xD9;

// Whether a marker stands in coded data (a stuffed or filling byte, a restart), or has no segment.
bool is_within_data(std::uint8_t code) {
  return code == 0 || code == 1 || code == kMark || (code >= 0xD0 && code <= 0xD7);
}

class MjpegFrames final : public FrameReader {
 public:
  explicit MjpegFrames(ReadBytes read) : read_(std::move(read)) {}

  std::optional<Image> next(const DecodeOptions& options) override {
    drop(used_);
    used_ = 0;
    ++n_;
    if (!find_start()) return std::nullopt;
    used_ = image_bytes(static_cast<std::size_t>(options.max_bytes));
    return decode_image(std::span(buffer_).first(used_), name(), options);
  }
  [[nodiscard]] std::string name() const override { return fmt::format("frame {}", n_); }

 private:
  // Whether the buffer holds so many bytes, having read what is missing.
  bool has(std::size_t bytes) {
    while (buffer_.size() < bytes && !ended_) {
      const std::size_t before = buffer_.size();
      buffer_.resize(before + kReadBytes);
      ended_ = true;  // also where reading throws
      const std::size_t n = read_(std::span(buffer_).subspan(before));
      ended_ = n == 0;
      buffer_.resize(before + n);
    }
    return buffer_.size() >= bytes;
  }
  void drop(std::size_t bytes) {
    buffer_.erase(buffer_.begin(), buffer_.begin() + static_cast<std::ptrdiff_t>(bytes));
  }
  // No way to find another image.
  void give_up() {
    ended_ = true;
    buffer_.clear();
  }

  // Drops what stands before the next image; false where there is none.
  bool find_start() {
    std::size_t at = 0;
    while (has(at + 2) && (buffer_[at] != kMark || buffer_[at + 1] != kStart) && at <= kMaxBetween) ++at;
    const bool found = buffer_.size() >= at + 2 && at <= kMaxBetween;
    if (!found && (n_ == 1 || at > kMaxBetween)) {
      const std::size_t bytes = std::min(buffer_.size(), kMaxBetween);
      give_up();
      throw Error(
          ErrorCode::kImageFormat,
          fmt::format("{}: no JPEG image begins in {} bytes, expected JPEG images one after the other "
                      "(MJPEG); for raw frames state their size",
                      name(), bytes));
    }
    drop(std::min(at, buffer_.size()));
    return found;
  }

  // Of the image at the front.
  std::size_t image_bytes(std::size_t max_bytes) {
    for (std::size_t at = 2;;) {
      const std::size_t marker = find_marker(at, max_bytes);
      const std::uint8_t code = buffer_[marker + 1];
      if (code == kEnd) return marker + 2;
      if (code == kStart) {
        used_ = marker;  // which is the next image's
        throw cut_short(marker, "another image begins");
      }
      if (!has(marker + 4)) throw ends_early();
      at = marker + 2 + (std::size_t{buffer_[marker + 2]} << 8 | buffer_[marker + 3]);
    }
  }
  // Of the next marker with a segment, or of a start or an end, from `at` on.
  std::size_t find_marker(std::size_t at, std::size_t max_bytes) {
    for (;; ++at) {
      if (at > max_bytes) {
        give_up();
        throw Error(
            ErrorCode::kImageTooLarge,
            fmt::format("{}: no end marker in {} bytes, expected at most max_bytes {}; raise the limit, "
                        "or check what sends the frames",
                        name(), at, max_bytes));
      }
      if (!has(at + 2)) throw ends_early();
      if (buffer_[at] == kMark && !is_within_data(buffer_[at + 1])) return at;
    }
  }

  Error ends_early() {
    const std::size_t bytes = buffer_.size();
    give_up();
    return cut_short(bytes, "the stream ends");
  }
  [[nodiscard]] Error cut_short(std::size_t bytes, std::string_view why) const {
    return {
        ErrorCode::kImageDamaged,
        fmt::format("{}: after {} bytes {}, expected the end marker of a JPEG image; check what sends the "
                    "frames",
                    name(), bytes, why)};
  }

  ReadBytes read_;
  std::vector<std::uint8_t> buffer_;  // from the current image on
  std::size_t used_ = 0;              // of it, by the current image
  std::size_t n_ = 0;                 // begun
  bool ended_ = false;
};

}  // namespace

std::unique_ptr<FrameReader> mjpeg_frames(ReadBytes read) {
  return std::make_unique<MjpegFrames>(std::move(read));
}

}  // namespace triage
