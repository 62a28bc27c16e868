#include "engine/openvino_shapes.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "triage/error.h"

namespace triage {
namespace {

ov::Shape wanted_shape(const Recipe& recipe) {
  const auto c = static_cast<std::size_t>(recipe.channels());
  const auto h = static_cast<std::size_t>(recipe.height);
  const auto w = static_cast<std::size_t>(recipe.width);
  return recipe.layout == Layout::kNchw ? ov::Shape{1, c, h, w} : ov::Shape{1, h, w, c};
}

// Whether the network can be asked to take `wanted`: the same number of dimensions, and the channels where
// the manifest has them (else its layout is wrong).
bool may_reshape(const ov::PartialShape& found, const ov::Shape& wanted, Layout layout) {
  if (found.rank().is_dynamic()) return true;
  if (found.size() != wanted.size()) return false;
  const std::size_t channels = layout == Layout::kNchw ? 1 : 3;
  return found[channels].compatible(static_cast<std::int64_t>(wanted[channels]));
}

// A network of another rank with as many values; its batch becomes 1 where it is open or of several pictures.
bool fits_flattened(ov::Model& network, ov::PartialShape found, const ov::Shape& wanted) {
  if (found.rank().is_dynamic() || found.size() == 0 || found.size() == wanted.size()) return false;
  const auto holds_as_many = [&] {
    return found.is_static() && ov::shape_size(found.to_shape()) == ov::shape_size(wanted);
  };
  if (holds_as_many()) return true;
  found[0] = 1;
  if (!holds_as_many()) return false;
  try {
    network.reshape(found);
  } catch (const std::exception&) {
    return false;
  }
  return true;
}

}  // namespace

std::vector<std::int64_t> dimensions(const ov::PartialShape& shape) {
  std::vector<std::int64_t> result;
  if (shape.rank().is_dynamic()) return result;
  for (const ov::Dimension& dimension : shape)
    result.push_back(dimension.is_static() ? dimension.get_length() : -1);
  return result;
}

std::string shape_text(const ov::PartialShape& shape) {
  return shape.rank().is_dynamic() ? "of any rank" : fmt::format("({})", fmt::join(dimensions(shape), ","));
}

void fit_input_shape(ov::Model& network, const ModelSpec& model) {
  const ov::Shape wanted = wanted_shape(model.input);
  const ov::PartialShape found = network.input().get_partial_shape();
  if (found == ov::PartialShape(wanted)) return;
  if (fits_flattened(network, found, wanted)) return;
  const auto mismatch = [&](const std::string& reason) {
    return Error(
        ErrorCode::kModel,
        fmt::format("model '{}': input shape is {}, expected {} as the manifest states{}; correct its input",
                    model.name, shape_text(found), shape_text(ov::PartialShape(wanted)), reason));
  };
  if (!may_reshape(found, wanted, model.input.layout)) throw mismatch("");
  try {
    network.reshape(ov::PartialShape(wanted));
  } catch (const std::exception&) {
    throw mismatch(", and the network cannot be reshaped to it");
  }
}

}  // namespace triage
