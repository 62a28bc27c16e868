#include "triage/result.h"

namespace triage {

std::string_view to_string(Limit limit) {
  switch (limit) {
    case Limit::kNone:
      break;
    case Limit::kLatency:
      return "latency";
    case Limit::kEnergy:
      return "energy";
    case Limit::kDeadline:
      return "deadline";
    case Limit::kStopped:
      return "stopped";
  }
  return "none";
}

}  // namespace triage
