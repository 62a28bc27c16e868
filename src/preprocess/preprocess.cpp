// From a decoded image to a model's input tensor, row by row: crop, resize on 8 bits, then colour, mean,
// scale and layout. A picture that has the right size already is read in place, so 28x28 pixels cost about a
// microsecond. Each thread keeps its row buffers.
#include "preprocess/preprocess.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstring>

#include "preprocess/convert_row.h"
#include "preprocess/resize.h"
#include "triage/error.h"

namespace triage {
namespace {

Pixels cropped(const ImageView& image, Crop crop) {
  Pixels pixels{image.pixels.data(), image.stride, cropped_side(image.width, crop),
                cropped_side(image.height, crop), image.channels()};
  const int x = (image.width - pixels.width) / 2;
  const int y = (image.height - pixels.height) / 2;
  pixels.data += static_cast<std::size_t>(y) * pixels.stride +
                 static_cast<std::size_t>(x) * static_cast<std::size_t>(image.channels());
  return pixels;
}

// The picture's rows at the recipe's size; those that have it already are read in place.
class SizedRows {
 public:
  SizedRows(const Pixels& picture, Colour colour, const Recipe& recipe)
      : picture_(picture),
        colour_(colour),
        as_is_(picture.width == recipe.width && picture.height == recipe.height) {
    if (!as_is_) resizer().set(picture, recipe.width, recipe.height, recipe.resampling);
  }
  [[nodiscard]] Colour colour() const { return colour_; }
  // Valid until the next call.
  [[nodiscard]] const std::uint8_t* operator[](std::size_t y) const {
    return as_is_ ? picture_.data + y * picture_.stride : resizer().row(static_cast<int>(y));
  }

 private:
  static Resizer& resizer() {
    thread_local Resizer resizer;
    return resizer;
  }

  Pixels picture_;
  Colour colour_;
  bool as_is_;
};

// ITU-R BT.601 luma in OpenCV's fixed point (15 bits).
std::uint8_t luma(int red, int green, int blue) {
  return static_cast<std::uint8_t>((red * 9798 + green * 19235 + blue * 3735 + (1 << 14)) >> 15);
}

// Channel `c` (of the model's order) of a row of `width` pixels into `plane`; `given` is the picture's order.
void take_channel(const std::uint8_t* from, std::size_t width, Colour given, int c, Colour wanted,
                  std::uint8_t* plane) {
  if (given == Colour::kGray) {
    std::memcpy(plane, from, width);
  } else if (wanted == Colour::kGray) {
    const std::size_t red = given == Colour::kRgb ? 0 : 2, blue = 2 - red;
    for (std::size_t x = 0; x < width; ++x) {
      plane[x] = luma(from[3 * x + red], from[3 * x + 1], from[3 * x + blue]);
    }
  } else {
    row_kernels().front().take_channel(from + (given == wanted ? c : 2 - c), width, plane);
  }
}

void write_row(const std::uint8_t* row, std::size_t width, std::size_t step, float, float,
               std::uint8_t* out) {
  if (step == 1) {
    std::memcpy(out, row, width);
    return;
  }
  for (std::size_t x = 0; x < width; ++x) out[x * step] = row[x];
}

void write_row(const std::uint8_t* row, std::size_t width, std::size_t step, float, float, std::int8_t* out) {
  // A loop of its own, so that the usual case of contiguous values is vectorised.
  if (step == 1) {
    for (std::size_t x = 0; x < width; ++x) out[x] = static_cast<std::int8_t>(row[x] - 128);
  } else {
    for (std::size_t x = 0; x < width; ++x) out[x * step] = static_cast<std::int8_t>(row[x] - 128);
  }
}

void write_row(const std::uint8_t* row, std::size_t width, std::size_t step, float mean, float scale,
               float* out) {
  if (step == 1) {
    row_kernels().front().normalise(row, width, mean, scale, out);
  } else {
    for (std::size_t x = 0; x < width; ++x) out[x * step] = (static_cast<float>(row[x]) - mean) / scale;
  }
}

bool all_equal(const std::array<float, 3>& values) {
  return values[0] == values[1] && values[1] == values[2];
}

// Whether a row of the picture is a row of the tensor but for one mean and scale.
template <class Value>
bool keeps_order(Colour given, const Recipe& recipe) {
  if (given != recipe.colour) return false;
  if (given == Colour::kGray) return true;
  const bool same_values = sizeof(Value) == 1 || (all_equal(recipe.mean) && all_equal(recipe.scale));
  return recipe.layout == Layout::kNhwc && same_values;
}

template <class Value>
void fill_in_order(const SizedRows& rows, const Recipe& recipe, Value* tensor) {
  const std::size_t values =
      static_cast<std::size_t>(recipe.width) * static_cast<std::size_t>(recipe.channels());
  for (std::size_t y = 0; y < static_cast<std::size_t>(recipe.height); ++y) {
    write_row(rows[y], values, 1, recipe.mean[0], recipe.scale[0], tensor + y * values);
  }
}

template <class Value>
void fill(const SizedRows& rows, const Recipe& recipe, Value* tensor) {
  if (keeps_order<Value>(rows.colour(), recipe)) {
    fill_in_order(rows, recipe, tensor);
    return;
  }
  thread_local std::vector<std::uint8_t> plane;
  const auto width = static_cast<std::size_t>(recipe.width);
  const auto height = static_cast<std::size_t>(recipe.height);
  const auto channels = static_cast<std::size_t>(recipe.channels());
  plane.resize(width);
  const bool planar = recipe.layout == Layout::kNchw;
  const std::size_t step = planar ? 1 : channels;
  for (std::size_t y = 0; y < height; ++y) {
    const std::uint8_t* row = rows[y];
    for (std::size_t c = 0; c < channels; ++c) {
      take_channel(row, width, rows.colour(), static_cast<int>(c), recipe.colour, plane.data());
      Value* out = planar ? tensor + (c * height + y) * width : tensor + y * width * channels + c;
      write_row(plane.data(), width, step, recipe.mean[c], recipe.scale[c], out);
    }
  }
}

void check(const ImageView& image, const Recipe& recipe, std::size_t tensor_bytes) {
  check_view(image, "image");
  if (recipe.width < 1 || recipe.height < 1 || tensor_bytes != recipe.size_bytes()) {
    throw Error(ErrorCode::kUsage, fmt::format("tensor: {} bytes, expected {} for the recipe {}",
                                               tensor_bytes, recipe.size_bytes(), recipe_key(recipe)));
  }
}

}  // namespace

int cropped_side(int side, Crop crop) {
  return std::clamp(static_cast<int>(std::lround(side * crop.fraction)), 1, side);
}

void preprocess(const ImageView& image, const Recipe& recipe, std::span<std::byte> tensor) {
  check(image, recipe, tensor.size());
  const SizedRows rows(cropped(image, recipe.crop), image.colour, recipe);
  if (recipe.type == ElementType::kU8) {
    fill(rows, recipe, reinterpret_cast<std::uint8_t*>(tensor.data()));
  } else if (recipe.type == ElementType::kI8) {
    fill(rows, recipe, reinterpret_cast<std::int8_t*>(tensor.data()));
  } else {
    fill(rows, recipe, reinterpret_cast<float*>(tensor.data()));
  }
}

}  // namespace triage
