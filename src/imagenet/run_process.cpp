#include "imagenet/run_process.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstddef>
#include <cstring>
#include <stop_token>
#include <utility>
#include <vector>

#include "base/check.h"
#include "triage/error.h"

namespace triage {
namespace {

constexpr std::size_t kKeptBytes = std::size_t{16} << 10;
constexpr int kPollMs = 100;

class Pipe {
 public:
  Pipe() {
    if (::pipe2(ends_.data(), O_CLOEXEC) != 0) {
      throw Error(ErrorCode::kIo, fmt::format("pipe: cannot be made ({})", std::strerror(errno)));
    }
  }
  ~Pipe() {
    for (int& end : ends_) close(end);
  }
  Pipe(const Pipe&) = delete;
  Pipe& operator=(const Pipe&) = delete;
  [[nodiscard]] int read_end() const { return ends_[0]; }
  [[nodiscard]] int write_end() const { return ends_[1]; }
  void close_write_end() { close(ends_[1]); }

 private:
  static void close(int& end) {
    if (end >= 0) ::close(std::exchange(end, -1));
  }
  std::array<int, 2> ends_{-1, -1};
};

pid_t spawn(std::span<const std::string> command, const Pipe& pipe) {
  std::vector<char*> arguments;
  for (const std::string& argument : command) arguments.push_back(const_cast<char*>(argument.c_str()));
  arguments.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  TRIAGE_CHECK(::posix_spawn_file_actions_init(&actions) == 0);
  pid_t pid = -1;
  int error = ::posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  if (error == 0) error = ::posix_spawn_file_actions_adddup2(&actions, pipe.write_end(), STDOUT_FILENO);
  if (error == 0) error = ::posix_spawn_file_actions_adddup2(&actions, pipe.write_end(), STDERR_FILENO);
  if (error == 0) error = ::posix_spawnp(&pid, arguments[0], &actions, nullptr, arguments.data(), environ);
  ::posix_spawn_file_actions_destroy(&actions);
  if (error != 0) {
    throw Error(ErrorCode::kIo, fmt::format("{}: cannot be started ({}); is it installed?", command[0],
                                            std::strerror(error)));
  }
  return pid;
}

int wait_for(pid_t pid) {
  int status = 0;
  while (::waitpid(pid, &status, 0) < 0) TRIAGE_CHECK(errno == EINTR);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

// Reads until the program closes its end; false when `stop` was raised before.
bool read_output(int fd, std::stop_token stop, std::string& output) {
  std::array<char, 4096> block{};
  while (true) {
    if (stop.stop_requested()) return false;
    pollfd entry{fd, POLLIN, 0};
    if (::poll(&entry, 1, kPollMs) <= 0) continue;
    const ssize_t got = ::read(fd, block.data(), block.size());
    if (got == 0) return true;
    if (got > 0) output.append(block.data(), static_cast<std::size_t>(got));
    if (output.size() > 2 * kKeptBytes) output.erase(0, output.size() - kKeptBytes);
  }
}

}  // namespace

ProcessResult run_process(std::span<const std::string> command, std::stop_token stop) {
  TRIAGE_CHECK(!command.empty());
  Pipe pipe;
  const pid_t pid = spawn(command, pipe);
  pipe.close_write_end();
  ProcessResult result;
  const bool finished = read_output(pipe.read_end(), stop, result.output);
  if (!finished) ::kill(pid, SIGTERM);
  result.exit_code = wait_for(pid);
  if (!finished) throw Error(ErrorCode::kInterrupted, fmt::format("{}: stopped", command[0]));
  return result;
}

}  // namespace triage
