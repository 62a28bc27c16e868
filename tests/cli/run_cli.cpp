#include "cli/run_cli.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <fstream>
#include <iterator>
#include <regex>
#include <stdexcept>

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

// Blocked, it stays pending until the command unblocks it.
void interrupt_when_caught() {
  sigset_t blocked;
  sigemptyset(&blocked);
  sigaddset(&blocked, SIGINT);
  if (::sigprocmask(SIG_BLOCK, &blocked, nullptr) != 0 || ::kill(::getpid(), SIGINT) != 0) ::_exit(127);
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
    if (options.interrupt) interrupt_when_caught();
    if (options.max_file_bytes > 0) limit_files(options.max_file_bytes);
    ::setenv("TRIAGE_SYSFS_ROOT", "/nonexistent", 0);  // meters of this machine would take their time
    ::execv(TRIAGE_BINARY, argv.data());
    ::_exit(127);
  }
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
