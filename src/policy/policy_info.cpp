#include "triage/policy_info.h"

#include <algorithm>

namespace triage {

bool TrainingFacts::has_input(std::uint64_t hash) const {
  const auto has = [&](std::uint64_t wanted) {
    return std::binary_search(input_hashes.begin(), input_hashes.end(), wanted);
  };
  return has(hash) || has(hash & 0xFFFFFFFF00000000U);
}

}  // namespace triage
