// What classifiers share: the zoo, the engines, and the loaded networks. Make one, and as many classifiers on
// it as there are policies; networks that two policies run are loaded once.
#pragma once

#include <cstddef>
#include <filesystem>
#include <memory>

#include "triage/clock.h"
#include "triage/image.h"
#include "triage/observer.h"
#include "triage/zoo.h"

namespace triage {

class EngineSet;
class ModelPool;

// A folder for RuntimeOptions::cache_dir: $XDG_CACHE_HOME/triage or ~/.cache/triage; empty when neither can
// be made.
[[nodiscard]] std::filesystem::path default_cache_dir();

struct PoolOptions {
  // Copies of one network at a time, which is how many inputs may run it at once; further ones wait. 0: one a
  // core.
  std::size_t max_copies = 0;
  // That all loaded networks may take, as reckoned by Network::memory_bytes(); the one that was not used for
  // the longest time is dropped for another. 0: no limit.
  std::size_t memory_bytes = 0;
};

struct RuntimeOptions {
  // Compiled networks are kept here; empty turns that off.
  std::filesystem::path cache_dir = default_cache_dir();
  std::shared_ptr<Clock> clock = nullptr;  // none: steady_clock()
  PoolOptions pool = {};
  DecodeOptions decode = {};                     // of classify_file and classify_bytes
  std::shared_ptr<Observer> observer = nullptr;  // none: nobody watches
};

// What is loaded now, and what was done so far.
struct PoolUse {
  std::size_t networks = 0;  // loaded, copies counted
  std::size_t bytes = 0;     // as reckoned
  std::size_t loads = 0;
  std::size_t evictions = 0;
};

// Safe concurrently.
class Runtime {
 public:
  explicit Runtime(Zoo zoo, const RuntimeOptions& options = {});
  ~Runtime();
  Runtime(const Runtime&) = delete;
  Runtime& operator=(const Runtime&) = delete;
  // Of a manifest on disk. Throws kIo, kManifest.
  [[nodiscard]] static std::shared_ptr<Runtime> load(const std::filesystem::path& zoo,
                                                     const RuntimeOptions& options = {});

  [[nodiscard]] const Zoo& zoo() const;
  // Engines of your own are added here, before the first network is loaded.
  [[nodiscard]] EngineSet& engines();
  [[nodiscard]] const Clock& clock() const;
  [[nodiscard]] PoolUse pool_use() const;

  // For the parts of the library that run networks.
  [[nodiscard]] ModelPool& pool();
  [[nodiscard]] const RuntimeOptions& options() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace triage
