// Frames of raw pixels out of a stream of bytes.
#include <fmt/format.h>

#include <utility>

#include "image/decoders.h"
#include "triage/error.h"
#include "triage/tools/frames.h"

namespace triage {
namespace {

class RawFrames final : public FrameReader {
 public:
  RawFrames(ReadBytes read, const RawFormat& format) : read_(std::move(read)), format_(format) {}

  std::optional<Image> next(const DecodeOptions& options) override {
    if (ended_) return std::nullopt;
    ++n_;
    ended_ = true;  // whatever is thrown
    const auto [width, height] = format_.size;
    const int channels = format_.colour == Colour::kGray ? 1 : 3;
    check_size(width, height, channels, name(), options);
    Image frame = make_image(width, height, channels);
    const std::size_t bytes = fill(frame.pixels);
    if (bytes == 0 && n_ > 1) return std::nullopt;
    if (bytes < frame.pixels.size()) {
      throw Error(
          ErrorCode::kImageDamaged,
          fmt::format("{}: the stream ends after {} bytes of it, expected {} ({} x {}, channels: {}); "
                      "check the size and the colours that were stated",
                      name(), bytes, frame.pixels.size(), width, height, channels));
    }
    ended_ = false;
    if (format_.colour == Colour::kBgr) to_rgb(frame);
    return frame;
  }
  [[nodiscard]] std::string name() const override { return fmt::format("frame {}", n_); }

 private:
  // Returns how many bytes there were.
  std::size_t fill(std::span<std::uint8_t> pixels) const {
    std::size_t done = 0;
    while (done < pixels.size()) {
      const std::size_t n = read_(pixels.subspan(done));
      if (n == 0) break;
      done += n;
    }
    return done;
  }
  static void to_rgb(Image& frame) {
    for (std::size_t i = 0; i < frame.pixels.size(); i += 3) std::swap(frame.pixels[i], frame.pixels[i + 2]);
  }

  ReadBytes read_;
  RawFormat format_;
  std::size_t n_ = 0;  // begun
  bool ended_ = false;
};

}  // namespace

std::unique_ptr<FrameReader> raw_frames(ReadBytes read, const RawFormat& format) {
  if (format.size.width < 1 || format.size.height < 1) {
    throw Error(ErrorCode::kUsage, fmt::format("raw size: {} x {}, expected at least 1 x 1",
                                               format.size.width, format.size.height));
  }
  return std::make_unique<RawFrames>(std::move(read), format);
}

}  // namespace triage
