#include "cli/run_cli.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <fstream>
#include <iterator>
#include <regex>
#include <stdexcept>
#include <thread>

#include "support/fake_zoo.h"

namespace triage::testing {
namespace {

std::string slurp(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

void redirect(const std::string& path, int flags, int to) {
  const int fd = ::open(path.c_str(), flags, 0600);
  if (fd < 0 || ::dup2(fd, to) < 0) ::_exit(127);
}

// Whether the process has a handler for the signal, as /proc tells; false for one that has ended.
bool catches(pid_t process, int signal) {
  std::ifstream status("/proc/" + std::to_string(process) + "/status");
  for (std::string line; std::getline(status, line);) {
    if (!line.starts_with("SigCgt:")) continue;
    return (std::stoull(line.substr(line.find('\t')), nullptr, 16) >> (signal - 1) & 1U) != 0;
  }
  return false;
}

// The test's own process may catch the signal too, so fork's child is asked only once it is the command.
void interrupt(pid_t child) {
  const auto is_command = [&] {
    std::error_code ignored;
    return std::filesystem::read_symlink("/proc/" + std::to_string(child) + "/exe", ignored) ==
           std::filesystem::canonical(TRIAGE_BINARY);
  };
  for (int tries = 0; tries < 10000 && !(is_command() && catches(child, SIGINT)); ++tries) {
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  ::kill(child, SIGINT);
}

void limit_files(std::uint64_t bytes) {
  const rlimit limit{bytes, bytes};
  if (::setrlimit(RLIMIT_FSIZE, &limit) != 0) ::_exit(127);
}

}  // namespace

// Through files, not pipes: nothing can block, however much is written.
CliRun run_cli(const std::vector<std::string>& arguments, const CliOptions& options) {
  const testing::TempFolder folder;
  const std::string in = (folder.path() / "in").string();
  const std::string out =
      options.stdout_path.empty() ? (folder.path() / "out").string() : options.stdout_path.string();
  const std::string err = (folder.path() / "err").string();
  std::ofstream(in, std::ios::binary) << options.input;

  std::vector<char*> argv{const_cast<char*>(TRIAGE_BINARY)};
  for (const std::string& argument : arguments) argv.push_back(const_cast<char*>(argument.c_str()));
  argv.push_back(nullptr);
  const pid_t child = ::fork();
  if (child < 0) throw std::runtime_error("fork failed");
  if (child == 0) {
    redirect(in, O_RDONLY, 0);
    redirect(out, O_WRONLY | O_CREAT | O_TRUNC, 1);
    redirect(err, O_WRONLY | O_CREAT | O_TRUNC, 2);
    if (!options.folder.empty() && ::chdir(options.folder.c_str()) != 0) ::_exit(127);
    if (options.max_file_bytes > 0) limit_files(options.max_file_bytes);
    ::setenv("TRIAGE_SYSFS_ROOT", "/nonexistent", 0);  // meters of this machine would take their time
    ::execv(TRIAGE_BINARY, argv.data());
    ::_exit(127);
  }
  if (options.interrupt) interrupt(child);
  int status = 0;
  if (::waitpid(child, &status, 0) != child) throw std::runtime_error("waitpid failed");
  CliRun run;
  run.exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  if (options.stdout_path.empty()) run.out = slurp(out);
  run.err = slurp(err);
  return run;
}

::testing::AssertionResult matches(const std::string& text, const std::string& regex) {
  if (std::regex_match(text, std::regex(regex))) return ::testing::AssertionSuccess();
  return ::testing::AssertionFailure() << "expected /" << regex << "/, found: " << text;
}

}  // namespace triage::testing
