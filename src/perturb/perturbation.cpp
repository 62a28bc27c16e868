// Perturbations: their names, and what they do to an image.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <limits>

#include "base/check.h"
#include "triage/error.h"
#include "triage/tools/perturb.h"

namespace triage {
namespace {

constexpr std::string_view kDefaults =
    "jpeg:90,jpeg:75,jpeg:50,crop:1,brightness:0.8,brightness:1.25,resample:all";
constexpr std::string_view kCrop = "crop", kAll = "all";

struct Name {
  PerturbationKind kind;
  std::string_view text;
};
constexpr std::array kNames{
    Name{PerturbationKind::kJpeg, "jpeg"},        Name{PerturbationKind::kLeft, "left"},
    Name{PerturbationKind::kTop, "top"},          Name{PerturbationKind::kRight, "right"},
    Name{PerturbationKind::kBottom, "bottom"},    Name{PerturbationKind::kBrightness, "brightness"},
    Name{PerturbationKind::kResample, "resample"}};
constexpr std::array kSides{PerturbationKind::kLeft, PerturbationKind::kTop, PerturbationKind::kRight,
                            PerturbationKind::kBottom};

[[noreturn]] void refuse(std::string_view text, std::string_view found, std::string_view expected) {
  throw Error(ErrorCode::kUsage,
              fmt::format("perturbation '{}': {}, expected {}", text.substr(0, 60), found, expected));
}

struct AmountRange {
  double most = 0;
  bool is_whole = true;
  std::string_view words;
};

AmountRange range_of(PerturbationKind kind) {
  switch (kind) {
    case PerturbationKind::kJpeg:
      return {100, true, "a quality, a whole number from 1 to 100"};
    case PerturbationKind::kBrightness:
      return {10, false, "a factor above 0 and up to 10"};
    default:
      return {1000, true, "pixels, a whole number from 1 to 1000"};
  }
}

double parse_amount(std::string_view item, std::string_view digits, PerturbationKind kind) {
  const AmountRange range = range_of(kind);
  double amount = 0;
  const char* const end = digits.data() + digits.size();
  const auto [rest, error] = std::from_chars(digits.data(), end, amount);
  const bool is_number = error == std::errc() && rest == end && std::isfinite(amount);
  if (!is_number || !(amount > 0 && amount <= range.most) ||
      (range.is_whole && amount != std::floor(amount))) {
    refuse(item, fmt::format("'{}'", digits.substr(0, 60)), range.words);
  }
  return amount;
}

void add_resampling(std::string_view text, std::vector<Perturbation>& all) {
  for (const Resampling resampling : all_resamplings()) {
    if (text == kAll) all.push_back({PerturbationKind::kResample, 0, resampling});
  }
  if (text != kAll) all.push_back({PerturbationKind::kResample, 0, parse_resampling(text)});
}

void add_item(std::string_view item, std::vector<Perturbation>& all) {
  const std::size_t colon = item.find(':');
  const std::string_view name = item.substr(0, colon);
  const std::string_view value = colon == item.npos ? std::string_view() : item.substr(colon + 1);
  const auto known =
      std::find_if(kNames.begin(), kNames.end(), [&](const Name& each) { return each.text == name; });
  if (colon == item.npos || (known == kNames.end() && name != kCrop)) {
    refuse(
        item, "not known",
        "jpeg:QUALITY, crop:PIXELS, left:, top:, right: or bottom:PIXELS, brightness:FACTOR, resample:NAME "
        "or resample:all");
  }
  if (name == kCrop) {
    const double pixels = parse_amount(item, value, PerturbationKind::kLeft);
    for (const PerturbationKind side : kSides) all.push_back({side, pixels});
  } else if (known->kind == PerturbationKind::kResample) {
    add_resampling(value, all);
  } else {
    all.push_back({known->kind, parse_amount(item, value, known->kind)});
  }
}

// Nothing for what is too large for a JPEG.
std::optional<Image> compressed(const Image& image, int quality) {
  if (std::max(image.width, image.height) > kMaxJpegSide) return std::nullopt;
  // Whoever decoded the image has decided how large it may be.
  constexpr std::int64_t kAny = std::numeric_limits<std::int64_t>::max();
  return decode_image(encode_jpeg(image, quality), "perturbed image", {kAny, kAny, kAny});
}

// Nothing where nothing would be left.
std::optional<Image> cropped_side(const Image& image, PerturbationKind side, int pixels) {
  const bool is_across = side == PerturbationKind::kLeft || side == PerturbationKind::kRight;
  if (pixels >= (is_across ? image.width : image.height)) return std::nullopt;
  Image out{
      image.width - (is_across ? pixels : 0), image.height - (is_across ? 0 : pixels), image.channels, {}};
  const auto first_x = static_cast<std::size_t>(side == PerturbationKind::kLeft ? pixels : 0);
  const auto first_y = static_cast<std::size_t>(side == PerturbationKind::kTop ? pixels : 0);
  const auto channels = static_cast<std::size_t>(image.channels);
  const std::size_t stride = static_cast<std::size_t>(image.width) * channels;
  const std::size_t row = static_cast<std::size_t>(out.width) * channels;
  out.pixels.reserve(out.size_bytes());
  for (std::size_t y = 0; y < static_cast<std::size_t>(out.height); ++y) {
    const auto from =
        image.pixels.begin() + static_cast<std::ptrdiff_t>((y + first_y) * stride + first_x * channels);
    out.pixels.insert(out.pixels.end(), from, from + static_cast<std::ptrdiff_t>(row));
  }
  return out;
}

Image brightened(Image image, double factor) {
  for (std::uint8_t& value : image.pixels) {
    value = static_cast<std::uint8_t>(std::min(255L, std::lround(value * factor)));
  }
  return image;
}

}  // namespace

std::string to_string(const Perturbation& perturbation) {
  const auto name = std::find_if(kNames.begin(), kNames.end(),
                                 [&](const Name& each) { return each.kind == perturbation.kind; });
  TRIAGE_CHECK(name != kNames.end());
  if (perturbation.kind == PerturbationKind::kResample) {
    return fmt::format("{}:{}", name->text, to_string(perturbation.resampling));
  }
  return fmt::format("{}:{:g}", name->text, perturbation.amount);
}

std::vector<Perturbation> parse_perturbations(std::string_view text) {
  if (text.empty()) text = kDefaults;
  std::vector<Perturbation> all;
  for (std::size_t begin = 0; begin <= text.size();) {
    const std::size_t end = std::min(text.find(',', begin), text.size());
    add_item(text.substr(begin, end - begin), all);
    begin = end + 1;
  }
  for (auto each = all.begin(); each != all.end(); ++each) {
    if (std::find(all.begin(), each, *each) == each) continue;
    throw Error(ErrorCode::kUsage, fmt::format("perturbation '{}': given twice, expected once; leave one out",
                                               to_string(*each)));
  }
  return all;
}

std::optional<Image> perturb(const Image& image, const Perturbation& perturbation) {
  switch (perturbation.kind) {
    case PerturbationKind::kJpeg:
      return compressed(image, static_cast<int>(perturbation.amount));
    case PerturbationKind::kBrightness:
      return brightened(image, perturbation.amount);
    case PerturbationKind::kResample:
      return image;
    default:
      return cropped_side(image, perturbation.kind, static_cast<int>(perturbation.amount));
  }
}

}  // namespace triage
