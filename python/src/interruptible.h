// Long work that Ctrl-C ends and that says how far it is.
#pragma once

#include <chrono>
#include <future>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <utility>

#include "core.h"

namespace triage::python {

// How far the work is; set from whatever thread does it, shown from the one that waits.
class Progress {
 public:
  void set(std::size_t done, std::size_t total, std::string what = {}) {
    const std::lock_guard lock(mutex_);
    state_ = State{done, total, std::move(what)};
  }
  // Calls `show(done, total, what)`, with the GIL held, where there is anything new.
  void show(const nb::object& show) {
    std::optional<State> state;
    {
      const std::lock_guard lock(mutex_);
      state.swap(state_);
    }
    if (state && !show.is_none()) show(state->done, state->total, state->what);
  }

 private:
  struct State {
    std::size_t done = 0, total = 0;
    std::string what;
  };
  std::mutex mutex_;
  std::optional<State> state_;
};

// Runs `work(stop, progress)` on a thread of its own and without the GIL, so that other threads of Python go
// on. This one looks for signals and shows the progress meanwhile; an exception of either, such as
// KeyboardInterrupt, stops the work and is raised when it has ended.
template <class Work>
auto run_interruptibly(const nb::object& show, Work&& work) {
  constexpr std::chrono::milliseconds kBetweenLooks{50};
  std::stop_source stop;
  Progress progress;
  auto done = std::async(std::launch::async, [&] { return work(stop.get_token(), progress); });
  std::optional<nb::python_error> raised;
  const auto look = [&] {
    if (raised) return;
    try {
      if (PyErr_CheckSignals() != 0) throw nb::python_error();
      progress.show(show);
    } catch (nb::python_error& error) {
      raised.emplace(std::move(error));
      stop.request_stop();
    }
  };
  for (;;) {
    {
      const nb::gil_scoped_release release;
      if (done.wait_for(kBetweenLooks) == std::future_status::ready) break;
    }
    look();
  }
  look();
  if (!raised) return done.get();
  try {
    (void)done.get();
  } catch (...) {  // what the stop made of it
  }
  throw std::move(*raised);
}

}  // namespace triage::python
