// An HTTP/1.1 server: connections, time-outs and limits. What requests mean is the handler's business.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>

#include "http/http_message.h"
#include "triage/clock.h"

namespace triage {

// What one client may take. Time-outs end the connection; a request over a limit gets 413, 431 or 503 first.
struct HttpLimits {
  std::size_t body_bytes = std::size_t{64} << 20;
  std::size_t bodies_bytes = std::size_t{1} << 30;  // of all requests that are under way; at least body_bytes
  std::size_t header_bytes = std::size_t{16} << 10;
  std::chrono::milliseconds header_time{10'000};  // from a request's first byte to the end of its header
  std::chrono::milliseconds body_time{30'000};    // from there to the end of the body
  std::chrono::milliseconds write_time{30'000};   // of a response
  std::chrono::milliseconds idle_time{75'000};    // between two requests of a connection
  std::chrono::milliseconds last_call{1'000};     // at the end, for requests that are on their way
  std::size_t connections = 10'000;
  std::size_t connections_of_client = 4'000;  // of one address
};

// PEM files.
struct TlsFiles {
  std::filesystem::path certificate;  // with its chain
  std::filesystem::path key;
};

struct HttpOptions {
  std::string address = "127.0.0.1";  // of the interface to listen on: IPv4 or IPv6
  std::uint16_t port = 0;             // 0: any that is free
  unsigned threads = 1;
  HttpLimits limits = {};
  std::unique_ptr<TlsFiles> tls = nullptr;  // none: plain HTTP
  std::shared_ptr<Clock> clock = nullptr;   // of HttpRequest::first_byte_ns; none: steady_clock()
};

struct HttpCounts {
  std::size_t connections = 0;  // open now
  std::size_t accepted = 0;     // so far
  std::size_t turned_away = 0;  // over a limit of connections
  std::size_t body_bytes = 0;   // of requests under way
  std::size_t malformed = 0;    // requests that never reached the handler
};

// Listens from its construction on. Safe concurrently.
class HttpServer {
 public:
  // Throws kIo, naming the address, where it cannot listen, and for TLS files that cannot be read.
  HttpServer(HttpOptions options, HttpHandler handler);
  // Ends at once, as stop() does. No HttpRespond may be left.
  ~HttpServer();
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

  [[nodiscard]] std::uint16_t port() const;
  [[nodiscard]] HttpCounts counts() const;
  // Accepts no more connections, and closes each behind its next response, idle ones after the last call (or
  // half of `grace`). Returns once all are closed, or `grace` is over: whether all were.
  bool drain(std::chrono::milliseconds grace);
  // Ends its threads, whatever is under way: no handler is called any more, and responses go nowhere.
  void stop();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace triage
