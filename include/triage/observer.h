// What can be watched while a classifier works: for logs, metrics and traces of the caller's own.
#pragma once

#include <cstddef>
#include <string_view>

#include "triage/result.h"

namespace triage {

class Policy;

struct LoadEvent {
  std::string_view model;  // name in the zoo; valid during the call
  std::size_t copies = 0;  // of this model that are loaded now
  std::size_t bytes = 0;   // that all loaded networks are reckoned to take now
  double ms = 0;           // that loading took; 0 for an eviction
};

struct LookEvent {
  std::string_view model;  // name in the zoo; valid during the call
  const Look& look;
  double wait_ms = 0;  // for a network to be free, loading included
};

// Methods are called from whatever thread did the work, several at once, so they have to be safe
// concurrently; they should be quick, as the input waits for them, and must not call back into the
// classifier. Without an observer nothing is made for it.
class Observer {
 public:
  virtual ~Observer() = default;
  virtual void on_load(const LoadEvent&) {}
  // A network was dropped to keep the memory budget.
  virtual void on_evict(const LoadEvent&) {}
  virtual void on_look(const LookEvent&) {}
  // After every call that did not throw; `policy` is the one that decided.
  virtual void on_outcome(const Policy& policy, const Result& result) {
    (void)policy;
    (void)result;
  }
};

}  // namespace triage
