// How long work ends early: it polls the caller's flag and throws.
#pragma once

#include <atomic>
#include <string>
#include <string_view>

#include "triage/error.h"

namespace triage {

// Throws kInterrupted when the flag is there and raised; `what` names the work.
inline void throw_if_stopped(const std::atomic<bool>* stop, std::string_view what) {
  if (stop == nullptr || !*stop) return;
  throw Error(ErrorCode::kInterrupted,
              std::string(what) + ": stopped, expected to run to the end; start it again");
}

}  // namespace triage
