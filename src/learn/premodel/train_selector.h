// The premodel that is a network: finding the table's selector, and the policy around it. The network itself
// is trained by tools/train_selectors.py.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "triage/tools/learn.h"
#include "triage/tools/rows.h"

namespace triage {

inline constexpr std::string_view kNetworkPremodel = "cnn";

// The selector `wanted`, or, when that is empty, the only one that was trained on everything. Throws kUsage.
[[nodiscard]] ModelIndex find_selector(const Table& table, const std::string& wanted);
// The same, but one trained on exactly these rows, the training part of a fold. Rows are compared by hash: a
// fold number means other rows in another data set. Throws kUsage when there is none.
[[nodiscard]] ModelIndex find_selector(const Table& table, const std::string& wanted, Rows train);

// The policy around options.selector; Algorithm 1 is traced for the report, but what is chosen among is what
// the network's outputs stand for.
[[nodiscard]] TrainedPremodel train_network_premodel(const Table& table, Rows rows, const LearnOptions& learn,
                                                     const PremodelOptions& options);

}  // namespace triage
