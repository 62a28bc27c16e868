// How long work ends early: it polls the caller's token and throws.
#pragma once

#include <stop_token>
#include <string>
#include <string_view>

#include "triage/error.h"

namespace triage {

// Throws kInterrupted when a stop was requested; `what` names the work.
inline void throw_if_stopped(const std::stop_token& stop, std::string_view what) {
  if (!stop.stop_requested()) return;
  throw Error(ErrorCode::kInterrupted,
              std::string(what) + ": stopped, expected to run to the end; start it again");
}

}  // namespace triage
