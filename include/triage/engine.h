// What runs model files. An engine is one source file: implement Engine and Network, and give its
// extensions a line in engine_set.cpp.
#pragma once

#include <cstddef>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "triage/clock.h"
#include "triage/types.h"
#include "triage/zoo.h"

namespace triage {

// One loaded model with its buffers. Not thread-safe: one per thread, from a pool (runtime.h).
class Network {
 public:
  virtual ~Network() = default;
  // Runs the model on a tensor made by its recipe. The class values, shape (n_classes + label_offset), as the
  // model gives them, are valid until the next run. Throws kEngine.
  virtual std::span<const float> run(std::span<const std::byte> tensor) = 0;
  // The embedding of the last run, empty when the manifest names none.
  [[nodiscard]] virtual std::span<const float> embedding() const = 0;
};

// Reads raw class values (label offset still in front) as the manifest says: softmax or scale, offset
// dropped. `probabilities` has shape (output.n_classes).
void to_probabilities(const OutputSpec& output, std::span<const float> raw, std::span<float> probabilities);

// Shapes of a model file, as found in it; for `zoo add` and for messages.
struct ModelShapes {
  std::vector<std::vector<std::int64_t>> inputs;  // -1 where dynamic
  std::vector<std::string> input_types;           // "u8", "f32", ...
  std::vector<std::vector<std::int64_t>> outputs;
  std::vector<std::string> output_names;  // empty strings where unnamed
  std::vector<std::string> output_types;
};

struct EngineOptions {
  // Compiled models are cached here; empty turns that off.
  std::filesystem::path cache_dir;
  // Used by the fake engine to let its models' time pass.
  std::shared_ptr<Clock> clock = nullptr;  // none: steady_clock()
};

class Engine {
 public:
  virtual ~Engine() = default;
  [[nodiscard]] virtual std::string name() const = 0;
  [[nodiscard]] virtual std::string version() const = 0;
  // Device names that a manifest may use, such as "CPU".
  [[nodiscard]] virtual std::vector<std::string> devices() const = 0;
  // Verifies checksums, loads and compiles; the first run is done, so that the next is a warm one. Throws
  // kIo, kManifest, kModel (naming both shapes when they are not the manifest's). Safe concurrently.
  [[nodiscard]] virtual std::unique_ptr<Network> load(const Zoo& zoo, const ModelSpec& model) = 0;
  [[nodiscard]] virtual ModelShapes inspect(const std::filesystem::path& model_file) = 0;
};

// The engine for a model file, told by its extension: OpenVINO for .onnx, .tflite, .xml; the fake engine for
// .fake. One engine object of each kind is made on first use and kept by the set. Throws kModel for any other
// file, kEngine when this build is without that engine. Safe concurrently.
class EngineSet {
 public:
  explicit EngineSet(EngineOptions options = {});
  ~EngineSet();
  [[nodiscard]] Engine& for_file(const std::filesystem::path& model_file);
  // Every engine in this build.
  [[nodiscard]] std::vector<Engine*> all();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// A folder for EngineOptions::cache_dir: $XDG_CACHE_HOME/triage or ~/.cache/triage; empty when neither can be
// made.
[[nodiscard]] std::filesystem::path default_cache_dir();

}  // namespace triage
