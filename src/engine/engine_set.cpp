// Which engine runs which file.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <mutex>
#include <string_view>

#include "engine/engines.h"
#include "triage/engine.h"
#include "triage/error.h"

namespace triage {
namespace {

struct EngineKind {
  std::string_view name;
  std::vector<std::string_view> extensions;
  std::unique_ptr<Engine> (*make)(const EngineOptions&);  // nullptr: not in this build
};

#ifdef TRIAGE_WITH_OPENVINO
constexpr auto* kMakeOpenVino = &make_openvino_engine;
#else
constexpr std::unique_ptr<Engine> (*kMakeOpenVino)(const EngineOptions&) = nullptr;
#endif

const std::array<EngineKind, 2> kEngines{{
    {"OpenVINO", {".onnx", ".tflite", ".xml"}, kMakeOpenVino},
    {"fake", {".fake"}, &make_fake_engine},
}};

}  // namespace

struct EngineSet::State {
  EngineOptions options;
  std::mutex mutex;
  std::array<std::unique_ptr<Engine>, kEngines.size()> engines;

  Engine& get(std::size_t kind) {
    const std::lock_guard lock(mutex);
    if (!engines[kind]) engines[kind] = kEngines[kind].make(options);
    return *engines[kind];
  }
};

EngineSet::EngineSet(EngineOptions options) : state_(std::make_unique<State>()) {
  state_->options = std::move(options);
}

EngineSet::~EngineSet() = default;

Engine& EngineSet::for_file(const std::filesystem::path& model_file) {
  const std::string extension = model_file.extension().string();
  for (std::size_t i = 0; i < kEngines.size(); ++i) {
    const auto& known = kEngines[i].extensions;
    if (std::find(known.begin(), known.end(), extension) == known.end()) continue;
    if (kEngines[i].make != nullptr) return state_->get(i);
    throw Error(ErrorCode::kEngine,
                fmt::format("{}: needs the {} engine, which this build is without; configure with "
                            "-DTRIAGE_WITH_OPENVINO=ON",
                            model_file.string(), kEngines[i].name));
  }
  throw Error(ErrorCode::kModel,
              fmt::format("{}: has extension '{}', expected .onnx, .tflite or .xml; convert "
                          "the model to one of them",
                          model_file.string(), extension));
}

std::vector<Engine*> EngineSet::all() {
  std::vector<Engine*> engines;
  for (std::size_t i = 0; i < kEngines.size(); ++i) {
    if (kEngines[i].make != nullptr) engines.push_back(&state_->get(i));
  }
  return engines;
}

}  // namespace triage
