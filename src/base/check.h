// TRIAGE_CHECK: a condition that only a bug in Triage can break. Throws kInternal with its location, so that
// a server can answer 500 and keep running.
#pragma once

#include <string>

#include "triage/error.h"

namespace triage {

[[noreturn]] inline void fail_check(const char* condition, const char* file, int line) {
  throw Error(ErrorCode::kInternal, std::string("triage: bug at ") + file + ":" + std::to_string(line) +
                                        ": " + condition + " does not hold; please report it");
}

}  // namespace triage

// Not std::source_location, which clang 14 lacks, and with it clang-tidy.
#define TRIAGE_CHECK(condition) ((condition) ? void() : ::triage::fail_check(#condition, __FILE__, __LINE__))
