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

// Work whose results are taken in order: begin(0) to begin(count - 1) are called on `threads` threads, at
// most four calls a thread ahead, and what each returns is called on the calling thread, in order. With one
// thread everything happens on the calling one. An exception of begin(i) is rethrown when its turn comes; no
// further part is begun then.
void for_each_in_order(std::size_t count, unsigned threads,
                       const std::function<std::function<void()>(std::size_t)>& begin);

}  // namespace triage
