#include "image/bounded_process.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>

#include "base/check.h"
#include "triage/error.h"

namespace triage {
namespace {

// Where the program gets its own file, above its input, output and messages.
constexpr int kProgramFd = 3;
// A process is stuck, or gets no processor, after so many times its processor time.
constexpr std::int64_t kMostWaiting = 6;

[[noreturn]] void fail_to_start(std::string_view what, int error) {
  throw Error(ErrorCode::kIo,
              fmt::format("decoder of AVIF and HEIC: {} ({}), expected a system with room for a process that "
                          "may run a program from memory; try again, or use another format",
                          what, std::strerror(error)));
}

// The same, numbered above those that the program gets.
FileDescriptor out_of_the_way(int fd) {
  FileDescriptor low(fd);
  FileDescriptor high(low.get() < 0 ? -1 : ::fcntl(low.get(), F_DUPFD_CLOEXEC, kProgramFd + 1));
  if (high.get() < 0) fail_to_start("a file cannot be opened", errno);
  return high;
}

// A file in memory that only its descriptors know.
FileDescriptor file_of(std::span<const std::uint8_t> bytes) {
  FileDescriptor file = out_of_the_way(::memfd_create("triage", MFD_CLOEXEC));
  while (!bytes.empty()) {
    const ssize_t n = ::write(file.get(), bytes.data(), bytes.size());
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) fail_to_start("a file in memory cannot be written", errno);
    bytes = bytes.subspan(static_cast<std::size_t>(n));
  }
  return file;
}

class SpawnSettings {
 public:
  SpawnSettings() {
    sigset_t none, all;
    sigemptyset(&none);
    sigfillset(&all);
    TRIAGE_CHECK(::posix_spawn_file_actions_init(&actions) == 0 && ::posix_spawnattr_init(&attributes) == 0);
    // Whatever the program that we are part of does about signals.
    TRIAGE_CHECK(::posix_spawnattr_setsigmask(&attributes, &none) == 0 &&
                 ::posix_spawnattr_setsigdefault(&attributes, &all) == 0 &&
                 ::posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF) ==
                     0);
  }
  ~SpawnSettings() {
    ::posix_spawn_file_actions_destroy(&actions);
    ::posix_spawnattr_destroy(&attributes);
  }
  SpawnSettings(const SpawnSettings&) = delete;
  SpawnSettings& operator=(const SpawnSettings&) = delete;

  posix_spawn_file_actions_t actions{};
  posix_spawnattr_t attributes{};
};

// posix_spawn, not fork: it copies nothing of this process, however large, and its threads do not matter.
pid_t spawn_program(int program, int input, int output, std::array<std::string, 3> arguments) {
  SpawnSettings settings;
  auto* actions = &settings.actions;
  int error = ::posix_spawn_file_actions_adddup2(actions, input, STDIN_FILENO);
  if (error == 0) error = ::posix_spawn_file_actions_adddup2(actions, output, STDOUT_FILENO);
  if (error == 0) {
    error = ::posix_spawn_file_actions_addopen(actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
  }
  if (error == 0) error = ::posix_spawn_file_actions_adddup2(actions, program, kProgramFd);
  if (error == 0) error = ::posix_spawn_file_actions_addclosefrom_np(actions, kProgramFd + 1);
  std::array<char*, 4> argv{arguments[0].data(), arguments[1].data(), arguments[2].data(), nullptr};
  const std::string path = fmt::format("/proc/self/fd/{}", kProgramFd);
  pid_t pid = -1;
  if (error == 0) {
    error = ::posix_spawn(&pid, path.c_str(), actions, &settings.attributes, argv.data(), environ);
  }
  if (error != 0) fail_to_start("cannot be started", error);
  return pid;
}

}  // namespace

BoundedProcess::BoundedProcess(std::span<const std::uint8_t> program, std::span<const std::uint8_t> input,
                               std::int64_t memory_bytes, std::int64_t cpu_s, const Clock& clock)
    : cpu_s_(cpu_s), watch_(clock), output_(-1) {
  const FileDescriptor program_file = file_of(program);
  const FileDescriptor input_file = file_of(input);
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) fail_to_start("a pipe cannot be made", errno);
  FileDescriptor read_end(ends[0]);
  const FileDescriptor write_end = out_of_the_way(ends[1]);
  pid_ = spawn_program(program_file.get(), input_file.get(), write_end.get(),
                       {"triage_heif", std::to_string(memory_bytes), std::to_string(cpu_s)});
  output_ = std::move(read_end);
}

BoundedProcess::~BoundedProcess() {
  if (pid_ < 0) return;
  ::kill(pid_, SIGKILL);
  (void)end();
}

bool BoundedProcess::wait_for_output() {
  while (true) {
    const std::int64_t left_ms = cpu_s_ * kMostWaiting * 1000 - static_cast<std::int64_t>(watch_.ms());
    pollfd entry{output_.get(), POLLIN, 0};
    const int n =
        left_ms <= 0 ? 0 : ::poll(&entry, 1, static_cast<int>(std::min<std::int64_t>(left_ms, 1000)));
    if (n > 0) return true;
    if (n < 0 && errno != EINTR) return false;
    if (left_ms <= 0) {
      stuck_ = true;
      return false;
    }
  }
}

std::size_t BoundedProcess::read(std::span<std::uint8_t> out) {
  std::size_t n_read = 0;
  while (n_read < out.size() && wait_for_output()) {
    const ssize_t n = ::read(output_.get(), out.data() + n_read, out.size() - n_read);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) break;
    n_read += static_cast<std::size_t>(n);
  }
  return n_read;
}

ProcessEnd BoundedProcess::end() {
  constexpr int kLoaderFailed = 127;
  if (stuck_) ::kill(pid_, SIGKILL);
  int status = 0;
  while (::waitpid(pid_, &status, 0) < 0) {
    // Somebody else waits for all processes of this program, and knows how it ended.
    if (errno != EINTR) break;
  }
  pid_ = -1;
  if (stuck_) return ProcessEnd::kTooLong;
  if (WIFSIGNALED(status)) {
    const int signal = WTERMSIG(status);
    return signal == SIGXCPU || signal == SIGKILL ? ProcessEnd::kTooLong : ProcessEnd::kCrashed;
  }
  return WEXITSTATUS(status) == kLoaderFailed ? ProcessEnd::kNotStarted : ProcessEnd::kByItself;
}

}  // namespace triage
