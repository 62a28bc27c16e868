// What classifiers share: the zoo, the engines, the loaded networks, and who watches them. Make one, and as
// many classifiers on it as there are policies; networks that two policies run are loaded once.
#pragma once

#include <cstddef>
#include <filesystem>
#include <memory>
#include <string_view>

#include "triage/clock.h"
#include "triage/image.h"
#include "triage/result.h"
#include "triage/zoo.h"

namespace triage {

class EngineSet;
class ModelPool;
class Policy;

// A folder for RuntimeOptions::cache_dir: $XDG_CACHE_HOME/triage or ~/.cache/triage; empty when neither
// variable is set. It need not exist; whoever writes to it makes it.
[[nodiscard]] std::filesystem::path default_cache_dir();

struct LoadEvent {
  std::string_view model;  // name in the zoo; valid during the call
  std::size_t copies = 0;  // of this model that are loaded now
  std::size_t bytes = 0;   // that all loaded networks are estimated to take now
  double ms = 0;           // that loading took; 0 for an eviction
};

struct LookEvent {
  std::string_view model;  // name in the zoo; valid during the call
  const Look& look;
  double wait_ms = 0;  // for a network to be free, loading included
};

// Methods are called from whatever thread did the work, several at once, so they have to be safe
// concurrently; they should be quick, as the input waits for them, and must not call back into the
// classifier. Without an observer no events are made.
class Observer {
 public:
  virtual ~Observer() = default;
  virtual void on_load(const LoadEvent&) {}
  // A network was dropped to keep the memory budget.
  virtual void on_evict(const LoadEvent&) {}
  virtual void on_look(const LookEvent&) {}
  // Something a user should know, once: of the compiled networks' cache. Valid during the call.
  virtual void on_remark(std::string_view text) { (void)text; }
  // After every call that did not throw; `policy` is the one that decided.
  virtual void on_outcome(const Policy& policy, const Result& result) {
    (void)policy;
    (void)result;
  }
};

struct PoolOptions {
  // Copies of one network at a time, which is how many inputs may run it at once; further ones wait. 0: one
  // per core.
  std::size_t max_copies = 0;
  // That all loaded networks may take, by Network::memory_bytes(); the one that was not used for
  // the longest time is dropped for another. 0: no limit.
  std::size_t memory_bytes = 0;
};

struct RuntimeOptions {
  // Compiled networks are kept here; empty turns that off. What is damaged or of others there is made anew,
  // and where nothing can be kept work goes on without; Observer::on_remark says so.
  std::filesystem::path cache_dir = default_cache_dir();
  std::shared_ptr<Clock> clock = nullptr;  // none: steady_clock()
  PoolOptions pool = {};
  DecodeOptions decode = {};  // of classify_file and classify_bytes, see Classifier::decode_options
  std::shared_ptr<Observer> observer = nullptr;  // none: nobody watches
};

// What is loaded now, and what was done so far.
struct PoolUse {
  std::size_t networks = 0;  // loaded, copies counted
  std::size_t bytes = 0;     // as estimated
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
