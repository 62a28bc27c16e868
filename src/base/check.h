// TRIAGE_CHECK: a condition that only a bug in Triage can break. Throws kInternal with its location, so that
// a server answers 500 and lives.
#pragma once

#include <source_location>
#include <string>

#include "triage/error.h"

namespace triage {

[[noreturn]] inline void fail_check(const char* condition, std::source_location where) {
  throw Error(ErrorCode::kInternal, std::string("triage: bug at ") + where.file_name() + ":" +
                                        std::to_string(where.line()) + ": " + condition +
                                        " does not hold; please report it");
}

}  // namespace triage

#define TRIAGE_CHECK(condition) \
  ((condition) ? void() : ::triage::fail_check(#condition, std::source_location::current()))
