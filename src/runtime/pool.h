// Loaded networks, lent to one caller at a time.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

#include "runtime/driver.h"
#include "triage/engine.h"
#include "triage/runtime.h"

namespace triage {

// The networks of a zoo, each loaded on first use. When all copies of one are lent, another is loaded as far
// as the options allow; else the caller waits. A caller holds one network at a time, so it never waits for
// itself. Safe concurrently.
class ModelPool {
 public:
  // All must outlive it; `observer` may be null.
  ModelPool(const Zoo& zoo, EngineSet& engines, const PoolOptions& options = {},
            const Clock& clock = steady_clock(), Observer* observer = nullptr);
  ~ModelPool();
  class Lease;  // returns its network to the pool when destroyed

  // `model` indexes zoo.models. Nothing when the patience ends first; a model that needs no wait is given
  // even then. Throws as EngineSet::load does, and kUsage for a model that is larger than the memory budget.
  [[nodiscard]] std::optional<Lease> acquire(ModelIndex model, const Patience& patience);
  // Waits as long as it takes.
  [[nodiscard]] Lease acquire(ModelIndex model);
  // Loads until there are `copies` of it, as far as the options allow without dropping other networks.
  void warm_up(ModelIndex model, std::size_t copies);

  [[nodiscard]] PoolUse use() const;
  [[nodiscard]] const Zoo& zoo() const { return *zoo_; }

 private:
  struct Slot;
  using Evicted = std::vector<std::pair<ModelIndex, std::unique_ptr<Network>>>;
  using Lock = std::unique_lock<std::mutex>;

  [[nodiscard]] Slot& slot_of(ModelIndex model);
  void reckon(Slot& slot) const;
  bool make_room(const Slot& slot, Evicted& evicted);
  bool may_load(Slot& slot, Evicted& evicted);
  std::unique_ptr<Network> load(Slot& slot, Evicted& evicted, Lock& lock);
  void give_back(Slot& slot, std::unique_ptr<Network> network);
  void drop(Evicted& evicted, std::size_t bytes) const;
  bool wait(Lock& lock, const Patience& patience);

  const Zoo* zoo_;
  EngineSet* engines_;
  PoolOptions options_;
  const Clock* clock_;
  Observer* observer_;
  mutable std::mutex mutex_;  // guards all that follows
  std::condition_variable_any changed_;
  std::vector<std::unique_ptr<Slot>> slots_;
  std::uint64_t uses_ = 0;  // so far; what was used last has the highest number
  PoolUse use_;
};

class ModelPool::Lease {
 public:
  Lease(ModelPool& pool, Slot& slot, std::unique_ptr<Network> network);
  Lease(Lease&&) noexcept;
  Lease& operator=(Lease&&) = delete;
  ~Lease();
  Network* operator->() const { return network_.get(); }

 private:
  ModelPool* pool_;
  Slot* slot_;
  std::unique_ptr<Network> network_;
};

}  // namespace triage
