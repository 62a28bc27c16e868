#include "cli/fitting.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "triage/error.h"
#include "triage/tools/evaluate.h"

namespace triage::cli {

std::unique_ptr<Policy> load_fitting_policy(const std::string& path, const Table& table,
                                            std::span<const std::string> profiles) {
  auto policy = load_policy(path);
  if (const auto difference = policy_difference(table, *policy)) {
    throw Error(ErrorCode::kPolicy,
                fmt::format("{}: does not fit {}: {}", path, fmt::join(profiles, ", "), *difference));
  }
  return policy;
}

}  // namespace triage::cli
