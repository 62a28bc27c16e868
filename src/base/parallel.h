// Work that splits into independent parts.
#pragma once

#include <cstddef>
#include <functional>

namespace triage {

// One per core; at least 1.
[[nodiscard]] unsigned default_threads();

// Calls work(0) to work(count - 1), on default_threads() threads. After an exception no further part is
// begun, and the first exception is rethrown.
void for_each_parallel(std::size_t count, const std::function<void(std::size_t)>& work);

// The same for work that needs a state of its own on each thread: `make_work` is called once on each of at
// most `threads` threads, and its result does that thread's parts.
void for_each_parallel(std::size_t count, unsigned threads,
                       const std::function<std::function<void(std::size_t)>()>& make_work);

}  // namespace triage
