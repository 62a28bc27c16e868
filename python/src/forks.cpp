#include "forks.h"

#include <pthread.h>

#include <atomic>

#include "triage/error.h"

namespace triage::python {
namespace {

std::atomic<int> running = 0;      // calls, in this process
std::atomic<bool> broken = false;  // forked while there were some
std::atomic<int> generation = 0;

void in_child() {
  if (running.exchange(0) > 0) broken = true;
  ++generation;
}

}  // namespace

NetworkCall::NetworkCall() {
  if (broken) {
    throw Error(ErrorCode::kEngine,
                "networks: this process was forked while another thread ran some, whose locks are never "
                "given back here, "
                "expected a fork while none runs; start workers by 'spawn' or 'forkserver', or before the "
                "first network runs");
  }
  ++running;
}

NetworkCall::~NetworkCall() { --running; }

void watch_forks() { (void)::pthread_atfork(nullptr, nullptr, &in_child); }

int fork_generation() { return generation; }

}  // namespace triage::python
