// Which engine runs which file.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>
#include <mutex>
#include <string_view>

#include "base/files.h"
#include "engine/engines.h"
#include "triage/engine.h"
#include "triage/error.h"

namespace triage {
namespace {

struct EngineKind {
  std::vector<std::string> extensions;
  EngineFactory make;                        // empty: not in this build
  std::string missing = {};                  // what this build lacks
  std::unique_ptr<Engine> engine = nullptr;  // made on first use

  [[nodiscard]] bool takes(std::string_view extension) const {
    return std::find(extensions.begin(), extensions.end(), extension) != extensions.end();
  }
};

std::vector<EngineKind> built_in() {
  std::vector<EngineKind> kinds;
#ifdef TRIAGE_WITH_OPENVINO
  kinds.push_back({{".onnx", ".tflite", ".xml"}, &make_openvino_engine});
#else
  kinds.push_back({{".onnx", ".tflite", ".xml"}, nullptr, "OpenVINO"});
#endif
  kinds.push_back({{".fake"}, &make_fake_engine});
  return kinds;
}

}  // namespace

struct EngineSet::State {
  EngineOptions options;
  std::mutex mutex;
  std::vector<EngineKind> kinds = built_in();      // guarded by mutex, as are the engines in it
  std::map<std::string, NetworkFactory> networks;  // by model; guarded by mutex

  // Empty where an engine runs the model.
  NetworkFactory own_networks(const std::string& model) {
    const std::lock_guard lock(mutex);
    const auto own = networks.find(model);
    return own == networks.end() ? nullptr : own->second;
  }

  Engine& get(EngineKind& kind) const {
    if (!kind.engine) kind.engine = kind.make(options);
    return *kind.engine;
  }
};

EngineSet::EngineSet(EngineOptions options) : state_(std::make_unique<State>()) {
  state_->options = std::move(options);
}

EngineSet::~EngineSet() = default;

void EngineSet::add(std::vector<std::string> extensions, EngineFactory factory) {
  const auto refuse = [](const std::string& found, const std::string& expected) {
    throw Error(ErrorCode::kUsage, fmt::format("engine: {}, expected {}", found, expected));
  };
  if (extensions.empty() || !factory) refuse("no extensions or no factory", "both");
  const std::lock_guard lock(state_->mutex);
  for (const std::string& extension : extensions) {
    if (extension.size() < 2 || extension[0] != '.') {
      refuse(fmt::format("extension '{}'", extension), "one with its dot, such as '.xyz'");
    }
    for (const EngineKind& kind : state_->kinds) {
      if (kind.takes(extension))
        refuse(fmt::format("extension '{}' has an engine", extension), "another one");
    }
  }
  state_->kinds.push_back({std::move(extensions), std::move(factory)});
}

void EngineSet::add_networks(const std::string& model, NetworkFactory factory) {
  if (!factory) {
    throw Error(ErrorCode::kUsage, fmt::format("networks of model '{}': no factory, expected one", model));
  }
  const std::lock_guard lock(state_->mutex);
  if (!state_->networks.emplace(model, std::move(factory)).second) {
    throw Error(ErrorCode::kUsage,
                fmt::format("networks of model '{}': are there already, expected them once", model));
  }
}

Engine& EngineSet::for_file(const std::filesystem::path& model_file) {
  const std::string extension = lower_extension(model_file);
  const std::lock_guard lock(state_->mutex);
  std::vector<std::string> known;
  for (EngineKind& kind : state_->kinds) {
    known.insert(known.end(), kind.extensions.begin(), kind.extensions.end());
    if (!kind.takes(extension)) continue;
    if (kind.make) return state_->get(kind);
    throw Error(ErrorCode::kEngine,
                fmt::format("{}: needs the {} engine, which this build is without; configure with "
                            "-DTRIAGE_WITH_OPENVINO=ON",
                            model_file.string(), kind.missing));
  }
  std::erase(known, ".fake");  // for tests alone
  throw Error(ErrorCode::kModel, fmt::format("{}: has extension '{}', expected {}; convert the model",
                                             model_file.string(), extension, fmt::join(known, ", ")));
}

ModelSpec EngineSet::resolved(ModelSpec model) {
  // Every engine runs f32 on every device that it has, so none need be started for that.
  if (model.precision == Precision::kF32) return model;
  if (state_->own_networks(model.name)) {
    if (model.precision == Precision::kAuto) model.precision = Precision::kF32;
    return model;
  }
  const std::vector<Precision> here = for_file(model.files.front().path).precisions(model.device);
  if (model.precision == Precision::kAuto) {
    model.precision = here.front();
  } else if (std::find(here.begin(), here.end(), model.precision) == here.end()) {
    throw Error(
        ErrorCode::kEngine,
        fmt::format("model '{}': precision is '{}', which {} of this machine does not run, expected of "
                    "{}, or auto, which is {} here; change it in the manifest",
                    model.name, to_string(model.precision), model.device, fmt::join(names_of(here), ", "),
                    to_string(here.front())));
  }
  return model;
}

Zoo EngineSet::resolved(Zoo zoo) {
  for (ModelSpec& model : zoo.models) model = resolved(std::move(model));
  return zoo;
}

std::unique_ptr<Network> EngineSet::load(const Zoo& zoo, const ModelSpec& model) {
  if (const NetworkFactory own = state_->own_networks(model.name)) return own(resolved(model));
  verify_files(zoo, model);
  return for_file(model.files.front().path).load(zoo, resolved(model));
}

std::vector<Engine*> EngineSet::all() {
  const std::lock_guard lock(state_->mutex);
  std::vector<Engine*> engines;
  for (EngineKind& kind : state_->kinds) {
    if (kind.make) engines.push_back(&state_->get(kind));
  }
  return engines;
}

}  // namespace triage
