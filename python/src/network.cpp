#include "network.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <nanobind/stl/string.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <utility>

#include "triage/error.h"

namespace triage::python {
namespace {

// Dropped from whatever thread drops the network last.
class SharedCallable {
 public:
  explicit SharedCallable(nb::object callable)
      : callable_(new nb::object(std::move(callable)), [](nb::object* object) {
          const nb::gil_scoped_acquire acquire;
          delete object;
        }) {}
  [[nodiscard]] const nb::object& get() const { return *callable_; }

 private:
  std::shared_ptr<nb::object> callable_;
};

// Of its own, so that the callable may keep it.
nb::object array_of(const Recipe& recipe, std::vector<std::byte> bytes, std::size_t n) {
  const auto c = static_cast<std::size_t>(recipe.channels()), h = static_cast<std::size_t>(recipe.height),
             w = static_cast<std::size_t>(recipe.width);
  const std::array<std::size_t, 4> shape =
      recipe.layout == Layout::kNchw ? std::array{n, c, h, w} : std::array{n, h, w, c};
  const Kept<std::byte> kept(std::move(bytes));
  const auto of = [&](auto type) {
    using Value = decltype(type);
    return nb::cast(nb::ndarray<nb::numpy, Value>(kept.data, shape.size(), shape.data(), kept.owner));
  };
  switch (recipe.type) {
    case ElementType::kU8:
      return of(std::uint8_t{});
    case ElementType::kI8:
      return of(std::int8_t{});
    case ElementType::kF32:
      break;
  }
  return of(float{});
}

class CallableNetwork final : public Network {
 public:
  CallableNetwork(SharedCallable callable, ModelSpec model)
      : callable_(std::move(callable)), model_(std::move(model)) {}

  std::span<const float> run(std::span<const std::byte> tensor) override {
    run_batch(std::array{tensor}, [&](std::size_t, std::span<const float>) {});
    return {values_.data(), width_};
  }

  void run_batch(std::span<const std::span<const std::byte>> tensors,
                 const std::function<void(std::size_t, std::span<const float>)>& on_output) override {
    std::vector<std::byte> bytes;
    for (const auto& tensor : tensors) bytes.insert(bytes.end(), tensor.begin(), tensor.end());
    {
      const nb::gil_scoped_acquire acquire;
      try {
        take(callable_.get()(array_of(model_.input, std::move(bytes), tensors.size())), tensors.size());
      } catch (const nb::python_error& error) {
        // Ctrl-C and sys.exit are not the callable's to fail by.
        if (!error.matches(PyExc_Exception)) throw;
        throw Error(ErrorCode::kEngine,
                    "model '" + model_.name + "': its callable failed: " + one_line(error));
      }
    }
    for (std::size_t i = 0; i < tensors.size(); ++i) {
      on_output(i, std::span(values_).subspan(i * width_, width_));
    }
  }

  [[nodiscard]] std::span<const float> embedding() const override { return embedding_; }
  [[nodiscard]] std::size_t memory_bytes() const override { return 1; }  // not ours to know

 private:
  // "ZeroDivisionError: division by zero".
  static std::string one_line(const nb::python_error& error) {
    const std::string type = nb::cast<std::string>(error.type().attr("__name__"));
    return type + ": " + nb::cast<std::string>(nb::str(error.value()));
  }

  void take(nb::object given, std::size_t n) {
    embedding_.clear();
    if (nb::isinstance<nb::tuple>(given)) {
      if (nb::len(given) != 2)
        refuse("a tuple of " + std::to_string(nb::len(given)), "values, or (values, embeddings)");
      const auto embeddings = matrix(given[1], n);
      const std::size_t width = embeddings.shape(1);
      embedding_.assign(embeddings.data() + (n - 1) * width, embeddings.data() + n * width);
      given = given[0];
    }
    const auto values = matrix(given, n);
    if (values.shape(1) != model_.output.n_values()) {
      refuse(std::to_string(values.shape(1)) + " values for each input",
             std::to_string(model_.output.n_values()) + ", as the manifest says");
    }
    // -inf is a logit that some give for a probability of 0.
    for (const float value : span_of(values)) {
      if (std::isnan(value) || value == std::numeric_limits<float>::infinity())
        refuse(std::isnan(value) ? "NaN" : "inf", "numbers");
    }
    width_ = values.shape(1);
    values_.assign(values.data(), values.data() + values.size());
  }

  Matrix<float> matrix(const nb::object& given, std::size_t n) const {
    const nb::object array =
        nb::module_::import_("numpy").attr("ascontiguousarray")(given, nb::arg("dtype") = nb::str("float32"));
    if (nb::cast<std::size_t>(array.attr("ndim")) != 2 ||
        nb::cast<std::size_t>(nb::object(array.attr("shape"))[0]) != n) {
      refuse("an array of shape " + nb::cast<std::string>(nb::str(nb::object(array.attr("shape")))),
             "(" + std::to_string(n) + ", values), a row for each input");
    }
    return nb::cast<Matrix<float>>(array);
  }

  [[noreturn]] void refuse(const std::string& found, const std::string& expected) const {
    throw Error(ErrorCode::kEngine,
                "model '" + model_.name + "': its callable gave " + found + ", expected " + expected);
  }

  SharedCallable callable_;
  ModelSpec model_;
  std::vector<float> values_, embedding_;
  std::size_t width_ = 0;
};

}  // namespace

void run_by_callables(const Zoo& zoo, EngineSet& engines, const Callables& callables) {
  for (const auto& [name, callable] : callables) {
    if (zoo.find(name) == kNoModel) {
      throw Error(ErrorCode::kUsage, fmt::format("networks: '{}' is not in the zoo, expected some of {}",
                                                 name, fmt::join(names_of(zoo.models), ", ")));
    }
    engines.add_networks(name, [shared = SharedCallable(callable)](const ModelSpec& model) {
      return std::make_unique<CallableNetwork>(shared, model);
    });
  }
}

}  // namespace triage::python
