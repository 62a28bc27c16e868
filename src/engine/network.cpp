#include "triage/engine.h"

namespace triage {

void Network::run_batch(std::span<const std::span<const std::byte>> tensors,
                        const std::function<void(std::size_t, std::span<const float>)>& on_output) {
  for (std::size_t i = 0; i < tensors.size(); ++i) on_output(i, run(tensors[i]));
}

std::vector<Precision> Engine::precisions(const std::string&) const { return {Precision::kF32}; }

}  // namespace triage
