// Loaded models, lent to one caller at a time.
#include <fmt/format.h>

#include "base/check.h"
#include "triage/runtime.h"

namespace triage {

// The networks of one model that nobody is using.
struct ModelPool::Slot {
  std::mutex mutex;
  std::vector<std::unique_ptr<Network>> idle;
  std::size_t loaded = 0;  // lent ones too
};

ModelPool::ModelPool(const Zoo& zoo, EngineSet& engines) : zoo_(&zoo), engines_(&engines) {
  for (std::size_t i = 0; i < zoo.models.size(); ++i) slots_.push_back(std::make_unique<Slot>());
}

ModelPool::~ModelPool() = default;

ModelPool::Lease ModelPool::acquire(ModelIndex model) {
  TRIAGE_CHECK(model >= 0 && static_cast<std::size_t>(model) < slots_.size());
  Slot& slot = *slots_[static_cast<std::size_t>(model)];
  {
    const std::lock_guard lock(slot.mutex);
    if (!slot.idle.empty()) {
      std::unique_ptr<Network> network = std::move(slot.idle.back());
      slot.idle.pop_back();
      return {slot, std::move(network)};
    }
    // Room for it to come back, so that returning, in a destructor, need not allocate.
    slot.idle.reserve(++slot.loaded);
  }
  // Loading takes long, so other threads may use the slot meanwhile.
  const ModelSpec& spec = zoo_->models[static_cast<std::size_t>(model)];
  try {
    Engine& engine = engines_->for_file(spec.files.front().path);
    return {slot, engine.load(*zoo_, spec)};
  } catch (...) {
    const std::lock_guard lock(slot.mutex);
    --slot.loaded;
    throw;
  }
}

ModelPool::Lease::Lease(Slot& slot, std::unique_ptr<Network> network)
    : slot_(&slot), network_(std::move(network)) {}

ModelPool::Lease::Lease(Lease&&) noexcept = default;

ModelPool::Lease::~Lease() {
  if (!network_) return;
  const std::lock_guard lock(slot_->mutex);
  slot_->idle.push_back(std::move(network_));
}

}  // namespace triage
