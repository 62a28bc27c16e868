#include "adopt/candidates.h"

#include <fmt/format.h>

#include <cmath>
#include <numeric>

#include "triage/error.h"

namespace triage {
namespace {

using Shape = std::vector<std::int64_t>;

constexpr std::int64_t kMaxSide = 8192;

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

// The first dimension of the one input; 1 where it is none of a batch.
std::int64_t batch_of(const ModelShapes& shapes) {
  return shapes.inputs.size() == 1 && shapes.inputs[0].size() == 4 ? shapes.inputs[0][0] : 1;
}

}  // namespace

std::vector<Recipe> input_shapes(const ModelShapes& shapes, int open_px, const std::string& owner) {
  if (shapes.inputs.size() != 1) {
    throw Error(ErrorCode::kModel,
                fmt::format("{}: {} inputs, expected 1, a picture", owner, shapes.inputs.size()));
  }
  Shape shape = shapes.inputs[0];
  std::vector<Recipe> found;
  // The batch stands in front: 1, open, or fixed at another number, which the engine makes 1.
  if (shape.size() == 4) {
    add_planar(found, Layout::kNhwc, shape[3], shape[1], shape[2], open_px);
    add_planar(found, Layout::kNchw, shape[1], shape[2], shape[3], open_px);
  } else if (shape.size() == 3 && shape[0] == 1 && shape[1] > 3) {
    add_planar(found, Layout::kNchw, 1, shape[1], shape[2], open_px);
  } else if (shape.size() == 2 && shape[0] == 1) {
    add_flat(found, shape[1]);
  }
  const std::string& type = shapes.input_types[0];
  const bool is_float = type == "f32" || type == "f16" || type == "bf16" || type == "f64";
  if (found.empty() || (type != "u8" && !is_float)) {
    throw Error(ErrorCode::kModel,
                fmt::format("{}: input {} of {}, expected a batch of one picture of 1 or 3 channels, u8 or "
                            "f32; write its manifest entry by hand",
                            owner, text_of(shape), type));
  }
  for (Recipe& recipe : found) recipe.type = is_float ? ElementType::kF32 : ElementType::kU8;
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
    if (shape.type == ElementType::kU8) {
      add();
      continue;
    }
    const auto plain = {std::pair{0.0F, 1.0F}, {0.0F, 255.0F}, {127.5F, 127.5F}, {127.0F, 128.0F}};
    for (const auto& [mean, scale] : plain) {
      set_values(recipe, mean, scale);
      add();
    }
    if (gray) {
      set_values(recipe, 33.3285F, 78.5655F);  // MNIST's 0.1307 and 0.3081 of 255
      add();
      set_values(recipe, statistics.mean[0], statistics.deviation[0]);
      add();
      continue;
    }
    // ImageNet's 0.485, 0.456, 0.406 and 0.229, 0.224, 0.225 of 255; then Caffe's means.
    recipe.mean = ordered({123.675F, 116.28F, 103.53F}, colour);
    recipe.scale = ordered({58.395F, 57.12F, 57.375F}, colour);
    add();
    recipe.mean = ordered({123.68F, 116.779F, 103.939F}, colour);
    recipe.scale = {1, 1, 1};
    add();
    recipe.mean = ordered(statistics.mean, colour);
    recipe.scale = ordered(statistics.deviation, colour);
    add();
  }
  return recipes;
}

ClassOutput class_output(const ModelShapes& shapes, std::optional<std::int32_t> n_classes,
                         std::int32_t max_label, const std::string& owner) {
  std::string seen;
  std::optional<ClassOutput> best;
  for (std::size_t i = 0; i < shapes.outputs.size(); ++i) {
    seen += (seen.empty() ? "" : ", ") + text_of(shapes.outputs[i]);
    // The batch may be open or the input's; everything else is known.
    std::int64_t n = 1;
    const bool has_batch = shapes.outputs[i].size() > 1;
    for (std::size_t d = 0; d < shapes.outputs[i].size(); ++d) {
      const std::int64_t dimension = shapes.outputs[i][d];
      if (d == 0 && (dimension == -1 || (has_batch && dimension == batch_of(shapes)))) continue;
      n = dimension < 1 || n > 10'000'000 ? 0 : n * dimension;
    }
    ClassOutput output{
        static_cast<int>(i), static_cast<std::int32_t>(std::min<std::int64_t>(n, 10'000'000)), {}};
    for (const std::int32_t offset : {0, 1}) {
      const std::int32_t classes = output.n_values - offset;
      if (classes > max_label && classes >= 2 && (!n_classes || classes == *n_classes))
        output.offsets.push_back(offset);
    }
    // Of several that fit, the shortest: an embedding usually has more values than there are classes.
    if (!output.offsets.empty() && (!best || output.n_values < best->n_values)) best = std::move(output);
  }
  if (best) return *best;
  const std::string wanted =
      n_classes ? fmt::format("{0} or {1} values for {0} classes", *n_classes, *n_classes + 1)
                : fmt::format("one with a value for each class up to {}", max_label);
  throw Error(
      ErrorCode::kModel,
      fmt::format("{}: outputs {}, expected {}; check the labels, or state the classes in label_names", owner,
                  seen, wanted));
}

}  // namespace triage
