// PGM and PPM, plain (P2, P3) and binary (P5, P6), 8 and 16 bit.
#include <fmt/format.h>

#include <cctype>
#include <string>

#include "image/decoders.h"

namespace triage {
namespace {

constexpr std::int64_t kMaxNumber = 1'000'000'000;

class PnmReader {
 public:
  PnmReader(EncodedBytes bytes, std::string_view name) : bytes_(bytes), name_(name) {}

  [[nodiscard]] Error corrupt(std::string_view found, std::string_view expected) const {
    return damaged_image(name_, fmt::format("PPM/PGM {}", found), expected);
  }

  // A decimal number and the one white-space character after it, with white space and comments before. A
  // number at the very end of the file may have lost digits, so it is an error.
  std::int64_t number(std::string_view what) {
    skip_blank();
    const std::size_t start = at_;
    std::int64_t value = 0;
    for (; at_ < bytes_.size() && std::isdigit(bytes_[at_]) != 0; ++at_) {
      value = value * 10 + (bytes_[at_] - '0');
      if (value > kMaxNumber) throw corrupt(fmt::format("{} is above {}", what, kMaxNumber), "a sane value");
    }
    if (at_ == bytes_.size()) throw corrupt(fmt::format("ends within its {}", what), "a whole image");
    if (at_ == start || std::isspace(bytes_[at_]) == 0)
      throw corrupt(fmt::format("has byte {} in its {}", bytes_[at_], what), "a decimal number");
    ++at_;
    return value;
  }

  [[nodiscard]] EncodedBytes rest() const { return bytes_.subspan(at_); }

 private:
  void skip_blank() {
    while (at_ < bytes_.size() && (std::isspace(bytes_[at_]) != 0 || bytes_[at_] == '#')) {
      if (bytes_[at_++] != '#') continue;
      while (at_ < bytes_.size() && bytes_[at_] != '\n') ++at_;
    }
  }

  EncodedBytes bytes_;
  std::string_view name_;
  std::size_t at_ = 2;  // behind the magic number
};

struct SampleScale {
  std::int64_t maxval;
  const PnmReader* reader;
  // A stored value as 0..255, rounded to nearest.
  [[nodiscard]] std::uint8_t operator()(std::int64_t value) const {
    if (value > maxval)
      throw reader->corrupt(fmt::format("holds the value {}", value), fmt::format("at most {}", maxval));
    return static_cast<std::uint8_t>((value * 255 + maxval / 2) / maxval);
  }
};

}  // namespace

Image decode_pnm(EncodedBytes bytes, std::string_view name, const DecodeOptions& options) {
  const bool plain = bytes[1] == '2' || bytes[1] == '3';
  const int channels = bytes[1] == '2' || bytes[1] == '5' ? 1 : 3;
  PnmReader reader(bytes, name);
  const std::int64_t width = reader.number("width");
  const std::int64_t height = reader.number("height");
  const std::int64_t maxval = reader.number("largest value");
  check_size(width, height, channels, name, options);
  if (maxval < 1 || maxval > 65535)
    throw reader.corrupt(fmt::format("states a largest value of {}", maxval), "1 to 65535");

  // A plain value takes a digit and a blank at least.
  const std::size_t value_bytes = plain || maxval > 255 ? 2 : 1;
  const std::size_t n_values =
      static_cast<std::size_t>(width) * static_cast<std::size_t>(height) * static_cast<std::size_t>(channels);
  if (reader.rest().size() < n_values * value_bytes) {
    throw reader.corrupt(fmt::format("is cut short: {} bytes of pixels", reader.rest().size()),
                         fmt::format("{} or more", n_values * value_bytes));
  }
  const SampleScale scale{maxval, &reader};
  Image image = make_image(static_cast<int>(width), static_cast<int>(height), channels);
  const EncodedBytes data = reader.rest();
  for (std::size_t i = 0; i < n_values; ++i) {
    const std::int64_t value = plain              ? reader.number("pixels")
                               : value_bytes == 1 ? data[i]
                                                  : data[2 * i] << 8 | data[2 * i + 1];
    image.pixels[i] = scale(value);
  }
  return image;
}

}  // namespace triage
