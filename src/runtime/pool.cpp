#include "runtime/pool.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <thread>

#include "base/check.h"
#include "triage/error.h"

namespace triage {
namespace {

// How often a waiting caller checks its clock, which may not be the system's.
constexpr std::chrono::milliseconds kLook{2};

std::size_t copies_allowed(const PoolOptions& options) {
  return options.max_copies > 0 ? options.max_copies
                                : std::max<std::size_t>(1, std::thread::hardware_concurrency());
}

}  // namespace

// One model's networks.
struct ModelPool::Slot {
  ModelIndex model = kNoModel;
  std::vector<std::unique_ptr<Network>> idle;
  std::size_t copies = 0;  // lent ones and those being loaded too
  std::size_t bytes = 0;   // of one copy; 0 until it is known
  std::uint64_t last_use = 0;
  std::size_t warming = 0;  // copies that warm_up() is loading
};

ModelPool::ModelPool(const Zoo& zoo, EngineSet& engines, const PoolOptions& options, const Clock& clock,
                     Observer* observer)
    : zoo_(&zoo), engines_(&engines), options_(options), clock_(&clock), observer_(observer) {
  options_.max_copies = copies_allowed(options);
  for (std::size_t i = 0; i < zoo.models.size(); ++i) {
    slots_.push_back(std::make_unique<Slot>());
    slots_.back()->model = static_cast<ModelIndex>(i);
  }
}

ModelPool::~ModelPool() = default;

ModelPool::Slot& ModelPool::slot_of(ModelIndex model) {
  TRIAGE_CHECK(model >= 0 && static_cast<std::size_t>(model) < slots_.size());
  return *slots_[static_cast<std::size_t>(model)];
}

ModelPool::Lease ModelPool::acquire(ModelIndex model) { return std::move(*acquire(model, Patience{})); }

std::optional<ModelPool::Lease> ModelPool::acquire(ModelIndex model, const Patience& patience) {
  Slot& slot = slot_of(model);
  Evicted evicted;
  Lock lock(mutex_);
  for (;;) {
    slot.last_use = ++uses_;
    if (!slot.idle.empty()) {
      std::unique_ptr<Network> network = std::move(slot.idle.back());
      slot.idle.pop_back();
      return Lease(*this, slot, std::move(network));
    }
    // One that is being loaded ahead is there sooner than another would be.
    if (slot.warming == 0 && may_load(slot, evicted)) return Lease(*this, slot, load(slot, evicted, lock));
    if (!wait(lock, patience)) return std::nullopt;
  }
}

// Estimates the bytes of a copy before it is loaded.
void ModelPool::reckon(Slot& slot) const {
  const ModelSpec& spec = zoo_->models[static_cast<std::size_t>(slot.model)];
  if (slot.bytes == 0) {
    // A missing file is reported when it is loaded.
    try {
      slot.bytes = static_cast<std::size_t>(model_size_bytes(*zoo_, spec));
    } catch (const Error&) {
    }
  }
  const std::size_t budget = options_.memory_bytes;
  if (budget > 0 && slot.bytes > budget) {
    throw Error(ErrorCode::kUsage,
                fmt::format("model '{}': reckoned to take {} bytes, expected at most memory_bytes, {}; raise "
                            "it, or leave the model out",
                            spec.name, slot.bytes, budget));
  }
}

// Whether another copy may be loaded now; reserves its place then.
bool ModelPool::may_load(Slot& slot, Evicted& evicted) {
  if (slot.copies >= options_.max_copies) return false;
  reckon(slot);
  if (!make_room(slot, evicted)) return false;
  ++slot.copies;
  // Room for its return, which happens in a destructor and so must not allocate.
  slot.idle.reserve(slot.copies);
  ++use_.networks;
  use_.bytes += slot.bytes;
  return true;
}

// Takes idle networks out, the one first whose model was not used for the longest time; false, with none
// taken out, where that is not enough.
bool ModelPool::make_room(const Slot& wanted, Evicted& evicted) {
  const std::size_t budget = options_.memory_bytes;
  if (budget == 0) return true;
  std::size_t idle_bytes = 0;
  for (const auto& slot : slots_) idle_bytes += slot->idle.size() * slot->bytes;
  if (use_.bytes - idle_bytes + wanted.bytes > budget) return false;
  while (use_.bytes + wanted.bytes > budget) {
    Slot* oldest = nullptr;
    for (const auto& slot : slots_) {
      if (slot->idle.empty()) continue;
      if (oldest == nullptr || slot->last_use < oldest->last_use) oldest = slot.get();
    }
    TRIAGE_CHECK(oldest != nullptr);
    evicted.emplace_back(oldest->model, std::move(oldest->idle.back()));
    oldest->idle.pop_back();
    --oldest->copies;
    --use_.networks;
    ++use_.evictions;
    use_.bytes -= oldest->bytes;
  }
  return true;
}

// Dropping and loading take long, so the pool is unlocked meanwhile. The copy has been counted already; any
// exception, also one of an observer, undoes that.
std::unique_ptr<Network> ModelPool::load(Slot& slot, Evicted& evicted, Lock& lock) {
  const ModelSpec& spec = zoo_->models[static_cast<std::size_t>(slot.model)];
  const std::size_t bytes = use_.bytes;
  lock.unlock();
  try {
    drop(evicted, bytes);
    const Stopwatch watch(*clock_);
    std::unique_ptr<Network> network = engines_->load(*zoo_, spec);
    LoadEvent event{.model = spec.name, .ms = watch.ms()};
    lock.lock();
    // Now it is known better; all copies count alike.
    if (const std::size_t known = network->memory_bytes(); known > 0 && known != slot.bytes) {
      use_.bytes += slot.copies * known - slot.copies * slot.bytes;
      slot.bytes = known;
      changed_.notify_all();
    }
    ++use_.loads;
    event.copies = slot.copies;
    event.bytes = use_.bytes;
    lock.unlock();
    if (observer_ != nullptr) observer_->on_load(event);
    return network;
  } catch (...) {
    if (!lock.owns_lock()) lock.lock();
    --slot.copies;
    --use_.networks;
    use_.bytes -= slot.bytes;
    changed_.notify_all();
    throw;
  }
}

void ModelPool::give_back(Slot& slot, std::unique_ptr<Network> network) {
  {
    const std::lock_guard lock(mutex_);
    slot.idle.push_back(std::move(network));
  }
  changed_.notify_all();
}

void ModelPool::drop(Evicted& evicted, std::size_t bytes) const {
  for (auto& [model, network] : evicted) {
    network.reset();
    if (observer_ == nullptr) continue;
    observer_->on_evict({.model = zoo_->models[static_cast<std::size_t>(model)].name, .bytes = bytes});
  }
}

// Until something was given back, or for a moment; false when the patience has ended.
bool ModelPool::wait(Lock& lock, const Patience& patience) {
  if (patience.stop.stop_requested()) return false;
  if (patience.until_ns == kNoDeadline) {
    changed_.wait(lock, patience.stop, [awake = false]() mutable { return std::exchange(awake, true); });
    return !patience.stop.stop_requested();
  }
  const std::int64_t left_ns = patience.until_ns - clock_->now_ns();
  if (left_ns <= 0) return false;
  (void)changed_.wait_for(lock, std::min<std::chrono::nanoseconds>(kLook, std::chrono::nanoseconds(left_ns)));
  return true;
}

void ModelPool::warm_up(ModelIndex model, std::size_t copies) {
  Slot& slot = slot_of(model);
  copies = std::min(copies, options_.max_copies);
  Evicted nobody;
  Lock lock(mutex_);
  while (slot.copies < copies) {
    reckon(slot);
    if (options_.memory_bytes > 0 && use_.bytes + slot.bytes > options_.memory_bytes) return;
    if (!may_load(slot, nobody)) return;
    ++slot.warming;
    try {
      std::unique_ptr<Network> network = load(slot, nobody, lock);
      lock.lock();
      slot.last_use = ++uses_;
      slot.idle.push_back(std::move(network));
    } catch (...) {
      if (!lock.owns_lock()) lock.lock();
      --slot.warming;
      changed_.notify_all();
      throw;
    }
    --slot.warming;
    changed_.notify_all();
  }
}

PoolUse ModelPool::use() const {
  const std::lock_guard lock(mutex_);
  return use_;
}

ModelPool::Lease::Lease(ModelPool& pool, Slot& slot, std::unique_ptr<Network> network)
    : pool_(&pool), slot_(&slot), network_(std::move(network)) {}

ModelPool::Lease::Lease(Lease&&) noexcept = default;

ModelPool::Lease::~Lease() {
  if (network_) pool_->give_back(*slot_, std::move(network_));
}

}  // namespace triage
