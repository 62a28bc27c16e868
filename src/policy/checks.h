// What must hold of a policy's parts, whether they were trained or read from a file. All throw kPolicy with
// `<field>: <found>, expected <...>`; load_policy puts the file's name in front.
#pragma once

#include <fmt/format.h>

#include <string_view>

#include "base/number_text.h"
#include "triage/error.h"
#include "triage/policy.h"

namespace triage {

template <class Found>
[[noreturn]] void fail_field(std::string_view field, const Found& found, std::string_view expected) {
  throw Error(ErrorCode::kPolicy, fmt::format("{}: {}, expected {}", field, number_text(found), expected));
}

// At least one model, unique names, finite times, at most 64 distinct features, a working size.
void check_info(const PolicyInfo& info);
// `model` is a position in info.models.
void check_model(const PolicyInfo& info, ModelIndex model, std::string_view field);

}  // namespace triage
