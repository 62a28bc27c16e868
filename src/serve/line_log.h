// Lines for a log, written by a thread of its own, so that no request waits for a disk.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>

namespace triage {

// Safe concurrently.
class LineLog {
 public:
  // `sink` gets whole lines, several at once, and says whether they were written; `lost` is called for each
  // line that was not, or for which there was no room.
  LineLog(std::function<bool(std::string_view)> sink, std::function<void()> lost);
  ~LineLog();  // writes what is left
  LineLog(const LineLog&) = delete;
  LineLog& operator=(const LineLog&) = delete;

  [[nodiscard]] bool is_on() const { return sink_ != nullptr; }
  void write(std::string_view line);  // without its end

 private:
  void run();
  static constexpr std::size_t kMostBytes = 8 << 20;  // that wait

  std::function<bool(std::string_view)> sink_;
  std::function<void()> lost_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::string waiting_;
  bool ending_ = false;
  std::thread thread_;
};

}  // namespace triage
