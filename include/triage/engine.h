// What runs model files. An engine of your own: implement Engine and Network, and add a maker of it to an
// EngineSet (examples/own_engine.cpp).
#pragma once

#include <cstddef>
#include <filesystem>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "triage/clock.h"
#include "triage/types.h"
#include "triage/zoo.h"

namespace triage {

// One loaded model with its buffers. Not thread-safe: each is lent to one caller at a time (Runtime).
class Network {
 public:
  virtual ~Network() = default;
  // Runs the model on a tensor made by its recipe. The class values, shape (output.n_values()), as the model
  // gives them (signed 8-bit ones plus 128), are valid until the next run. Throws kEngine.
  virtual std::span<const float> run(std::span<const std::byte> tensor) = 0;
  // Runs it on each of several tensors; `on_output(i, values)` is called once for each, in order, with what
  // run() would give for it. Networks that can take several at once override this. Throws kEngine.
  virtual void run_batch(std::span<const std::span<const std::byte>> tensors,
                         const std::function<void(std::size_t, std::span<const float>)>& on_output);
  // The embedding of the last run, empty when the manifest names none.
  [[nodiscard]] virtual std::span<const float> embedding() const { return {}; }
  // Bytes that it takes in memory, for PoolOptions::memory_bytes; 0: not known, the size of its files is
  // assumed.
  [[nodiscard]] virtual std::size_t memory_bytes() const { return 0; }
};

// Reads raw class values, shape (output.n_values()), as the manifest says: softmax, sigmoid or scale, offset
// and tail dropped. `probabilities` has shape (output.n_classes).
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
  // Compiled models are cached here; empty turns that off. What is not usable there is made anew.
  std::filesystem::path cache_dir;
  // Used by the fake engine to let its models' time pass.
  std::shared_ptr<Clock> clock = nullptr;  // none: steady_clock()
  // Told once of each thing about the cache that a user should know (a damaged file, a folder that cannot be
  // written), from whatever thread loads. Empty: nobody is told.
  std::function<void(std::string_view)> on_remark = {};
};

class Engine {
 public:
  virtual ~Engine() = default;
  [[nodiscard]] virtual std::string name() const = 0;
  [[nodiscard]] virtual std::string version() const = 0;
  // Device names that a manifest may use, such as "CPU".
  [[nodiscard]] virtual std::vector<std::string> devices() const = 0;
  // What networks can be run in on a device: by its hardware, not emulated. The engine's own choice, which is
  // what Precision::kAuto means, comes first.
  [[nodiscard]] virtual std::vector<Precision> precisions(const std::string& device) const;
  // Loads, compiles and runs once, so that the caller's first run is warm. Checksums have been verified
  // (EngineSet::load), and the model's precision is one of precisions(). Throws kIo, kModel (naming both
  // shapes when they are not the manifest's). Safe concurrently.
  [[nodiscard]] virtual std::unique_ptr<Network> load(const Zoo& zoo, const ModelSpec& model) = 0;
  [[nodiscard]] virtual ModelShapes inspect(const std::filesystem::path& model_file) = 0;
};

using EngineFactory = std::function<std::unique_ptr<Engine>(const EngineOptions&)>;
// Makes one copy of a model's network. Called concurrently.
using NetworkFactory = std::function<std::unique_ptr<Network>(const ModelSpec&)>;

// The engine for a model file, told by its extension: OpenVINO for .onnx, .tflite, .xml; the fake engine for
// .fake; and those that are added. One engine object of each kind is made on first use and kept by the set.
// Safe concurrently.
class EngineSet {
 public:
  explicit EngineSet(EngineOptions options = {});
  ~EngineSet();
  EngineSet(const EngineSet&) = delete;
  EngineSet& operator=(const EngineSet&) = delete;
  // A further engine, for files with these extensions (".xyz", lower case). Throws kUsage for none, for one
  // without its dot, and for one that has an engine already.
  void add(std::vector<std::string> extensions, EngineFactory factory);
  // What runs the model of this name in place of an engine: its files are neither verified nor read, and need
  // not be there; its precision is as stated, f32 for Precision::kAuto. Throws kUsage without a factory, and
  // for a model that has one.
  void add_networks(const std::string& model, NetworkFactory factory);
  // Throws kModel for a file that has no engine, kEngine when this build lacks it.
  [[nodiscard]] Engine& for_file(const std::filesystem::path& model_file);
  // The model as it runs here: with its engine's choice in place of Precision::kAuto. Throws kEngine where
  // its device cannot run it in its precision, naming those that it can; as for_file.
  [[nodiscard]] ModelSpec resolved(ModelSpec model);
  // The same for every model of a zoo.
  [[nodiscard]] Zoo resolved(Zoo zoo);
  // Verifies the checksums of a model's files, then has its engine load it as resolved() gives it. Throws as
  // verify_files, resolved and Engine::load do.
  [[nodiscard]] std::unique_ptr<Network> load(const Zoo& zoo, const ModelSpec& model);
  // Every engine in this build, and those that were added.
  [[nodiscard]] std::vector<Engine*> all();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace triage
