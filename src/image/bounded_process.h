// A program of ours that reads what others made, apart from this process and within limits.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <span>
#include <string>

#include "base/file_descriptor.h"
#include "triage/clock.h"

namespace triage {

// How a process ended.
enum class ProcessEnd {
  kByItself,
  kNotStarted,  // its libraries are missing
  kTooLong,     // over its processor time, or stuck
  kCrashed,
};

class BoundedProcess {
 public:
  // Starts `program`, the content of an executable file, with `input` as its standard input. The program
  // limits itself to the bytes and seconds of processor time that are its two arguments; one that hangs is
  // given up after some more of `clock`. Throws kIo when it cannot be started.
  BoundedProcess(std::span<const std::uint8_t> program, std::span<const std::uint8_t> input,
                 std::int64_t memory_bytes, std::int64_t cpu_s, const Clock& clock = steady_clock());
  // Kills it where it still runs.
  ~BoundedProcess();
  BoundedProcess(const BoundedProcess&) = delete;
  BoundedProcess& operator=(const BoundedProcess&) = delete;

  // Fills `out` from what it writes; returns how much of it there was before it ended.
  [[nodiscard]] std::size_t read(std::span<std::uint8_t> out);
  // Waits for its end.
  [[nodiscard]] ProcessEnd end();

 private:
  [[nodiscard]] bool wait_for_output();

  std::int64_t cpu_s_;
  Stopwatch watch_;
  FileDescriptor output_;
  pid_t pid_ = -1;
  bool stuck_ = false;
};

}  // namespace triage
