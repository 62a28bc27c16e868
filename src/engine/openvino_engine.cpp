// Engine on OpenVINO's C++ runtime: .onnx, .tflite and .xml files, on the CPU or any device that it knows.
//
// Tuned for latency, which is what is measured: one stream, and the manifest's number of threads. The
// manifest's precision too is forced, so that answers do not depend on the machine.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <openvino/openvino.hpp>

#include "base/files.h"
#include "base/memory.h"
#include "engine/engines.h"
#include "engine/openvino_cache.h"
#include "engine/openvino_error.h"
#include "engine/openvino_precision.h"
#include "engine/openvino_shapes.h"
#include "triage/error.h"
#include "zoo/model_stand_in.h"

namespace triage {
namespace {

std::string owner_of(const ModelSpec& model) { return fmt::format("model '{}'", model.name); }

ov::element::Type element_of(ElementType type) {
  if (type == ElementType::kF32) return ov::element::f32;
  return type == ElementType::kU8 ? ov::element::u8 : ov::element::i8;
}

void check_one_input(const ov::Model& network, const ModelSpec& model, std::size_t part) {
  if (network.inputs().size() == 1 && !network.outputs().empty()) return;
  throw Error(ErrorCode::kModel,
              fmt::format("{}: file {} has {} inputs and {} outputs, expected 1 input and an output",
                          owner_of(model), part + 1, network.inputs().size(), network.outputs().size()));
}

// The second part of a network that was cut in two may still declare the inputs of the whole, which nothing
// reads.
void drop_unused_inputs(ov::Model& network) {
  const ov::ParameterVector inputs = network.get_parameters();
  for (const auto& input : inputs) {
    if (input->output(0).get_target_inputs().empty()) network.remove_parameter(input);
  }
}

// Tensors that enter and leave are u8, i8 or f32; other float types are converted inside the network.
std::shared_ptr<ov::Model> with_plain_tensors(const std::shared_ptr<ov::Model>& network,
                                              const ModelSpec& model, bool first) {
  const ov::element::Type found = network->input().get_element_type();
  const ov::element::Type wanted = first ? element_of(model.input.type) : found;
  const bool convertible = found.is_real() && wanted == ov::element::f32;
  if (found != wanted && !convertible) {
    throw Error(ErrorCode::kModel,
                fmt::format("{}: input type is {}, expected {} as the manifest states; correct input.type",
                            owner_of(model), found.get_type_name(), wanted.get_type_name()));
  }
  ov::preprocess::PrePostProcessor process(network);
  if (found != wanted) process.input().tensor().set_element_type(wanted);
  bool changed = found != wanted;
  for (std::size_t i = 0; i < network->outputs().size(); ++i) {
    const ov::element::Type type = network->output(i).get_element_type();
    if (type == ov::element::f32 || type == ov::element::u8 || type == ov::element::i8) continue;
    process.output(i).tensor().set_element_type(ov::element::f32);
    changed = true;
  }
  return changed ? process.build() : network;
}

// An output as floats: 8-bit ones are converted after each run, signed ones to 0..255 as the input's are;
// others are read where they are.
class FloatView {
 public:
  FloatView() = default;
  explicit FloatView(const ov::Tensor& tensor) : tensor_(tensor) {
    if (tensor.get_element_type() != ov::element::f32) converted_.resize(tensor.get_size());
  }
  std::span<const float> read() {
    if (!tensor_) return {};
    if (converted_.empty()) return {static_cast<const float*>(tensor_.data()), tensor_.get_size()};
    const auto* bytes = static_cast<const std::uint8_t*>(tensor_.data());
    const std::uint8_t flip = tensor_.get_element_type() == ov::element::i8 ? 0x80 : 0;  // adds 128
    std::transform(bytes, bytes + converted_.size(), converted_.begin(),
                   [flip](std::uint8_t value) { return static_cast<float>(value ^ flip); });
    return converted_;
  }

 private:
  ov::Tensor tensor_;
  std::vector<float> converted_;
};

class OpenVinoNetwork final : public Network {
 public:
  // `parts` are compiled for the manifest's input; the second's takes as many values as the first gives.
  OpenVinoNetwork(std::vector<ov::CompiledModel> parts, const ModelSpec& model)
      : parts_(std::move(parts)),
        owner_(owner_of(model)),
        input_type_(element_of(model.input.type)),
        input_shape_(parts_.front().input().get_shape()),
        input_bytes_(model.input.size_bytes()),
        blank_(input_bytes_) {
    for (ov::CompiledModel& part : parts_) requests_.push_back(part.create_infer_request());
    for (std::size_t i = 0; i < parts_.size(); ++i) bind_outputs(i);
    for (std::size_t i = 1; i < parts_.size(); ++i) {
      const auto& port = parts_[i].input();
      requests_[i].set_input_tensor(
          ov::Tensor(port.get_element_type(), port.get_shape(), outputs_[i - 1][0].data()));
    }
    find_outputs(model);
    run(blank_);
  }

  std::span<const float> run(std::span<const std::byte> tensor) override {
    if (tensor.size() != input_bytes_) {
      throw Error(ErrorCode::kEngine, fmt::format("{}: tensor of {} bytes, expected {} by its recipe", owner_,
                                                  tensor.size(), input_bytes_));
    }
    try {
      // The caller's memory is used in place, and bound again only when its address has changed, since
      // binding takes time.
      if (tensor.data() != bound_) {
        requests_[0].set_input_tensor(
            ov::Tensor(input_type_, input_shape_, const_cast<std::byte*>(tensor.data())));
        bound_ = tensor.data();
      }
      for (ov::InferRequest& request : requests_) request.infer();
    } catch (const std::exception& error) {
      bound_ = nullptr;
      throw Error(ErrorCode::kEngine,
                  fmt::format("{}: running it failed ({})", owner_, one_line(error.what())));
    }
    embedding_values_ = embedding_.read();
    return classes_.read();
  }

  [[nodiscard]] std::span<const float> embedding() const override { return embedding_values_; }

 private:
  // Outputs are written to our own tensors, whose addresses do not change.
  void bind_outputs(std::size_t part) {
    outputs_.emplace_back();
    for (std::size_t i = 0; i < parts_[part].outputs().size(); ++i) {
      const ov::Output<const ov::Node>& port = parts_[part].output(i);
      if (port.get_partial_shape().is_dynamic()) {
        throw Error(ErrorCode::kModel, fmt::format("{}: output {} has shape {}, expected one of fixed size",
                                                   owner_, i, shape_text(port.get_partial_shape())));
      }
      outputs_.back().emplace_back(port.get_element_type(), port.get_shape());
      requests_[part].set_output_tensor(i, outputs_.back().back());
    }
  }

  void find_outputs(const ModelSpec& model) {
    const std::vector<ov::Tensor>& last = outputs_.back();
    const auto index = static_cast<std::size_t>(model.output.index);
    if (index >= last.size()) {
      throw Error(ErrorCode::kModel,
                  fmt::format("{}: {} outputs, expected one at output.index {}", owner_, last.size(), index));
    }
    const std::size_t wanted = model.output.n_values();
    if (last[index].get_size() != wanted) {
      throw Error(ErrorCode::kModel,
                  fmt::format("{}: output {} has shape {}, expected {} values (output.kind {}, "
                              "classes {}, label_offset {}, label_tail {}); correct the manifest",
                              owner_, index, shape_text(ov::PartialShape(last[index].get_shape())), wanted,
                              to_string(model.output.kind), model.output.n_classes, model.output.label_offset,
                              model.output.label_tail));
    }
    classes_ = FloatView(last[index]);
    if (!model.output.embedding.empty()) embedding_ = FloatView(find_named(model.output.embedding));
  }

  [[nodiscard]] const ov::Tensor& find_named(const std::string& name) const {
    std::vector<std::string> known;
    for (std::size_t part = 0; part < parts_.size(); ++part) {
      for (std::size_t i = 0; i < outputs_[part].size(); ++i) {
        const auto names = parts_[part].output(i).get_names();
        if (names.contains(name)) return outputs_[part][i];
        known.insert(known.end(), names.begin(), names.end());
      }
    }
    std::sort(known.begin(), known.end());
    throw Error(ErrorCode::kModel,
                fmt::format("{}: no output named '{}' as output.embedding states, expected one "
                            "of '{}'",
                            owner_, name, fmt::join(known, "', '")));
  }

  std::vector<ov::CompiledModel> parts_;
  std::string owner_;
  ov::element::Type input_type_;
  ov::Shape input_shape_;
  std::size_t input_bytes_;
  std::vector<std::byte> blank_;  // for the first run; kept, since the request points to it until the next
  std::vector<ov::InferRequest> requests_;
  std::vector<std::vector<ov::Tensor>> outputs_;  // by part and output
  const std::byte* bound_ = nullptr;              // what the first request reads
  FloatView classes_;
  FloatView embedding_;
  std::span<const float> embedding_values_;
};

// With too little memory OpenVINO's plugins crash, or hang at exit, instead of throwing, so this is asked
// before. Its CPU plugin takes 340 MB of address space and 50 MB of memory.
constexpr std::uint64_t kMib = 1 << 20;
constexpr std::uint64_t kLeastAddressSpace = 350 * kMib, kLeastMemory = 48 * kMib;

void check_memory(const std::string& owner, const MemoryLeft& left, std::uint64_t needed) {
  if (left.bytes >= needed) return;
  throw Error(ErrorCode::kEngine,
              fmt::format("{}: needs about {} MB, {} leaves {} MB; raise it, or use smaller models", owner,
                          needed / kMib, left.limit, left.bytes / kMib));
}

class OpenVinoEngine final : public Engine {
 public:
  explicit OpenVinoEngine(const EngineOptions& options) : cache_(options.cache_dir, options.on_remark) {}

  [[nodiscard]] std::string name() const override { return "OpenVINO"; }
  [[nodiscard]] std::string version() const override { return ov::get_openvino_version().buildNumber; }
  [[nodiscard]] std::vector<std::string> devices() const override { return core_.get_available_devices(); }

  [[nodiscard]] std::vector<Precision> precisions(const std::string& device) const override {
    return precisions_of(core_, device);
  }

  [[nodiscard]] std::unique_ptr<Network> load(const Zoo& zoo, const ModelSpec& model) override {
    check_device(model);
    check_memory(owner_of(model), memory_left(), loaded_size_bytes(zoo, model));
    std::vector<ov::CompiledModel> parts;
    for (std::size_t i = 0; i < model.files.size(); ++i) {
      parts.push_back(compiled_or_cached(core_, cache_, model, i, compile_options(model),
                                         [&] { return compile(zoo, model, i, parts); }));
    }
    check_precision(parts, model);
    return translated(ErrorCode::kModel, owner_of(model), "preparing it",
                      [&] { return std::make_unique<OpenVinoNetwork>(std::move(parts), model); });
  }

  [[nodiscard]] ModelShapes inspect(const std::filesystem::path& model_file) override {
    const std::shared_ptr<ov::Model> network = read(model_file, model_file.string());
    ModelShapes shapes;
    for (const auto& input : network->inputs()) {
      shapes.inputs.push_back(dimensions(input.get_partial_shape()));
      shapes.input_types.push_back(input.get_element_type().get_type_name());
    }
    for (const auto& output : network->outputs()) {
      shapes.outputs.push_back(dimensions(output.get_partial_shape()));
      const auto& names = output.get_names();
      shapes.output_names.push_back(names.empty() ? "" : *std::min_element(names.begin(), names.end()));
      shapes.output_types.push_back(output.get_element_type().get_type_name());
    }
    return shapes;
  }

 private:
  [[nodiscard]] std::shared_ptr<ov::Model> read(const std::filesystem::path& path, const std::string& owner) {
    refuse_stand_in(path);
    refuse_other_format(path);
    return translated(ErrorCode::kModel, owner, fmt::format("reading {}", path.string()), [&] {
      const std::shared_ptr<ov::Model> network = core_.read_model(path.string());
      drop_unused_inputs(*network);
      return network;
    });
  }

  // `before` are the parts that feed it.
  [[nodiscard]] ov::CompiledModel compile(const Zoo& zoo, const ModelSpec& model, std::size_t part,
                                          const std::vector<ov::CompiledModel>& before) {
    std::shared_ptr<ov::Model> network = read(zoo.resolve(model.files[part]), owner_of(model));
    check_one_input(*network, model, part);
    if (part == 0) {
      fit_input_shape(*network, model);
    } else {
      fit_chain(*network, before.back(), model);
    }
    network = with_plain_tensors(network, model, part == 0);
    return translated(ErrorCode::kModel, owner_of(model), "compiling it",
                      [&] { return core_.compile_model(network, model.device, compile_options(model)); });
  }

  // "CPU" or "GPU.1"; what stands before '.' or ':' must be there, or be one of the virtual devices.
  void check_device(const ModelSpec& model) const {
    const std::string base = model.device.substr(0, model.device.find_first_of(".:"));
    if (is_virtual(model.device) || base == "CPU" || has_device(base)) return;
    throw Error(ErrorCode::kEngine,
                fmt::format("{}: device is '{}', expected one of {}; change it in the manifest",
                            owner_of(model), model.device, fmt::join(core_.get_available_devices(), ", ")));
  }

  // Asks only that device's plugin: a list of all devices loads every plugin, and with little memory some of
  // them crash.
  [[nodiscard]] bool has_device(const std::string& base) const {
    try {
      return !core_.get_property(base, ov::available_devices).empty();
    } catch (const ov::Exception&) {
      return false;
    }
  }

  // The second part of a chain takes output 0 of the first, whose type it must have; shapes may differ when
  // they hold as many values, or when it can be reshaped.
  static void fit_chain(ov::Model& network, const ov::CompiledModel& before, const ModelSpec& model) {
    const auto& from = before.output(0);
    const ov::PartialShape& given = from.get_partial_shape();
    const ov::PartialShape found = network.input().get_partial_shape();
    const auto mismatch = [&](std::string_view what, const std::string& expected, const std::string& is) {
      return Error(ErrorCode::kModel,
                   fmt::format("{}: input {} of the second file is {}, expected {}, that of the "
                               "first file's output 0",
                               owner_of(model), what, is, expected));
    };
    if (from.get_element_type() != network.input().get_element_type()) {
      throw mismatch("type", from.get_element_type().get_type_name(),
                     network.input().get_element_type().get_type_name());
    }
    if (found.is_static() && given.is_static() &&
        ov::shape_size(found.to_shape()) == ov::shape_size(given.to_shape())) {
      return;
    }
    try {
      network.reshape(given);
    } catch (const std::exception&) {
      throw mismatch("shape", shape_text(given), shape_text(found));
    }
  }

  static ov::AnyMap compile_options(const ModelSpec& model) {
    ov::AnyMap options{ov::hint::performance_mode(ov::hint::PerformanceMode::LATENCY),
                       ov::hint::inference_precision(element_of(model.precision))};
    if (model.device == "CPU") {
      options.insert(ov::num_streams(1));
      options.insert(ov::inference_num_threads(model.threads));
      // Pinned, all networks of all processes run on the first processor, one at a time.
      options.insert(ov::hint::enable_cpu_pinning(false));
    }
    return options;
  }

  ov::Core core_;
  CompileCache cache_;
};

}  // namespace

std::unique_ptr<Engine> make_openvino_engine(const EngineOptions& options) {
  check_memory("OpenVINO", address_space_left(), kLeastAddressSpace);
  check_memory("OpenVINO", memory_left(), kLeastMemory);
  return translated(ErrorCode::kEngine, "OpenVINO", "starting it",
                    [&]() -> std::unique_ptr<Engine> { return std::make_unique<OpenVinoEngine>(options); });
}

}  // namespace triage
