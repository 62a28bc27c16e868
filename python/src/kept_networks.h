// Networks that outlive one measuring: those that were loaded are used again by the next.
#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "core.h"
#include "triage/engine.h"

namespace triage::python {

// Lends loaded networks of one model; one that comes back is lent again. Safe concurrently.
class KeptNetworks : public std::enable_shared_from_this<KeptNetworks> {
 public:
  // `load` makes a further copy when all are lent.
  explicit KeptNetworks(NetworkFactory load) : load_(std::move(load)) {}

  std::unique_ptr<Network> lend(const ModelSpec& model) {
    {
      const std::lock_guard lock(mutex_);
      if (!free_.empty()) {
        std::unique_ptr<Network> network = std::move(free_.back());
        free_.pop_back();
        return std::make_unique<Lent>(shared_from_this(), std::move(network));
      }
    }
    return std::make_unique<Lent>(shared_from_this(), load_(model));
  }

 private:
  class Lent final : public Network {
   public:
    Lent(std::shared_ptr<KeptNetworks> from, std::unique_ptr<Network> network)
        : from_(std::move(from)), network_(std::move(network)) {}
    ~Lent() override { from_->take_back(std::move(network_)); }
    std::span<const float> run(std::span<const std::byte> tensor) override { return network_->run(tensor); }
    void run_batch(std::span<const std::span<const std::byte>> tensors,
                   const std::function<void(std::size_t, std::span<const float>)>& on_output) override {
      network_->run_batch(tensors, on_output);
    }
    [[nodiscard]] std::span<const float> embedding() const override { return network_->embedding(); }
    [[nodiscard]] std::size_t memory_bytes() const override { return network_->memory_bytes(); }

   private:
    std::shared_ptr<KeptNetworks> from_;
    std::unique_ptr<Network> network_;
  };

  void take_back(std::unique_ptr<Network> network) {
    const std::lock_guard lock(mutex_);
    free_.push_back(std::move(network));
  }

  NetworkFactory load_;
  std::mutex mutex_;
  std::vector<std::unique_ptr<Network>> free_;
};

}  // namespace triage::python
