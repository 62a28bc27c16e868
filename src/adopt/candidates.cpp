#include "adopt/candidates.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "triage/error.h"

namespace triage {
namespace {

using Shape = std::vector<std::int64_t>;

constexpr std::int64_t kMaxSide = 8192;
constexpr std::int64_t kMostValues = 100'000'000;  // of an output; more is no class output
constexpr std::size_t kMostHeads = 8;

std::string text_of(const Shape& shape) { return fmt::format("({})", fmt::join(shape, ",")); }

bool is_channels(std::int64_t dimension) { return dimension == 1 || dimension == 3; }

// -1 stands for a dimension that the file leaves open.
std::optional<int> side(std::int64_t dimension, int open_px) {
  if (dimension == -1) return open_px;
  if (dimension < 1 || dimension > kMaxSide) return {};
  return static_cast<int>(dimension);
}

void add_planar(std::vector<Recipe>& found, Layout layout, std::int64_t channels, std::int64_t height,
                std::int64_t width, int open_px) {
  const std::optional<int> h = side(height, open_px);
  const std::optional<int> w = side(width, open_px);
  if (!is_channels(channels) || !h || !w) return;
  Recipe recipe;
  recipe.layout = layout;
  recipe.colour = channels == 1 ? Colour::kGray : Colour::kRgb;
  recipe.width = *w;
  recipe.height = *h;
  found.push_back(recipe);
}

// A picture as one row of values: square, gray or RGB.
void add_flat(std::vector<Recipe>& found, std::int64_t n) {
  for (const std::int64_t channels : {std::int64_t{1}, std::int64_t{3}}) {
    const std::int64_t pixels = n / channels;
    const auto root = static_cast<std::int64_t>(std::llround(std::sqrt(static_cast<double>(pixels))));
    if (n < channels || root * root * channels != n) continue;
    add_planar(found, Layout::kNchw, channels, root, root, 0);
    if (channels == 3) add_planar(found, Layout::kNhwc, channels, root, root, 0);
  }
}

void set_values(Recipe& recipe, float mean, float scale) {
  recipe.mean.fill(mean);
  recipe.scale.fill(scale);
}

// In the model's channel order, from values in RGB order.
std::array<float, 3> ordered(std::array<float, 3> rgb, Colour colour) {
  return colour == Colour::kBgr ? std::array<float, 3>{rgb[2], rgb[1], rgb[0]} : rgb;
}

// Floats of other sizes are converted by the engine.
std::optional<ElementType> element_type(const std::string& name) {
  if (name == "u8") return ElementType::kU8;
  if (name == "i8") return ElementType::kI8;
  if (name == "f32" || name == "f16" || name == "bf16" || name == "f64") return ElementType::kF32;
  return {};
}

// Values for one picture, 0 where that is not known. The batch in front is left out: the input's, or open.
std::int64_t values_of(const Shape& shape, std::int64_t batch) {
  std::int64_t n = 1;
  for (std::size_t d = 0; d < shape.size(); ++d) {
    if (d == 0 && (shape[d] < 1 || (shape[d] == batch && batch > 1))) continue;
    n = shape[d] < 1 || n > kMostValues ? 0 : n * shape[d];
  }
  return std::min(n, kMostValues);
}

// Ways of cutting `n_values` to classes. That the last is a background can be told from a class that does not
// occur only where the number of classes is known.
std::vector<Cut> cuts_of(std::int32_t n_values, std::optional<std::int32_t> n_classes,
                         std::int32_t max_label) {
  if (n_values == 1) {
    const bool two = n_classes ? *n_classes == 2 : max_label <= 1;
    return two ? std::vector<Cut>{{}} : std::vector<Cut>{};
  }
  std::vector<Cut> cuts;
  for (const Cut cut : {Cut{0, 0}, Cut{1, 0}, Cut{0, 1}}) {
    const std::int32_t classes = n_values - cut.offset - cut.tail;
    if (classes <= max_label || classes < 2 || classes > kMaxClasses) continue;
    if (n_classes ? classes == *n_classes : cut.tail == 0) cuts.push_back(cut);
  }
  return cuts;
}

std::string wanted_outputs(std::optional<std::int32_t> n_classes, std::int32_t max_label) {
  if (!n_classes)
    return fmt::format("one with a value for each class up to {}, at most {}", max_label, kMaxClasses);
  return fmt::format("{0} or {1} values for {0} classes{2}", *n_classes, *n_classes + 1,
                     *n_classes == 2 ? ", or one for both" : "");
}

}  // namespace

std::vector<Recipe> input_shapes(const ModelShapes& shapes, int open_px, const std::string& owner) {
  if (shapes.inputs.size() != 1) {
    throw Error(ErrorCode::kModel,
                fmt::format("{}: {} inputs, expected 1, a picture", owner, shapes.inputs.size()));
  }
  const Shape& shape = shapes.inputs[0];
  std::vector<Recipe> found;
  // The batch stands in front, if there is one. The engine sets it to 1, whatever it is.
  if (shape.size() == 4) {
    add_planar(found, Layout::kNhwc, shape[3], shape[1], shape[2], open_px);
    add_planar(found, Layout::kNchw, shape[1], shape[2], shape[3], open_px);
  } else if (shape.size() == 3) {
    add_planar(found, Layout::kNchw, 1, shape[1], shape[2], open_px);
    // Without a batch.
    if (shape[2] == 3) add_planar(found, Layout::kNhwc, 3, shape[0], shape[1], open_px);
    if (shape[0] == 3) add_planar(found, Layout::kNchw, 3, shape[1], shape[2], open_px);
  } else if (shape.size() == 2) {
    add_flat(found, shape[1]);
  }
  const std::optional<ElementType> type = element_type(shapes.input_types[0]);
  if (found.empty() || !type) {
    throw Error(
        ErrorCode::kModel,
        fmt::format("{}: input {} of {}, expected pictures of 1 or 3 channels, u8, i8 or f32; export it "
                    "with such an input",
                    owner, text_of(shape), shapes.input_types[0]));
  }
  for (Recipe& recipe : found) recipe.type = *type;
  return found;
}

std::vector<Recipe> value_recipes(const Recipe& shape, const PixelStatistics& statistics) {
  std::vector<Recipe> recipes;
  const bool gray = shape.colour == Colour::kGray;
  const std::vector<Colour> colours =
      gray ? std::vector<Colour>{Colour::kGray} : std::vector<Colour>{Colour::kRgb, Colour::kBgr};
  for (const Colour colour : colours) {
    Recipe recipe = shape;
    recipe.colour = colour;
    const auto add = [&] { recipes.push_back(recipe); };
    if (shape.type != ElementType::kF32) {
      add();
      continue;
    }
    const auto add_plain = [&](float mean, float scale) {
      set_values(recipe, mean, scale);
      add();
    };
    add_plain(0, 255);
    add_plain(127.5F, 127.5F);
    add_plain(127, 128);
    if (gray) {
      add_plain(33.3285F, 78.5655F);  // MNIST's 0.1307 and 0.3081 of 255
      add_plain(statistics.mean[0], statistics.deviation[0]);
      add_plain(0, 1);
      continue;
    }
    // ImageNet's 0.485, 0.456, 0.406 and 0.229, 0.224, 0.225 of 255; the images' own; then Caffe's means.
    recipe.mean = ordered({123.675F, 116.28F, 103.53F}, colour);
    recipe.scale = ordered({58.395F, 57.12F, 57.375F}, colour);
    add();
    recipe.mean = ordered(statistics.mean, colour);
    recipe.scale = ordered(statistics.deviation, colour);
    add();
    recipe.mean = ordered({123.68F, 116.779F, 103.939F}, colour);
    recipe.scale = {1, 1, 1};
    add();
    add_plain(0, 1);
  }
  return recipes;
}

std::vector<ClassHead> class_heads(const ModelShapes& shapes, std::optional<std::int32_t> n_classes,
                                   std::int32_t max_label, const std::string& owner) {
  const std::int64_t batch = shapes.inputs[0].empty() ? 1 : shapes.inputs[0][0];
  std::string seen;
  std::vector<ClassHead> heads;
  std::int32_t shortest = std::numeric_limits<std::int32_t>::max();
  for (std::size_t i = 0; i < shapes.outputs.size(); ++i) {
    seen += (seen.empty() ? "" : ", ") + text_of(shapes.outputs[i]);
    ClassHead head{static_cast<int>(i), static_cast<std::int32_t>(values_of(shapes.outputs[i], batch)), {}};
    head.cuts = cuts_of(head.n_values, n_classes, max_label);
    head.is_8bit = shapes.output_types[i] == "u8" || shapes.output_types[i] == "i8";
    if (head.cuts.empty()) continue;
    if (!head.is_one_value()) shortest = std::min(shortest, head.n_values);
    heads.push_back(std::move(head));
  }
  if (!n_classes) {
    std::erase_if(heads,
                  [&](const ClassHead& head) { return !head.is_one_value() && head.n_values > shortest; });
  }
  if (heads.size() > kMostHeads) heads.resize(kMostHeads);
  if (!heads.empty()) return heads;
  throw Error(
      ErrorCode::kModel,
      fmt::format("{}: outputs {}, expected {}; check the labels, or state the classes in label_names", owner,
                  seen, wanted_outputs(n_classes, max_label)));
}

}  // namespace triage
