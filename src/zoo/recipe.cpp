// Crops, resampling, kinds of output and canonical text of recipes.
#include <fmt/format.h>

#include <array>
#include <charconv>
#include <cmath>

#include "triage/error.h"
#include "triage/zoo.h"

namespace triage {

std::string_view to_string(OutputKind kind) {
  switch (kind) {
    case OutputKind::kProbabilities:
      return "probabilities";
    case OutputKind::kLogits:
      return "logits";
    case OutputKind::kSigmoid:
      return "sigmoid";
    case OutputKind::kSigmoidLogit:
      return "sigmoid_logit";
  }
  return "";
}

std::string_view to_string(Resampling resampling) {
  switch (resampling) {
    case Resampling::kBySize:
      return "by_size";
    case Resampling::kArea:
      return "area";
    case Resampling::kBilinear:
      return "bilinear";
    case Resampling::kBicubic:
      return "bicubic";
    case Resampling::kBilinearAntialias:
      return "bilinear_antialias";
    case Resampling::kBicubicAntialias:
      return "bicubic_antialias";
  }
  return "";
}

std::span<const Resampling> all_resamplings() {
  static constexpr std::array kAll{Resampling::kBySize,
                                   Resampling::kArea,
                                   Resampling::kBilinear,
                                   Resampling::kBicubic,
                                   Resampling::kBilinearAntialias,
                                   Resampling::kBicubicAntialias};
  return kAll;
}

Resampling parse_resampling(std::string_view text) {
  std::string names;
  for (const Resampling resampling : all_resamplings()) {
    if (to_string(resampling) == text) return resampling;
    names += (names.empty() ? "" : ", ") + std::string(to_string(resampling));
  }
  throw Error(ErrorCode::kUsage,
              fmt::format("resampling '{}': not known, expected one of {}", text.substr(0, 60), names));
}

std::string to_string(Crop crop) {
  return crop.fraction == 1.0 ? "none" : fmt::format("center:{}", crop.fraction);
}

Crop parse_crop(std::string_view text) {
  constexpr std::string_view kPrefix = "center:";
  if (text == "none") return {};
  double fraction = 0;
  if (text.starts_with(kPrefix)) {
    const std::string_view digits = text.substr(kPrefix.size());
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), fraction);
    if (error != std::errc() || end != digits.data() + digits.size()) fraction = 0;
  }
  if (!(fraction > 0.0 && fraction <= 1.0)) {
    throw Error(ErrorCode::kUsage,
                fmt::format("crop '{}': not understood, expected none or center:F with F over 0 and up to 1, "
                            "such as center:0.875",
                            text.substr(0, 60)));
  }
  return {fraction};
}

// Fields that do not affect the tensor are left out: mean and scale of 8-bit inputs, the second and third
// channel's of gray ones, and the layout where there is one channel.
std::string recipe_key(const Recipe& recipe) {
  const bool gray = recipe.colour == Colour::kGray;
  const char* colour = gray ? "gray" : recipe.colour == Colour::kRgb ? "rgb" : "bgr";
  std::string key = fmt::format("{}x{} {}", recipe.width, recipe.height, colour);
  if (!gray) key += recipe.layout == Layout::kNchw ? " nchw" : " nhwc";
  if (recipe.type != ElementType::kF32) {
    key += recipe.type == ElementType::kU8 ? " u8" : " i8";
  } else {
    key += " f32 mean";
    // + 0 turns -0 into 0.
    for (int c = 0; c < recipe.channels(); ++c)
      key += fmt::format(" {}", recipe.mean[static_cast<std::size_t>(c)] + 0.0F);
    key += " scale";
    for (int c = 0; c < recipe.channels(); ++c)
      key += fmt::format(" {}", recipe.scale[static_cast<std::size_t>(c)]);
  }
  key += " crop " + to_string(recipe.crop);
  // Keys are older than this field, and profiles and policies have them.
  if (recipe.resampling != Resampling::kBySize) key += fmt::format(" {}", to_string(recipe.resampling));
  return key;
}

}  // namespace triage
