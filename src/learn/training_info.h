// The part that every trained policy carries: its models with their times, the table's classes and machine.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "triage/policy.h"
#include "triage/tools/rows.h"

namespace triage {

// Info for a policy that may run `models`, positions in the table, whose order it keeps; times are those of
// the rows; no features. Throws kUsage for no rows.
[[nodiscard]] PolicyInfo make_policy_info(const Table& table, Rows rows, Criterion criterion,
                                          std::span<const ModelIndex> models);

// The hashes by which a policy recognises an input of its training: of its id and, where the table has it, of
// its picture.
[[nodiscard]] std::vector<std::uint64_t> input_hashes(const Table& table, std::uint32_t row);

// Those of all rows, rising: calibration and comparison leave these inputs out.
[[nodiscard]] std::vector<std::uint64_t> all_input_hashes(const Table& table, Rows rows);

// What counts as one training input: "training inputs", or "groups of training inputs".
[[nodiscard]] std::string_view training_unit(const Table& table);
// Fewer of these than every inner fold needs to fit something are refused: throws kUsage, in the name of a
// kind of policy.
inline constexpr std::size_t kLeastTrainingInputs = 20;
void expect_training_inputs(const Table& table, Rows rows, std::string_view kind);

// The policy's entry for a selector; times are those of the rows.
[[nodiscard]] PolicyModel describe_selector(const Table& table, Rows rows, ModelIndex selector);

}  // namespace triage
