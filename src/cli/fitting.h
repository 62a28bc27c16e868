// A policy file beside the profiles that it is judged or calibrated on.
#pragma once

#include <memory>
#include <span>
#include <string>

#include "triage/policy.h"
#include "triage/tools/table.h"

namespace triage::cli {

// load_policy, for a table that these profiles gave. Throws kPolicy, naming all files, when it does not fit.
[[nodiscard]] std::unique_ptr<Policy> load_fitting_policy(const std::string& path, const Table& table,
                                                          std::span<const std::string> profiles);

}  // namespace triage::cli
