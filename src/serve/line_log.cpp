#include "serve/line_log.h"

#include <algorithm>
#include <utility>

namespace triage {

LineLog::LineLog(std::function<bool(std::string_view)> sink, std::function<void()> lost)
    : sink_(std::move(sink)), lost_(std::move(lost)) {
  if (sink_) thread_ = std::thread([this] { run(); });
}

LineLog::~LineLog() {
  if (!sink_) return;
  {
    const std::lock_guard lock(mutex_);
    ending_ = true;
  }
  wake_.notify_one();
  thread_.join();
}

void LineLog::write(std::string_view line) {
  if (!sink_) return;
  {
    const std::lock_guard lock(mutex_);
    if (waiting_.size() + line.size() < kMostBytes) {
      waiting_ += line;
      waiting_ += '\n';
      wake_.notify_one();
      return;
    }
  }
  lost_();
}

void LineLog::run() {
  std::unique_lock lock(mutex_);
  std::string lines;
  while (true) {
    wake_.wait(lock, [this] { return ending_ || !waiting_.empty(); });
    if (waiting_.empty()) return;
    lines.clear();
    std::swap(lines, waiting_);
    lock.unlock();
    if (!sink_(lines)) {
      for (auto n = std::count(lines.begin(), lines.end(), '\n'); n > 0; --n) lost_();
    }
    lock.lock();
  }
}

}  // namespace triage
