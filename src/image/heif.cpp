// AVIF and HEIC by libheif, where it was there when this was built; in a process of its own
// (heif_program.cpp).
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <limits>
#include <string>

#include "image/decoders.h"

#ifdef TRIAGE_WITH_HEIF
#include "image/bounded_process.h"
#include "image/heif_program.h"
#endif

namespace triage {

#ifdef TRIAGE_WITH_HEIF
namespace {

// Of the program before it reads anything, and of the stacks of its threads.
constexpr std::int64_t kProgramBytes = 64'000'000;
constexpr std::int64_t kMostBytes = std::numeric_limits<std::int64_t>::max();
// What a processor surely does, so that work is a time.
constexpr std::int64_t kPixelsPerSecond = 200'000'000;

class HeifDecoding {
 public:
  HeifDecoding(EncodedBytes bytes, std::string_view name, const DecodeOptions& options)
      : name_(name),
        options_(options),
        process_(kHeifProgram, bytes,
                 std::clamp<std::int64_t>(options.max_bytes, 0, kMostBytes - kProgramBytes) + kProgramBytes,
                 std::max<std::int64_t>(1, options.max_work / kPixelsPerSecond)) {}

  Image picture() {
    expect(HeifAnswerKind::kSize);
    const HeifAnswer decoded = expect(HeifAnswerKind::kPicture);
    Image image = make_image(decoded.width, decoded.height, decoded.channels);
    if (process_.read(image.pixels) < image.pixels.size()) fail_without_answer();
    if (image.channels == 4) composite_over_white(image);
    return image;
  }

 private:
  // The next answer, of that kind and of a size within the limits.
  HeifAnswer expect(HeifAnswerKind kind) {
    HeifAnswer answer;
    if (process_.read({reinterpret_cast<std::uint8_t*>(&answer), sizeof answer}) < sizeof answer) {
      fail_without_answer();
    }
    if (answer.kind != kind) refuse(answer.kind);
    // What a file has made of the program is not known.
    if (answer.channels != 3 && answer.channels != 4) throw corrupt("the decoder made no picture");
    // Planes of up to 16 bits, a turned copy of them, then the picture as libheif gives it and as we do.
    check_size(answer.width, answer.height, 12 + 2 * answer.channels, name_, options_);
    return answer;
  }

  [[noreturn]] void refuse(HeifAnswerKind kind) {
    if (kind == HeifAnswerKind::kNoRoom) {
      throw too_much("memory", fmt::format("max_bytes {}", options_.max_bytes));
    }
    std::array<std::uint8_t, 200> text{};
    const std::size_t n = process_.read(text);
    throw corrupt({reinterpret_cast<const char*>(text.data()), n});
  }

  [[noreturn]] void fail_without_answer() {
    switch (process_.end()) {
      case ProcessEnd::kTooLong:
        throw too_much("time", fmt::format("max_work {}", options_.max_work));
      case ProcessEnd::kNotStarted:
        throw unsupported_image(name_, "is AVIF or HEIC, whose decoder libheif is not installed here",
                                "another format, or libheif");
      case ProcessEnd::kCrashed:
        throw corrupt("the decoder crashed");
      case ProcessEnd::kByItself:
        break;
    }
    throw corrupt("the decoder ended early");
  }

  [[nodiscard]] Error corrupt(std::string_view why) const {
    return damaged_image(
        name_, fmt::format("AVIF or HEIC data is corrupt, cut short or of an unusual kind ({})", why),
        "a whole image");
  }
  [[nodiscard]] Error too_much(std::string_view what, std::string_view most) const {
    return {ErrorCode::kImageTooLarge,
            fmt::format("{}: AVIF or HEIC data takes too much {} to decode, expected at most {}; reduce the "
                        "image, or raise the limit",
                        name_, what, most)};
  }

  std::string_view name_;
  const DecodeOptions& options_;
  BoundedProcess process_;
};

}  // namespace

Image decode_heif(EncodedBytes bytes, std::string_view name, const DecodeOptions& options) {
  return HeifDecoding(bytes, name, options).picture();
}
#else
Image decode_heif(EncodedBytes, std::string_view name, const DecodeOptions&) {
  throw unsupported_image(name, "is AVIF or HEIC, which this build does not read",
                          "another format, or a build with libheif");
}
#endif

}  // namespace triage
