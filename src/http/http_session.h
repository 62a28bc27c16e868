// One connection of the HTTP server: reads a request, has it handled, writes the response, and again.
#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "http/http_message.h"

namespace triage {

struct HttpLimits;

class HttpSession {
 public:
  virtual ~HttpSession() = default;
  virtual void start() = 0;
  // Closes it where no request is under way. Safe from any thread while the owner's lock is held.
  virtual void close_if_idle() = 0;
};

// What connections need of their server. Safe concurrently; outlives them.
class HttpSessionOwner {
 public:
  virtual ~HttpSessionOwner() = default;
  [[nodiscard]] virtual const HttpLimits& limits() const = 0;
  [[nodiscard]] virtual std::int64_t now_ns() const = 0;
  [[nodiscard]] virtual bool is_draining() const = 0;  // the next response is the last of its connection
  [[nodiscard]] virtual bool is_closing() const = 0;   // no request is waited for any more
  virtual void count_malformed() = 0;
  // So many more bytes of requests are in memory; false, and not counted: they may not be.
  [[nodiscard]] virtual bool hold(std::size_t bytes) = 0;
  virtual void release(std::size_t bytes) = 0;
  virtual void handle(HttpRequest request, HttpRespond respond) = 0;
  virtual void closed(HttpSession* session, const std::string& peer) = 0;
};

// Keeps itself alive while it is open. `tls` null: plain.
[[nodiscard]] std::shared_ptr<HttpSession> make_http_session(boost::asio::ip::tcp::socket socket,
                                                             std::string peer, HttpSessionOwner& owner,
                                                             boost::asio::ssl::context* tls);

}  // namespace triage
