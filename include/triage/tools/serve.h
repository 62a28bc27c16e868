// A server that answers like one model: the Open Inference Protocol over HTTP and gRPC, each request with as
// many looks as it needs. docs/serve.md is the operator's page.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "triage/runtime.h"

namespace triage {

// Where and for whom it listens.
struct ServeAddress {
  std::string address = "127.0.0.1";                      // of the interface
  std::uint16_t http_port = 0;                            // 0: any that is free
  std::optional<std::uint16_t> grpc_port = std::nullopt;  // none: no gRPC
  // PEM files, both or none: HTTP and gRPC over TLS.
  std::filesystem::path tls_certificate, tls_key;
  // One of them has to come with each request ("Authorization: Bearer ..."), but for those that ask whether
  // it lives; none: everybody is served.
  std::vector<std::string> tokens;
  unsigned threads = 1;  // that read and write
};

// What one request or client may take.
struct ServeLimits {
  std::size_t body_bytes = std::size_t{64} << 20;
  std::size_t bodies_bytes = std::size_t{1} << 30;  // of all requests under way together
  std::size_t header_bytes = std::size_t{16} << 10;
  std::size_t connections = 10'000;
  std::size_t connections_of_client = 4'000;
  std::size_t inputs = 1'024;                      // of a request
  std::chrono::milliseconds receive_time{30'000};  // of a request's body; a third of it for its header
  std::chrono::milliseconds idle_time{75'000};     // between two requests of a connection
};

struct ServeLoad {
  unsigned workers = 0;        // inputs at once; 0: one per core
  std::size_t capacity = 512;  // inputs that may wait; more are refused
  std::size_t max_batch = 8;   // inputs without a cap that are run together when they wait
  // Expected wait in milliseconds from which on answers get cheaper, instead of the queue longer; infinity:
  // never.
  double shed_wait_ms = std::numeric_limits<double>::infinity();
};

// A second policy, on a share of the requests.
struct SecondPolicy {
  std::filesystem::path policy;
  double share = 0;  // of requests, 0 to 1, by their ids
};

// What is kept of the inputs that the policy answered, and of what it is told of them later
// (docs/serve-feedback.md).
struct FeedbackOptions {
  std::filesystem::path path{};  // of the store, which is made where there is none; one server at a time
  double days = 90;              // that an input is kept, above 0
  std::size_t rows = 1'000'000;  // inputs that are kept at most, 1 or more
  // Share of the inputs, 0 to 1, on which every model of the policy and the one that it is compared with run
  // too, behind the answer.
  double explore = 0;
  // Probability, over all time and for each version of the policy, of an alarm of each kind without cause.
  double false_alarm = 0.01;
  std::size_t reference = 2'000;  // first inputs of a version that drift is not looked for in
};

struct ServeOptions {
  std::filesystem::path policy;
  std::filesystem::path zoo;  // empty: a policy that chooses by the rows of a table
  std::string name;           // of the policy as a model; empty: the file's, without its extension
  bool networks = true;       // the zoo's networks can be asked one by one as well
  ServeAddress listen;
  ServeLimits limits;
  ServeLoad load;
  std::optional<SecondPolicy> canary;       // answers its share
  std::optional<SecondPolicy> shadow;       // sees its share and is logged, without answering
  std::optional<FeedbackOptions> feedback;  // none: nothing is kept
  bool watch = false;                       // load the policies anew when their files change
  // Gets the access log and what happens, a JSON object and a line end each, from one thread; says whether it
  // was written. None: nothing is logged.
  std::function<bool(std::string_view)> log = nullptr;
  RuntimeOptions runtime;
};

// Listens, ready to answer, from its construction on. Safe concurrently.
class Server {
 public:
  // Loads and warms up everything first. Throws kIo, kPolicy, kManifest, kModel, kEngine, and kUsage for
  // options out of range.
  explicit Server(const ServeOptions& options);
  // Ends at once: drain() before.
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  [[nodiscard]] std::uint16_t http_port() const;
  [[nodiscard]] std::uint16_t grpc_port() const;  // 0: none
  [[nodiscard]] std::string policy_version() const;
  // Reads the policy files again, and answers by them from the next request on; those under way end with the
  // policy that they began with. Throws as the constructor, with nothing changed.
  void reload();
  // Takes no more requests, and returns once those under way are answered, or `grace` is over: whether all
  // were.
  bool drain(std::chrono::milliseconds grace);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace triage
