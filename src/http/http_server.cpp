#include "http/http_server.h"

#include <fmt/format.h>
#include <linux/filter.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/strand.hpp>
#include <condition_variable>
#include <exception>
#include <map>
#include <mutex>
#include <optional>
#include <thread>
#include <unordered_set>
#include <utility>
#include <vector>

#include "http/http_session.h"
#include "triage/error.h"

namespace triage {
namespace {

namespace asio = boost::asio;
using Tcp = asio::ip::tcp;
using ErrorOf = boost::system::error_code;

[[noreturn]] void fail_to_listen(const HttpOptions& options, const ErrorOf& error) {
  throw Error(ErrorCode::kIo,
              fmt::format("{} port {}: cannot listen there ({}), expected an address of this machine and a "
                          "port that nobody else uses; name another",
                          options.address, options.port, error.message()));
}

std::unique_ptr<asio::ssl::context> open_tls(const TlsFiles& files) {
  auto context = std::make_unique<asio::ssl::context>(asio::ssl::context::tls_server);
  context->set_options(asio::ssl::context::default_workarounds | asio::ssl::context::no_tlsv1 |
                       asio::ssl::context::no_tlsv1_1);
  const auto check = [](const std::filesystem::path& path, const ErrorOf& error) {
    if (!error) return;
    throw Error(ErrorCode::kIo, fmt::format("{}: {}, expected a PEM file for TLS; check the path and that "
                                            "the key belongs to the certificate",
                                            path.string(), error.message()));
  };
  ErrorOf error;
  context->use_certificate_chain_file(files.certificate.string(), error);
  check(files.certificate, error);
  context->use_private_key_file(files.key.string(), asio::ssl::context::pem, error);
  check(files.key, error);
  return context;
}

}  // namespace

struct HttpServer::State final : public HttpSessionOwner {
  State(HttpOptions given, HttpHandler handler_in)
      : options(std::move(given)),
        handler(std::move(handler_in)),
        tls(options.tls == nullptr ? nullptr : open_tls(*options.tls)),
        context(static_cast<int>(std::max(1U, options.threads))),
        acceptor(asio::make_strand(context)),
        pause(acceptor.get_executor()),
        last_ones(acceptor.get_executor()) {
    listen();
    accept();
    for (unsigned i = 0; i < std::max(1U, options.threads); ++i) {
      threads.emplace_back([this] { context.run(); });
    }
  }

  ~State() override { stop(); }

  void stop() {
    context.stop();
    for (std::thread& thread : threads) thread.join();
    threads.clear();
  }

  void listen() {
    ErrorOf error;
    const auto address = asio::ip::make_address(options.address, error);
    if (error) fail_to_listen(options, error);
    const Tcp::endpoint endpoint(address, options.port);
    if (acceptor.open(endpoint.protocol(), error)) fail_to_listen(options, error);
    acceptor.set_option(asio::socket_base::reuse_address(true), error);
    if (acceptor.bind(endpoint, error)) fail_to_listen(options, error);
    if (acceptor.listen(asio::socket_base::max_listen_connections, error)) fail_to_listen(options, error);
    port = acceptor.local_endpoint(error).port();
  }

  void accept() {
    acceptor.async_accept(asio::make_strand(context), [this](const ErrorOf& error, Tcp::socket socket) {
      if (!acceptor.is_open()) return;
      if (error) {
        // Out of descriptors, most likely: others have to close first.
        pause.expires_after(std::chrono::milliseconds(20));
        pause.async_wait([this](const ErrorOf&) {
          if (acceptor.is_open()) accept();
        });
        return;
      }
      welcome(std::move(socket));
      accept();
    });
  }

  // Ends it in two steps, so that no client whose connection the system has made is reset: first whatever
  // would begin another is dropped (the client tries again, and is refused then), and those begun are let in.
  void end_accepting() {
    constexpr unsigned kFlags = 13, kSyn = 2;  // in a header of TCP
    std::array<sock_filter, 4> code{{BPF_STMT(BPF_LD | BPF_B | BPF_ABS, kFlags),
                                     BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, kSyn, 1, 0),
                                     BPF_STMT(BPF_RET | BPF_K, 0xFFFFFFFF), BPF_STMT(BPF_RET | BPF_K, 0)}};
    const sock_fprog filter{code.size(), code.data()};
    static_cast<void>(
        setsockopt(acceptor.native_handle(), SOL_SOCKET, SO_ATTACH_FILTER, &filter, sizeof filter));
    last_ones.expires_after(std::chrono::milliseconds(50));
    last_ones.async_wait([this](const ErrorOf& stopped) {
      if (!stopped) close_acceptor();
    });
  }

  void close_acceptor() {
    ErrorOf error;
    acceptor.non_blocking(true, error);
    while (!error) {
      Tcp::socket socket(asio::make_strand(context));
      if (!acceptor.accept(socket, error)) welcome(std::move(socket));
    }
    acceptor.close(error);
    pause.cancel();
    const std::lock_guard lock(mutex);
    acceptor_is_open = false;
    if (sessions.empty()) all_closed.notify_all();
  }

  void welcome(Tcp::socket socket) {
    ErrorOf error;
    const std::string peer = socket.remote_endpoint(error).address().to_string();
    if (error) return;
    accepted.fetch_add(1, std::memory_order_relaxed);
    socket.set_option(Tcp::no_delay(true), error);
    {
      const std::lock_guard lock(mutex);
      const auto known = clients.find(peer);
      const std::size_t has = known == clients.end() ? 0 : known->second;
      if (sessions.size() >= options.limits.connections || has >= options.limits.connections_of_client) {
        turned_away.fetch_add(1, std::memory_order_relaxed);
        return;  // closes it
      }
      ++clients[peer];
    }
    const std::shared_ptr<HttpSession> session = make_http_session(std::move(socket), peer, *this, tls.get());
    {
      const std::lock_guard lock(mutex);
      sessions.insert(session.get());
    }
    session->start();
  }

  // ---- HttpSessionOwner ----

  [[nodiscard]] const HttpLimits& limits() const override { return options.limits; }
  [[nodiscard]] std::int64_t now_ns() const override { return clock_or_steady(options.clock).now_ns(); }
  [[nodiscard]] bool is_draining() const override { return draining.load(); }
  [[nodiscard]] bool is_closing() const override { return closing.load(); }
  void count_malformed() override { malformed.fetch_add(1, std::memory_order_relaxed); }
  bool hold(std::size_t bytes) override {
    const std::size_t most = std::max(options.limits.bodies_bytes, options.limits.body_bytes);
    if (held.fetch_add(bytes) + bytes <= most) return true;
    held.fetch_sub(bytes);
    return false;
  }
  void release(std::size_t bytes) override { held.fetch_sub(bytes); }
  void handle(HttpRequest request, HttpRespond respond) override {
    handler(std::move(request), std::move(respond));
  }
  void closed(HttpSession* session, const std::string& peer) override {
    const std::lock_guard lock(mutex);
    sessions.erase(session);
    const auto client = clients.find(peer);
    if (client != clients.end() && --client->second == 0) clients.erase(client);
    if (sessions.empty()) all_closed.notify_all();
  }

  HttpOptions options;
  HttpHandler handler;
  std::unique_ptr<asio::ssl::context> tls;
  std::mutex mutex;  // guards sessions, clients and acceptor_is_open
  bool acceptor_is_open = true;
  std::condition_variable all_closed;
  std::unordered_set<HttpSession*> sessions;
  std::map<std::string, std::size_t> clients;  // open connections of each address
  std::atomic<bool> draining{false}, closing{false};
  std::atomic<std::size_t> accepted{0}, turned_away{0}, malformed{0}, held{0};
  std::uint16_t port = 0;
  // Last, so that sessions that it still holds end before what they refer to.
  asio::io_context context;
  // Its threads stay while requests are with the handler alone, and no connection reads or writes.
  asio::executor_work_guard<asio::io_context::executor_type> stays{context.get_executor()};
  Tcp::acceptor acceptor;
  asio::steady_timer pause, last_ones;
  std::vector<std::thread> threads;
};

HttpServer::HttpServer(HttpOptions options, HttpHandler handler)
    : state_(std::make_unique<State>(std::move(options), std::move(handler))) {}

HttpServer::~HttpServer() = default;

std::uint16_t HttpServer::port() const { return state_->port; }

HttpCounts HttpServer::counts() const {
  const std::lock_guard lock(state_->mutex);
  return {state_->sessions.size(), state_->accepted.load(), state_->turned_away.load(), state_->held.load(),
          state_->malformed.load()};
}

bool HttpServer::drain(std::chrono::milliseconds grace) {
  state_->draining = true;
  const auto until = std::chrono::steady_clock::now() + grace;
  asio::post(state_->acceptor.get_executor(), [state = state_.get()] { state->end_accepting(); });
  std::unique_lock lock(state_->mutex);
  const auto all_are_closed = [this] { return state_->sessions.empty() && !state_->acceptor_is_open; };
  // A request may be on its way on a connection that looks idle: it is answered, and told that it was the
  // last.
  const auto last_call = std::min<std::chrono::milliseconds>(state_->options.limits.last_call, grace / 2);
  if (state_->all_closed.wait_for(lock, last_call, all_are_closed)) return true;
  state_->closing = true;
  for (HttpSession* session : state_->sessions) session->close_if_idle();
  return state_->all_closed.wait_until(lock, until, all_are_closed);
}

void HttpServer::stop() { state_->stop(); }

}  // namespace triage
