// Engine without networks, for tests and for trying things out: a `.fake` file (JSON) says how often its
// network is right, how confident it is and how long it takes. Its answer depends on the tensor alone, so
// every run gives the same.
//
// The true class of a picture is its mean red (or gray) value's share of 0..255: class c of n lies around
// (c + 0.5) * 256 / n. The file states the input that the network was "trained" with, so a manifest with
// another mean, scale or colour order makes it guess, as it would a real one. In half precision (f16 on the
// "GPU", bf16 on the "NPU") it takes half the time and errs on other pictures.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <map>
#include <nlohmann/json.hpp>

#include "base/check.h"
#include "base/files.h"
#include "base/hash.h"
#include "engine/engines.h"
#include "triage/error.h"
#include "zoo/json_reader.h"

namespace triage {
namespace {

constexpr std::uint64_t kMaxFakeBytes = 1 << 20;
constexpr std::uint64_t kOtherAnswers = 1'000'000;  // added to the seed for other precisions than f32

// Content of a .fake file.
struct FakeModel {
  std::int32_t classes = 0;
  double accuracy = 1.0;    // share of right answers, 0..1
  double shared = 0.0;      // 0..1: share of pictures that are as hard for the other networks
  double confidence = 0.7;  // 0..1: how well confidence tells right answers from wrong ones
  double ms = 0.0;          // a run's time on the CPU, one thread
  double jitter = 0.0;      // 0..1: runs take ms * (1 - jitter) and ms * (1 + jitter) in turn
  double parallel = 0.0;    // 0..1: share of the time that further threads divide (Amdahl's law)
  std::map<std::string, double>
      devices;  // other devices that it runs on, and their time's ratio to the CPU's
  std::uint64_t seed = 0;
  std::int64_t fail_every = 0;  // a run fails when the picture's hash is divisible by it; 0: never
  bool logits = false;
  bool sigmoid = false;         // one value for two classes: the probability of the second, or its logit
  double output_scale = 1.0;    // what values are multiplied by
  bool nan = false;             // all values are NaN
  std::int32_t background = 0;  // outputs in front of the classes
  std::int32_t tail = 0;        // and behind
  std::int32_t embedding = 0;   // length of the output named "embedding"
  // The input that it was trained with.
  int width = 0;
  int height = 0;
  Layout layout = Layout::kNchw;
  ElementType type = ElementType::kF32;
  Colour colour = Colour::kGray;
  double mean = 0.0;
  double scale = 1.0;

  [[nodiscard]] std::size_t channels() const { return colour == Colour::kGray ? 1 : 3; }
  [[nodiscard]] std::vector<std::int64_t> shape() const {
    const auto c = static_cast<std::int64_t>(channels());
    return layout == Layout::kNchw ? std::vector<std::int64_t>{1, c, height, width}
                                   : std::vector<std::int64_t>{1, height, width, c};
  }
  [[nodiscard]] std::int64_t outputs() const {
    return sigmoid ? 1 : std::int64_t{classes} + background + tail;
  }
};

constexpr std::array<const char*, 2> kOtherDevices{"GPU", "NPU"};

std::map<std::string, double> read_devices(ObjectReader reader) {
  std::map<std::string, double> devices;
  for (const char* device : kOtherDevices) {
    if (reader.has(device)) devices[device] = reader.number(device, {0, 1e6});
  }
  reader.finish();
  return devices;
}

FakeModel read_fake(const std::filesystem::path& path) {
  const nlohmann::json json = parse_json(read_text(path, kMaxFakeBytes), path.string(), ErrorCode::kModel);
  ObjectReader reader(json, path.string(), "", ErrorCode::kModel);
  FakeModel fake;
  fake.classes = static_cast<std::int32_t>(reader.integer("classes", {1, kMaxClasses}));
  fake.accuracy = reader.number("accuracy", {0, 1}, 1.0);
  fake.shared = reader.number("shared", {0, 1}, 0.0);
  fake.confidence = reader.number("confidence", {0, 1}, 0.7);
  fake.ms = reader.number("ms", {0, 1e6}, 0.0);
  fake.jitter = reader.number("jitter", {0, 1}, 0.0);
  fake.parallel = reader.number("parallel", {0, 1}, 0.0);
  if (reader.has("devices")) fake.devices = read_devices(reader.object("devices"));
  fake.seed = static_cast<std::uint64_t>(reader.integer("seed", {0, 1e15}, 0));
  fake.fail_every = reader.integer("fail_every", {0, 1e15}, 0);
  fake.logits = reader.boolean("logits", false);
  fake.sigmoid = reader.boolean("sigmoid", false);
  fake.nan = reader.boolean("nan", false);
  fake.output_scale = reader.number("output_scale", {-1e6, 1e6}, 1.0);
  fake.tail = static_cast<std::int32_t>(reader.integer("tail", {0, 1000}, 0));
  fake.background = static_cast<std::int32_t>(reader.integer("background", {0, 1000}, 0));
  fake.embedding = static_cast<std::int32_t>(reader.integer("embedding", {0, 1e5}, 0));
  fake.width = static_cast<int>(reader.integer("width", {1, 8192}));
  fake.height = static_cast<int>(reader.integer("height", {1, 8192}));
  fake.layout = static_cast<Layout>(reader.choice("layout", {"nchw", "nhwc"}, 0));
  fake.type = static_cast<ElementType>(reader.choice("type", {"u8", "f32", "i8"}, 1));
  fake.colour = static_cast<Colour>(reader.choice("colour", {"rgb", "bgr", "gray"}, 2));
  fake.mean = reader.number("mean", {-1e6, 1e6}, 0.0);
  fake.scale = reader.number("scale", {-1e6, 1e6}, 1.0);
  reader.finish();
  return fake;
}

std::string sides_text(std::span<const std::int64_t> shape) {
  return fmt::format("({})", fmt::join(shape, ","));
}

// Uniform in [0, 1), of a hash and a purpose.
double uniform(std::uint64_t hash, std::uint64_t purpose) {
  return static_cast<double>(mix64(hash ^ mix64(purpose)) >> 11) * 0x1.0p-53;
}

class FakeNetwork final : public Network {
 public:
  // `fake.ms` is the time on the model's device with its threads.
  FakeNetwork(std::string name, const FakeModel& fake, bool with_embedding, Clock& clock)
      : name_(std::move(name)),
        fake_(fake),
        clock_(&clock),
        pixels_(
            fake.channels() * static_cast<std::size_t>(fake.width) * static_cast<std::size_t>(fake.height),
            '\0'),
        output_(static_cast<std::size_t>(fake.outputs())),
        embedding_(with_embedding ? static_cast<std::size_t>(fake.embedding) : 0) {}

  std::span<const float> run(std::span<const std::byte> tensor) override {
    const std::size_t expected = pixels_.size() * size_of(fake_.type);
    if (tensor.size() != expected) {
      throw Error(ErrorCode::kEngine,
                  fmt::format("model '{}': tensor of {} bytes, expected {}", name_, tensor.size(), expected));
    }
    read_pixels(tensor);
    const std::uint64_t picture = hash64(0, pixels_);
    const double jitter = ++runs_ % 2 == 0 ? fake_.jitter : -fake_.jitter;
    clock_->pass_ns(std::llround(fake_.ms * (1 + jitter) * 1e6));
    if (fake_.fail_every > 0 && picture % static_cast<std::uint64_t>(fake_.fail_every) == 0) {
      throw Error(ErrorCode::kEngine,
                  fmt::format("model '{}': this picture is one that its file tells it to fail on", name_));
    }
    answer(true_class(), picture);
    return output_;
  }

  [[nodiscard]] std::span<const float> embedding() const override { return embedding_; }

 private:
  // Undoes the recipe that the network was trained with.
  void read_pixels(std::span<const std::byte> tensor) {
    if (fake_.type != ElementType::kF32) {
      std::memcpy(pixels_.data(), tensor.data(), tensor.size());
      if (fake_.type == ElementType::kI8) {
        for (char& pixel : pixels_) pixel = static_cast<char>(pixel ^ '\x80');
      }
      return;
    }
    for (std::size_t i = 0; i < pixels_.size(); ++i) {
      float value = 0;
      std::memcpy(&value, tensor.data() + i * sizeof(float), sizeof(float));
      const double pixel = std::round(static_cast<double>(value) * fake_.scale + fake_.mean);
      pixels_[i] = static_cast<char>(static_cast<unsigned char>(pixel >= 0 ? std::min(pixel, 255.0) : 0.0));
    }
  }

  [[nodiscard]] std::int32_t true_class() const {
    const std::size_t n = static_cast<std::size_t>(fake_.width) * static_cast<std::size_t>(fake_.height);
    const std::size_t red = fake_.colour == Colour::kBgr ? 2 : 0;
    const bool planar = fake_.layout == Layout::kNchw;
    const std::size_t step = planar ? 1 : fake_.channels();
    const std::size_t first = planar ? red * n : red;
    double sum = 0;
    for (std::size_t i = 0; i < n; ++i) sum += static_cast<unsigned char>(pixels_[first + i * step]);
    const double share = sum / static_cast<double>(n) / 256.0;
    return std::min(static_cast<std::int32_t>(share * fake_.classes), fake_.classes - 1);
  }

  void answer(std::int32_t truth, std::uint64_t picture) {
    const std::uint64_t own = picture ^ mix64(fake_.seed + 1);
    const double difficulty = uniform(own, 1) < fake_.shared ? uniform(picture, 2) : uniform(own, 2);
    const bool right = fake_.classes == 1 || difficulty < fake_.accuracy;
    // A wrong answer is any other class; the truth comes second three times out of five.
    const auto others = static_cast<std::uint64_t>(std::max(fake_.classes - 1, 1));
    const auto shift = static_cast<std::int32_t>(1 + mix64(own ^ 3) % others);
    const std::int32_t other = (truth + shift) % fake_.classes;
    const std::int32_t best = right ? truth : other;
    const bool truth_second = uniform(own, 4) < 0.6;
    const std::int32_t second = right ? other : truth_second ? truth : (other + 1) % fake_.classes;
    const double noise = uniform(own, 5);
    const double told = right ? 0.5 + 0.5 * noise : 0.5 * noise;
    const double sure = 0.52 + 0.46 * (fake_.confidence * told + (1 - fake_.confidence) * uniform(own, 6));
    write(best, second, fake_.classes == 1 ? 1.0 : sure);
    for (std::size_t i = 0; i < embedding_.size(); ++i)
      embedding_[i] = static_cast<float>(uniform(picture, 100 + i));
  }

  // `best` gets `sure`; of the rest `second` has half, the others share the other half.
  void write(std::int32_t best, std::int32_t second, double sure) {
    const double rest = 1.0 - sure;
    const double half = fake_.classes > 2 ? rest / 2 : rest;
    const auto value_of = [&](double p) {
      const double value = fake_.logits ? std::log(std::max(p, 1e-12)) : p;
      return fake_.nan ? NAN : static_cast<float>(value * fake_.output_scale);
    };
    if (fake_.sigmoid) {
      const double p = best == 1 ? sure : rest;
      output_[0] = fake_.logits ? static_cast<float>(std::log(p / (1 - p))) : value_of(p);
      return;
    }
    for (std::int32_t i = 0; i < fake_.classes; ++i) {
      const double p = i == best ? sure : i == second ? half : half / std::max(fake_.classes - 2, 1);
      output_[static_cast<std::size_t>(fake_.background + i)] = value_of(p);
    }
    std::fill_n(output_.begin(), fake_.background, fake_.logits ? -20.0F : 0.0F);
    std::fill_n(output_.rbegin(), fake_.tail, fake_.logits ? -20.0F : 0.0F);
  }

  std::string name_;
  FakeModel fake_;
  Clock* clock_;
  std::string pixels_;
  std::vector<float> output_;
  std::vector<float> embedding_;
  std::uint64_t runs_ = 0;
};

const char* type_name(ElementType type) {
  if (type == ElementType::kF32) return "f32";
  return type == ElementType::kU8 ? "u8" : "i8";
}

void check_fits(const FakeModel& fake, const ModelSpec& model) {
  const auto mismatch = [&](std::string_view what, const auto& found, const auto& expected) {
    return Error(ErrorCode::kModel, fmt::format("model '{}': {} is {}, expected {} as the manifest states",
                                                model.name, what, found, expected));
  };
  const auto c = static_cast<std::int64_t>(model.input.channels());
  const std::vector<std::int64_t> wanted =
      model.input.layout == Layout::kNchw
          ? std::vector<std::int64_t>{1, c, model.input.height, model.input.width}
          : std::vector<std::int64_t>{1, model.input.height, model.input.width, c};
  if (fake.shape() != wanted) throw mismatch("input shape", sides_text(fake.shape()), sides_text(wanted));
  if (fake.type != model.input.type) {
    throw mismatch("input type", type_name(fake.type), type_name(model.input.type));
  }
  const auto outputs = static_cast<std::int64_t>(model.output.n_values());
  if (fake.outputs() != outputs) throw mismatch("number of class values", fake.outputs(), outputs);
  if (model.output.index != 0) throw mismatch("number of class outputs", 1, model.output.index + 1);
  if (!model.output.embedding.empty() && (model.output.embedding != "embedding" || fake.embedding == 0)) {
    throw mismatch("embedding output", fake.embedding > 0 ? "'embedding'" : "none",
                   "'" + model.output.embedding + "'");
  }
}

// A run's time as the manifest has it run.
double run_ms(const FakeModel& fake, const ModelSpec& model) {
  double ratio = 1;
  if (model.device != "CPU") {
    const auto known = fake.devices.find(model.device);
    if (known == fake.devices.end()) {
      throw Error(
          ErrorCode::kEngine,
          fmt::format("model '{}': device is '{}', expected CPU or one that its file lists; change it in "
                      "the manifest",
                      model.name, model.device));
    }
    ratio = known->second;
  }
  if (model.precision != Precision::kF32) ratio /= 2;
  return fake.ms * ratio * (1 - fake.parallel + fake.parallel / model.threads);
}

class FakeEngine final : public Engine {
 public:
  explicit FakeEngine(Clock& clock) : clock_(&clock) {}
  [[nodiscard]] std::string name() const override { return "fake"; }
  [[nodiscard]] std::string version() const override { return "1"; }
  [[nodiscard]] std::vector<std::string> devices() const override {
    return {"CPU", kOtherDevices[0], kOtherDevices[1]};
  }

  // Each device differs from the others, so that they can stand for several machines.
  [[nodiscard]] std::vector<Precision> precisions(const std::string& device) const override {
    if (device == "GPU") return {Precision::kF16, Precision::kF32};
    if (device == "NPU") return {Precision::kBf16, Precision::kF32};
    return {Precision::kF32};
  }

  [[nodiscard]] std::unique_ptr<Network> load(const Zoo& zoo, const ModelSpec& model) override {
    if (model.files.size() != 1) {
      throw Error(ErrorCode::kModel, fmt::format("model '{}': {} files, expected 1 for the fake engine",
                                                 model.name, model.files.size()));
    }
    FakeModel fake = read_fake(zoo.resolve(model.files[0]));
    check_fits(fake, model);
    fake.ms = run_ms(fake, model);
    if (model.precision != Precision::kF32) fake.seed += kOtherAnswers;
    return std::make_unique<FakeNetwork>(model.name, fake, !model.output.embedding.empty(), *clock_);
  }

  [[nodiscard]] ModelShapes inspect(const std::filesystem::path& model_file) override {
    const FakeModel fake = read_fake(model_file);
    ModelShapes shapes;
    shapes.inputs = {fake.shape()};
    shapes.input_types = {type_name(fake.type)};
    shapes.outputs = {{1, fake.outputs()}};
    shapes.output_names = {"classes"};
    shapes.output_types = {"f32"};
    if (fake.embedding > 0) {
      shapes.outputs.push_back({1, fake.embedding});
      shapes.output_names.emplace_back("embedding");
      shapes.output_types.emplace_back("f32");
    }
    return shapes;
  }

 private:
  Clock* clock_;
};

}  // namespace

std::unique_ptr<Engine> make_fake_engine(const EngineOptions& options) {
  return std::make_unique<FakeEngine>(options.clock != nullptr ? *options.clock : steady_clock());
}

}  // namespace triage
