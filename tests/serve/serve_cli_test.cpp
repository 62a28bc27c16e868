// `triage serve` as an operator runs it: signals, the log, the service manager, what it refuses.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "cli/run_cli.h"
#include "http/raw_client.h"
#include "serve/served_fixture.h"
#include "triage/image.h"

namespace triage {
namespace {

using namespace std::chrono_literals;
using testing::CliRun;
using testing::RawClient;
using testing::run_cli;
using testing::ServedFixture;

std::string text_of(const std::filesystem::path& path) {
  std::ifstream in(path);
  std::ostringstream out;
  out << in.rdbuf();
  return out.str();
}

// A server in a process of its own.
class Serving {
 public:
  Serving(std::vector<std::string> arguments, std::filesystem::path err, const std::string& notify = "")
      : err_(std::move(err)) {
    arguments.insert(arguments.begin(), {TRIAGE_BINARY, "serve", "--cache", ""});
    child_ = ::fork();
    if (child_ != 0) return;
    std::vector<char*> argv;
    for (std::string& argument : arguments) argv.push_back(argument.data());
    argv.push_back(nullptr);
    ::dup2(::open(err_.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600), 2);
    if (!notify.empty()) ::setenv("NOTIFY_SOCKET", notify.c_str(), 1);
    ::execv(TRIAGE_BINARY, argv.data());
    ::_exit(127);
  }
  ~Serving() {
    if (child_ > 0) end(SIGKILL);
  }
  Serving(const Serving&) = delete;
  Serving& operator=(const Serving&) = delete;

  // 0: it ended instead.
  std::uint16_t port() {
    constexpr std::string_view kBefore = "at http://127.0.0.1:";
    while (::waitpid(child_, nullptr, WNOHANG) == 0) {
      const std::string said = text_of(err_);
      const std::size_t at = said.find(kBefore);
      if (at != std::string::npos && said.find('\n', at) != std::string::npos) {
        return static_cast<std::uint16_t>(std::stoi(said.substr(at + kBefore.size())));
      }
      std::this_thread::sleep_for(2ms);
    }
    child_ = -1;
    return 0;
  }
  void signal(int number) const { ::kill(child_, number); }
  [[nodiscard]] bool says(const std::string& what) const {
    for (int i = 0; i < 5000; ++i) {
      if (text_of(err_).find(what) != std::string::npos) return true;
      std::this_thread::sleep_for(2ms);
    }
    ADD_FAILURE() << "never said '" << what << "', but:\n" << text_of(err_);
    return false;
  }
  int end(int number) {
    signal(number);
    int status = 0;
    ::waitpid(std::exchange(child_, -1), &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  }

 private:
  std::filesystem::path err_;
  pid_t child_ = -1;
};

struct ServeCommand : ::testing::Test {
  ServedFixture made;
  std::string path(const std::string& name) const { return (made.dir.path() / name).string(); }
  std::vector<std::string> arguments(std::vector<std::string> more = {},
                                     const std::string& port = "0") const {
    more.insert(more.begin(), {"--port", port});
    more.insert(more.begin(), {"--policy", made.policy("large").string(), "--zoo", made.zoo.string()});
    return more;
  }
  static int classify(std::uint16_t port) {
    const auto bytes = encode_png(testing::fake_image(4, 1));
    return RawClient(port)
        .post("/classify", {reinterpret_cast<const char*>(bytes.data()), bytes.size()})
        .status;
  }
};

TEST_F(ServeCommand, AnswersReloadsAndEnds) {
  Serving server(arguments({"--log", path("log")}), path("err"));
  const std::uint16_t port = server.port();
  ASSERT_NE(port, 0) << text_of(path("err"));
  EXPECT_EQ(classify(port), 200);
  // The log is moved away, the policy is another: SIGHUP takes both.
  while (text_of(path("log")).find("\"infer\"") == std::string::npos) std::this_thread::sleep_for(2ms);
  std::filesystem::rename(path("log"), path("log.1"));
  static_cast<void>(made.policy("small"));
  server.signal(SIGHUP);
  ASSERT_TRUE(server.says("triage: serving version"));
  EXPECT_EQ(classify(port), 200);
  // One that is no policy is refused, and the one before goes on.
  std::ofstream(path("p.triage")) << "no policy";
  server.signal(SIGHUP);
  ASSERT_TRUE(server.says("the policy before goes on"));
  EXPECT_EQ(classify(port), 200);
  EXPECT_EQ(server.end(SIGTERM), 0);
  EXPECT_NE(text_of(path("err")).find("ending"), std::string::npos);
  EXPECT_NE(text_of(path("log.1")).find("\"infer\""), std::string::npos);
  EXPECT_NE(text_of(path("log")).find("\"infer\""), std::string::npos);
}

TEST_F(ServeCommand, MayBeKilledAndStartedAgain) {
  std::uint16_t port = 0;
  {
    Serving server(arguments(), path("err"));
    port = server.port();
    RawClient idle(port);
    EXPECT_EQ(classify(port), 200);
    EXPECT_EQ(server.end(SIGKILL), 128 + SIGKILL);
  }
  Serving again(arguments({}, std::to_string(port)), path("again"));
  EXPECT_EQ(again.port(), port);
  EXPECT_EQ(classify(port), 200);
}

TEST_F(ServeCommand, GoesOnWhereTheLogsDiskIsFull) {
  Serving server(arguments({"--log", "/dev/full"}), path("err"));
  const std::uint16_t port = server.port();
  EXPECT_EQ(classify(port), 200);
  RawClient client(port);
  while (client.get("/metrics").body.find("triage_log_lines_lost_total 0") != std::string::npos) {
  }
  EXPECT_EQ(classify(port), 200);
  EXPECT_EQ(server.end(SIGINT), 0);
}

TEST_F(ServeCommand, TellsTheServiceManager) {
  const int listener = ::socket(AF_UNIX, SOCK_DGRAM, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::strncpy(address.sun_path, path("notify").c_str(), sizeof address.sun_path - 1);
  ASSERT_EQ(::bind(listener, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
  const timeval patience{20, 0};
  ::setsockopt(listener, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  const auto heard = [&] {
    char text[256];
    const ssize_t n = ::recv(listener, text, sizeof text, 0);
    return std::string(text, n > 0 ? static_cast<std::size_t>(n) : 0);
  };
  Serving server(arguments(), path("err"), path("notify"));
  EXPECT_EQ(heard(), "READY=1");
  server.signal(SIGHUP);
  EXPECT_TRUE(heard().starts_with("RELOADING=1\nMONOTONIC_USEC="));
  EXPECT_EQ(heard(), "READY=1");
  server.signal(SIGTERM);
  EXPECT_EQ(heard(), "STOPPING=1");
  EXPECT_EQ(server.end(SIGCONT), 0);
  ::close(listener);
}

TEST_F(ServeCommand, RefusesWhatMakesNoSense) {
  const auto refuses = [&](std::vector<std::string> more, int code, const std::string& part) {
    more.insert(more.begin(), {"serve", "--cache", ""});
    const CliRun run = run_cli(more);
    EXPECT_EQ(run.exit_code, code) << run.err;
    EXPECT_NE(run.err.find(part), std::string::npos) << run.err;
    EXPECT_TRUE(run.out.empty());
  };
  const std::string policy = made.policy("large").string(), zoo = made.zoo.string();
  refuses({}, 2, "--policy");
  refuses({"-p", path("none"), "-z", zoo}, 5, "none");
  refuses({"-p", policy, "-z", path("none.json")}, 5, "none.json");
  refuses({"-p", policy, "-z", zoo, "--address", "nowhere"}, 5, "nowhere");
  refuses({"-p", policy, "-z", zoo, "--tls-key", policy}, 2, "--tls-certificate");
  refuses({"-p", policy, "-z", zoo, "--tls-key", policy, "--tls-certificate", policy}, 5, "PEM");
  refuses({"-p", policy, "-z", zoo, "--canary-share", "0.5"}, 2, "--canary");
  refuses({"-p", policy, "-z", zoo, "--log", path("none/log")}, 5, "none/log");
  refuses({"-p", policy, "-z", zoo, "--token-file", path("none")}, 5, "none");
  made.dir.write("tokens", "\n\n");
  refuses({"-p", policy, "-z", zoo, "--token-file", path("tokens")}, 2, "has no token");
}

}  // namespace
}  // namespace triage
