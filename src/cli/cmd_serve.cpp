// triage serve: a policy behind the Open Inference Protocol, until it is told to end.
#include <fcntl.h>
#include <fmt/format.h>
#include <semaphore.h>
#include <sys/resource.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "cli/cli.h"
#include "cli/remark_warnings.h"
#include "cli/service_notice.h"
#include "triage/error.h"
#include "triage/tools/serve.h"

namespace triage::cli {
namespace {

struct ServeArguments {
  ServeOptions options;
  std::string cache = default_cache_dir().string();
  std::string log_file, token_file, canary, shadow;
  FeedbackOptions feedback;
  double canary_share = 0, shadow_share = 0;
  double body_mb = 64, shed_wait_ms = 0, drain_s = 30;
  int grpc_port = -1;
};

// A log that is opened anew when it was moved away (SIGHUP). "-" is standard output.
class LogFile {
 public:
  explicit LogFile(std::string path) : path_(std::move(path)) { open_again(); }
  ~LogFile() { close_file(); }
  LogFile(const LogFile&) = delete;
  LogFile& operator=(const LogFile&) = delete;

  void reopen() { is_moved_ = true; }

  // Whole lines, or none of them.
  bool write(std::string_view lines) {
    if (is_moved_.exchange(false)) {
      try {
        open_again();
      } catch (const Error&) {
        return false;  // counted as lost
      }
    }
    const off_t before = lseek(file_, 0, SEEK_END);
    while (!lines.empty()) {
      const ssize_t n = ::write(file_, lines.data(), lines.size());
      if (n < 0 && errno == EINTR) continue;
      if (n <= 0) {
        // A full disk may have taken half a line.
        if (before >= 0) static_cast<void>(ftruncate(file_, before));
        return false;
      }
      lines.remove_prefix(static_cast<std::size_t>(n));
    }
    return true;
  }

 private:
  void open_again() {
    close_file();
    file_ =
        path_ == "-" ? STDOUT_FILENO : open(path_.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
    if (file_ < 0) {
      throw Error(ErrorCode::kIo, fmt::format("{}: cannot be written ({}), expected a place for the log; "
                                              "name another",
                                              path_, std::strerror(errno)));
    }
  }
  void close_file() {
    if (file_ > STDOUT_FILENO) close(file_);
    file_ = -1;
  }

  std::string path_;
  int file_ = -1;
  std::atomic<bool> is_moved_{false};
};

// One token a line; empty lines do not count.
std::vector<std::string> read_tokens(const std::string& path) {
  std::ifstream in(path);
  if (!in) {
    throw Error(ErrorCode::kIo, fmt::format("{}: cannot be read, expected a file with a token a line", path));
  }
  std::vector<std::string> tokens;
  for (std::string line; std::getline(in, line);) {
    if (line.ends_with('\r')) line.pop_back();
    if (!line.empty()) tokens.push_back(line);
  }
  if (tokens.empty()) {
    throw Error(ErrorCode::kUsage, fmt::format("{}: has no token, expected one a line", path));
  }
  return tokens;
}

// Beside the policy where none is named; a policy of a table needs none.
std::filesystem::path zoo_for(const ServeOptions& options) {
  const std::filesystem::path beside = options.policy.parent_path() / "zoo.json";
  return options.zoo.empty() && std::filesystem::exists(beside) ? beside : options.zoo;
}

// Each connection takes a descriptor; the usual 1,024 are too few.
void allow_many_files() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
}

ServeOptions options_of(const ServeArguments& arguments, const std::shared_ptr<LogFile>& log) {
  ServeOptions options = arguments.options;
  options.zoo = zoo_for(options);
  options.runtime.cache_dir = arguments.cache;
  options.runtime.observer = std::make_shared<RemarkWarnings>();
  options.limits.body_bytes = static_cast<std::size_t>(arguments.body_mb * 1e6);
  if (arguments.shed_wait_ms > 0) options.load.shed_wait_ms = arguments.shed_wait_ms;
  if (arguments.grpc_port >= 0) options.listen.grpc_port = static_cast<std::uint16_t>(arguments.grpc_port);
  if (!arguments.token_file.empty()) options.listen.tokens = read_tokens(arguments.token_file);
  if (!arguments.canary.empty()) options.canary = {arguments.canary, arguments.canary_share};
  if (!arguments.shadow.empty()) options.shadow = {arguments.shadow, arguments.shadow_share};
  if (!arguments.feedback.path.empty()) options.feedback = arguments.feedback;
  if (log != nullptr) options.log = [log](std::string_view lines) { return log->write(lines); };
  return options;
}

bool is_loopback(std::string_view address) {
  return address.starts_with("127.") || address == "::1" || address == "localhost";
}

void say_where(const Server& server, const ServeOptions& options) {
  const bool is_v6 = options.listen.address.find(':') != std::string::npos;
  const std::string host = is_v6 ? "[" + options.listen.address + "]" : options.listen.address;
  say("triage: serving {} version {} at {}://{}:{}\n", printable(options.policy.string()),
      server.policy_version(), options.listen.tls_certificate.empty() ? "http" : "https", host,
      server.http_port());
  if (server.grpc_port() != 0) say("triage: gRPC at {}:{}\n", host, server.grpc_port());
  if (!is_loopback(options.listen.address) && options.listen.tokens.empty()) {
    warn("everybody who reaches this address may ask and reload; --token-file asks for a token");
  }
}

// How often SIGHUP came and was not seen yet. A handler, not a mask: threads that libraries start before main
// have none of our masks.
sem_t hangups;

extern "C" void on_hangup(int /*signal*/) { sem_post(&hangups); }

void catch_hangups() {
  sem_init(&hangups, 0, 0);
  std::signal(SIGHUP, on_hangup);
}

// Waits for one a moment; whether it came.
bool was_hung_up() {
  timespec until{};
  clock_gettime(CLOCK_MONOTONIC, &until);
  constexpr long kSecond = 1'000'000'000, kPause = 200'000'000;
  until.tv_nsec += kPause;
  until.tv_sec += until.tv_nsec / kSecond;
  until.tv_nsec %= kSecond;
  return sem_clockwait(&hangups, CLOCK_MONOTONIC, &until) == 0;
}

void reload(Server& server, LogFile* log) {
  if (log != nullptr) log->reopen();
  try {
    server.reload();
    say("triage: serving version {}\n", server.policy_version());
  } catch (const Error& error) {
    warn(printable(fmt::format("{}; the policy before goes on", error.what())));
  }
}

void serve(const ServeArguments& arguments, Session& session) {
  allow_many_files();
  catch_hangups();
  const auto log = arguments.log_file.empty() ? nullptr : std::make_shared<LogFile>(arguments.log_file);
  const ServeOptions options = options_of(arguments, log);
  Server server(options);
  say_where(server, options);
  notify_service("READY=1");
  while (!session.stop) {
    if (!was_hung_up()) continue;
    notify_service("RELOADING=1");
    reload(server, log.get());
    notify_service("READY=1");
  }
  notify_service("STOPPING=1");
  const auto grace = std::chrono::milliseconds(static_cast<std::int64_t>(arguments.drain_s * 1e3));
  say("triage: ending; requests under way have {:.4g} s\n", arguments.drain_s);
  if (!server.drain(grace)) {
    warn("some requests had no answer when the time was over");
    session.exit_code = kExitSomeFailed;
  }
}

void add_listen_options(CLI::App& command, ServeArguments& a) {
  ServeAddress& listen = a.options.listen;
  listen.http_port = 8000;
  command.add_option("--address", listen.address, "Interface to listen on")->capture_default_str();
  command.add_option("--port", listen.http_port, "Of HTTP; 0: any that is free")->capture_default_str();
  command.add_option("--grpc-port", a.grpc_port, "Of gRPC; 0: any that is free (default: no gRPC)")
      ->check(CLI::Range(0, 65535))
      ->type_name("PORT");
  command.add_option("--io-threads", listen.threads, "Threads that read and write")
      ->check(CLI::Range(1, 256))
      ->capture_default_str();
  auto* certificate =
      command.add_option("--tls-certificate", listen.tls_certificate, "PEM file with the chain: HTTPS");
  auto* key = command.add_option("--tls-key", listen.tls_key, "PEM file of its key");
  certificate->needs(key);
  key->needs(certificate);
  command.add_option("--token-file", a.token_file, "Bearer tokens, one a line; a request has to bring one");
}

void add_load_options(CLI::App& command, ServeArguments& a) {
  ServeLoad& load = a.options.load;
  command.add_option("--workers", load.workers, "Inputs at once (default: one per core)")
      ->check(CLI::Range(1, 1024))
      ->type_name("N");
  command.add_option("--queue", load.capacity, "Inputs that may wait; more are refused")
      ->check(CLI::Range(1, 1'000'000))
      ->capture_default_str();
  command.add_option("--batch", load.max_batch, "Inputs that may be run together when they wait")
      ->check(CLI::Range(1, 1024))
      ->capture_default_str();
  command
      .add_option("--shed-by-price", a.shed_wait_ms,
                  "Expected wait in ms from which on answers get cheaper, instead of the queue longer")
      ->check(CLI::PositiveNumber)
      ->type_name("MS");
  command.add_option("--max-body", a.body_mb, "Of a request, in MB")
      ->check(CLI::Range(0.001, 4000.0))
      ->capture_default_str();
  command.add_option("--drain", a.drain_s, "Seconds that requests under way have at the end")
      ->check(CLI::Range(0.0, 86'400.0))
      ->capture_default_str();
}

void add_second_policies(CLI::App& command, ServeArguments& a) {
  const auto add = [&](const std::string& name, std::string& path, double& share, const char* what) {
    auto* file = command.add_option("--" + name, path, what)->type_name("P.triage");
    command.add_option("--" + name + "-share", share, "Of the requests, 0 to 1")
        ->check(CLI::Range(0.0, 1.0))
        ->needs(file);
  };
  add("canary", a.canary, a.canary_share, "Another policy, which answers a share of the requests");
  add("shadow", a.shadow, a.shadow_share, "Another policy, which sees a share of them and is logged");
}

void add_feedback_options(CLI::App& command, FeedbackOptions& feedback) {
  auto* store =
      command
          .add_option("--feedback", feedback.path,
                      "Store of what is answered and told of it (POST /feedback); made where there is none")
          ->type_name("STORE");
  command.add_option("--feedback-days", feedback.days, "That an input is kept")
      ->check(CLI::PositiveNumber)
      ->needs(store)
      ->capture_default_str();
  command.add_option("--feedback-rows", feedback.rows, "Inputs that are kept at most")
      ->check(CLI::PositiveNumber)
      ->needs(store)
      ->capture_default_str();
  command
      .add_option("--explore", feedback.explore,
                  "Share of the inputs that every model runs on behind the answer, 0 to 1")
      ->check(CLI::Range(0.0, 1.0))
      ->needs(store)
      ->capture_default_str();
  command
      .add_option("--false-alarm", feedback.false_alarm,
                  "Probability, over all time, of an alarm of each kind without cause")
      ->check(CLI::Range(1e-6, 0.5))
      ->needs(store)
      ->capture_default_str();
}

}  // namespace

void add_serve(CLI::App& app, Session& session) {
  CLI::App* command =
      app.add_subcommand("serve", "Answer requests over HTTP and gRPC (Open Inference Protocol)");
  const auto arguments = std::make_shared<ServeArguments>();
  ServeArguments& a = *arguments;
  command->add_option("--policy,-p", a.options.policy, "Policy file (*.triage)")->required();
  command->add_option(
      "--zoo,-z", a.options.zoo,
      "Zoo manifest; zoo.json beside the policy when left out; a policy of a table needs none");
  command->add_option("--name", a.options.name, "Of the policy as a model (default: the file's)");
  bool& networks = a.options.networks;
  command->add_flag("!--no-networks", networks, "Do not serve the zoo's networks one by one");
  add_listen_options(*command, a);
  add_load_options(*command, a);
  add_second_policies(*command, a);
  add_feedback_options(*command, a.feedback);
  command->add_flag("--watch", a.options.watch, "Load the policy anew when its file changes");
  command->add_option("--log", a.log_file, "File for the access log, JSON lines; - is standard output")
      ->type_name("FILE");
  command->add_option("--cache", a.cache, "Folder for compiled models; empty for none")
      ->capture_default_str();
  command->callback([arguments, &session] { serve(*arguments, session); });
}

}  // namespace triage::cli
