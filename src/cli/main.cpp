// Entry point: parses, runs one command, maps errors to exit codes (docs/formats.md lists them).
#include <fcntl.h>
#include <fmt/format.h>
#include <semaphore.h>
#include <sys/resource.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <iostream>
#include <new>
#include <string>
#include <system_error>
#include <thread>
#include <vector>

#include "cli/cli.h"
#include "cli/flags.h"
#include "triage/error.h"

namespace {

using triage::Error;
using triage::ErrorCode;

triage::cli::Session session;

sem_t stop_wanted;

// The first signal asks for an orderly end; the second one kills.
extern "C" void on_signal(int signal) {
  session.stop = true;
  sem_post(&stop_wanted);
  std::signal(signal, SIG_DFL);
}

// Asks the library to stop, which the signal handler itself may not do: requesting a stop takes a lock.
class StopRelay {
 public:
  StopRelay() {
    sem_init(&stop_wanted, 0, 0);
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);  // so signals interrupt the blocking calls of others
    thread_ = std::thread([] {
      while (sem_wait(&stop_wanted) != 0) {
      }
      session.stop_source.request_stop();
    });
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
  }
  ~StopRelay() {
    sem_post(&stop_wanted);
    thread_.join();
  }
  StopRelay(const StopRelay&) = delete;
  StopRelay& operator=(const StopRelay&) = delete;

 private:
  std::thread thread_;
};

// No SA_RESTART, so that waiting for stdin ends as well. SIGPIPE is left as it is: `triage ... | head` ends
// quietly. A file at its size limit is an error of writing like a full disk, not the end of the process. A
// signal mask is inherited: where the parent had these signals blocked, they would never arrive.
void catch_signals() {
  std::signal(SIGXFSZ, SIG_IGN);
  struct sigaction action {};
  action.sa_handler = on_signal;
  sigemptyset(&action.sa_mask);
  for (const int signal : {SIGINT, SIGTERM, SIGHUP}) {
    struct sigaction before {};
    sigaction(signal, nullptr, &before);
    if (before.sa_handler != SIG_IGN) sigaction(signal, &action, nullptr);  // nohup stays nohup
  }
  sigset_t caught;
  sigemptyset(&caught);
  for (const int signal : {SIGINT, SIGTERM, SIGHUP}) sigaddset(&caught, signal);
  sigprocmask(SIG_UNBLOCK, &caught, nullptr);
}

// The next file opened would get the descriptor of a closed standard stream, and so our output. /dev/null is
// opened in the wrong direction, so that using the stream is still an error.
void reserve_standard_streams() {
  for (const int fd : {0, 1, 2}) {
    if (fcntl(fd, F_GETFD) == -1 && errno == EBADF) (void)!open("/dev/null", fd == 0 ? O_WRONLY : O_RDONLY);
  }
}

int fail(const Error& error) {
  triage::cli::say("triage: {}\n",
                   triage::cli::printable(triage::cli::with_flags(error.what(), *session.app)));
  return triage::error_info(error.code()).exit_code;
}

// Results that did not arrive are a failure, whatever else went well.
int finish(int exit_code) {
  errno = 0;
  std::cout.flush();
  const bool failed = std::fflush(stdout) != 0 || std::ferror(stdout) != 0 || !std::cout;
  if (!failed) return exit_code;
  if (session.stop) return fail({ErrorCode::kInterrupted, "interrupted"});
  return fail({ErrorCode::kIo, fmt::format("stdout: {}, expected it to take the results; free some space or "
                                           "write them elsewhere",
                                           errno != 0 ? std::strerror(errno) : "cannot be written")});
}

// OpenBLAS, which comes with OpenCV, has a thread that asks for 128 MB again and again until it gets them,
// and waits for it at exit. Under a small limit on address space that is for ever, so its exit is left out
// then.
bool has_limited_address_space() {
  struct rlimit limit {};
  return ::getrlimit(RLIMIT_AS, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY;
}

// "triage zoo add", as far as the arguments got.
std::string command_path(const CLI::App& app) {
  std::string path = app.get_name();
  for (const CLI::App* at = &app; !at->get_subcommands().empty();) {
    at = at->get_subcommands().front();
    path += " " + at->get_name();
  }
  return path;
}

// What was typed where a command should be; empty when that was a command. `triage fly --help` asks for help
// too.
std::string unknown_command(const CLI::App& app) {
  const CLI::App* at = &app;
  while (!at->get_subcommands().empty()) at = at->get_subcommands().front();
  const bool has_commands = !at->get_subcommands([](const CLI::App*) { return true; }).empty();
  const std::vector<std::string> typed = app.remaining(true);
  return has_commands && !typed.empty() && typed.front()[0] != '-' ? typed.front() : std::string();
}

// CLI11 calls `triage fly` a missing sub-command; what was typed instead is the better hint.
std::string usage_message(const CLI::App& app, const CLI::ParseError& error) {
  const std::string unknown = unknown_command(app);
  const std::string message = unknown.empty() ? error.what() : fmt::format("'{}' is not a command", unknown);
  return fmt::format("{}; try '{} --help'", message, command_path(app));
}

int run(CLI::App& app, int argc, char** argv) {
  try {
    const StopRelay relay;
    catch_signals();
    app.parse(argc, argv);
    return session.exit_code;
  } catch (const CLI::Success& success) {
    if (!unknown_command(app).empty()) return fail({ErrorCode::kUsage, usage_message(app, success)});
    return app.exit(success);
  } catch (const CLI::ParseError& error) {
    return fail({ErrorCode::kUsage, usage_message(app, error)});
  } catch (const Error& error) {
    return fail(error);
  } catch (const std::bad_alloc&) {
    return fail(
        {ErrorCode::kIo, "memory: exhausted, expected enough for this input; use fewer or smaller inputs"});
  } catch (const std::filesystem::filesystem_error& error) {
    return fail({ErrorCode::kIo, fmt::format("{}: {}, expected a path that can be used",
                                             error.path1().string(), error.code().message())});
  } catch (const std::system_error& error) {
    if (std::ferror(stdout) != 0) return 0;  // finish() reports it
    if (error.code() == std::errc::resource_unavailable_try_again) {
      return fail({ErrorCode::kIo,
                   "threads: none can be started, expected memory and processes left for them; "
                   "raise the limits of this shell"});
    }
    return fail({ErrorCode::kIo, error.what()});
  } catch (const std::exception& error) {
    return fail({ErrorCode::kInternal, fmt::format("bug: {}; please report it", error.what())});
  }
}

}  // namespace

int main(int argc, char** argv) {
  reserve_standard_streams();

  CLI::App app{"Chooses, for each input, which of several trained models to run.", "triage"};
  session.app = &app;
  app.set_version_flag("--version", "triage " TRIAGE_VERSION);
  app.require_subcommand(1);
  triage::cli::add_info(app, session);
  triage::cli::add_zoo(app, session);
  triage::cli::add_profile(app, session);
  triage::cli::add_import(app, session);
  triage::cli::add_merge(app, session);
  triage::cli::add_export(app, session);
  triage::cli::add_features(app, session);
  triage::cli::add_train(app, session);
  triage::cli::add_evaluate(app, session);
  triage::cli::add_compare(app, session);
  triage::cli::add_study(app, session);
  triage::cli::add_calibrate(app, session);
  triage::cli::add_reuse(app, session);
  triage::cli::add_classify(app, session);
  triage::cli::add_choose(app, session);
#ifdef TRIAGE_WITH_SERVE
  triage::cli::add_serve(app, session);
#endif
  triage::cli::add_time(app, session);
  const int exit_code = finish(run(app, argc, argv));
  if (has_limited_address_space()) std::_Exit(exit_code);
  return exit_code;
}
