// Work on many rows, on all cores.
#pragma once

#include <algorithm>
#include <cstddef>
#include <exception>
#include <thread>
#include <vector>

namespace triage::python {

inline constexpr std::size_t kRowsAThread = 16'384;  // below, starting a thread takes longer than its work
inline constexpr std::size_t kChosenRowsAThread = 2'048;  // of choosing by features, which takes 0.1 to 40 us

// Calls `work(first, last)` for parts of 0 .. n-1, on several threads where that pays.
template <class Work>
void in_parts(std::size_t n, const Work& work, std::size_t rows_a_thread = kRowsAThread) {
  const std::size_t most = std::max(1U, std::thread::hardware_concurrency());
  const std::size_t parts = std::clamp<std::size_t>(n / rows_a_thread, 1, most);
  std::vector<std::jthread> threads;
  std::vector<std::exception_ptr> failed(parts);
  const auto run = [&](std::size_t part) {
    try {
      work(n * part / parts, n * (part + 1) / parts);
    } catch (...) {
      failed[part] = std::current_exception();
    }
  };
  for (std::size_t part = 1; part < parts; ++part) threads.emplace_back(run, part);
  run(0);
  threads.clear();
  for (const std::exception_ptr& each : failed) {
    if (each) std::rethrow_exception(each);
  }
}

}  // namespace triage::python
