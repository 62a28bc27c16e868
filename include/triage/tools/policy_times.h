// The times of a policy's models on this machine.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <span>
#include <stop_token>
#include <string>
#include <vector>

#include "triage/clock.h"
#include "triage/image.h"
#include "triage/policy.h"
#include "triage/runtime.h"

namespace triage {

struct PolicyTimesOptions {
  std::size_t runs = 1000;  // of each model, 1 or more: the share of 0.999 needs as many to mean something
  double seconds = 30;      // after which no further round is begun, once there are kFewestRounds
  std::shared_ptr<const Clock> cpu_clock = nullptr;  // as ProfileOptions::cpu_clock
  std::stop_token stop = {};                         // when asked to stop: throws kInterrupted
  std::function<void(std::size_t done, std::size_t total)> on_progress;  // in rounds
};
inline constexpr std::size_t kFewestRounds = 30;

// Mean and quantiles, of preprocessing and inference together.
struct PolicyTimes {
  std::vector<PolicyModel>
      models;        // those of the policy, in their order; joules are kept on the same machine
  PolicyModel best;  // PolicyInfo::best; without a name where the zoo lacks it
  std::string machine;
  std::size_t runs = 0;       // of each model
  std::size_t retries = 0;    // runs timed again because the process stood still meanwhile
  std::size_t disturbed = 0;  // runs during which it did so every time
};

// Runs each model on the images in turn, in an order shuffled anew for each round, as 'triage profile' does:
// once untimed, then timed. The runtime's clock counts. Throws kUsage for no images or options out of range,
// kPolicy where the policy does not fit the runtime's zoo.
[[nodiscard]] PolicyTimes time_policy(const Policy& policy, const std::shared_ptr<Runtime>& runtime,
                                      std::span<const Image> images, const PolicyTimesOptions& options = {});

// A picture of noise as large as the largest input of the policy's models, for those who have no images at
// hand: nothing is resized then, which larger pictures pay for.
[[nodiscard]] Image made_up_image(const Policy& policy, const Zoo& zoo);

}  // namespace triage
