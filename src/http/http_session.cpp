#include "http/http_session.h"

#include <algorithm>
#include <atomic>
#include <boost/asio/dispatch.hpp>
#include <boost/asio/post.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/http/write.hpp>
#include <boost/beast/ssl/ssl_stream.hpp>
#include <exception>
#include <optional>
#include <type_traits>
#include <utility>

#include "http/http_server.h"
#include "triage/version.h"

namespace triage {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using Tcp = asio::ip::tcp;
using ErrorOf = boost::system::error_code;
using PlainStream = beast::tcp_stream;
using TlsStream = beast::ssl_stream<beast::tcp_stream>;

// Of a request that the parser refuses.
int status_of(const ErrorOf& error) {
  if (error == http::error::body_limit) return 413;
  if (error == http::error::header_limit || error == http::error::buffer_overflow) return 431;
  return 400;
}

std::string_view message_of(int status) {
  switch (status) {
    case 413:
      return R"({"error":"the body is larger than this server takes"})";
    case 417:
      return R"({"error":"expected nothing or 100-continue in Expect"})";
    case 431:
      return R"({"error":"the header is larger than this server takes"})";
    case 500:
      return R"({"error":"internal error"})";
    case 503:
      return R"({"error":"as many bytes of requests are here as may be; try again"})";
    default:
      return R"({"error":"not a request of HTTP/1.1"})";
  }
}

std::string_view view_of(boost::string_view text) { return {text.data(), text.size()}; }

// What the parser takes, but servers before this one may take for another request than it does: a message has
// one host, and ends where one field says.
bool is_ambiguous(const http::request_parser<http::string_body>& parser) {
  const auto& message = parser.get();
  if (message.version() >= 11 && message.count(http::field::host) != 1) return true;
  const auto coding = message.find(http::field::transfer_encoding);
  if (coding == message.end()) return false;
  return message.version() < 11 || !equal_ignoring_case(view_of(coding->value()), "chunked");
}

template <class Stream>
class StreamSession final : public HttpSession, public std::enable_shared_from_this<StreamSession<Stream>> {
  static constexpr bool kIsTls = std::is_same_v<Stream, TlsStream>;

 public:
  template <class... Arguments>
  StreamSession(std::string peer, HttpSessionOwner& owner, Arguments&&... arguments)
      : stream_(std::forward<Arguments>(arguments)...),
        peer_(std::move(peer)),
        owner_(&owner),
        buffer_(owner.limits().header_bytes + kBlockBytes) {}

  ~StreamSession() override {
    release_body();
    owner_->closed(this, peer_);
  }
  StreamSession(const StreamSession&) = delete;
  StreamSession& operator=(const StreamSession&) = delete;

  void start() override {
    // In its strand, since timers of the stream fire there.
    asio::dispatch(stream_.get_executor(), [self = this->shared_from_this()] { self->open(); });
  }

  void close_if_idle() override {
    // The last reference may be gone already: its destructor then waits for the owner's lock.
    if (auto self = this->weak_from_this().lock()) {
      const auto executor = stream_.get_executor();
      // Moved, so that the reference is not the last one here, where the owner's lock is held.
      asio::post(executor, [self = std::move(self)] {
        if (self->is_idle_) self->lowest().cancel();  // the read that waits then closes it
      });
    }
  }

 private:
  [[nodiscard]] const HttpLimits& limits() const { return owner_->limits(); }
  [[nodiscard]] beast::tcp_stream& lowest() { return beast::get_lowest_layer(stream_); }

  void open() {
    if constexpr (kIsTls) {
      lowest().expires_after(limits().header_time);
      stream_.async_handshake(asio::ssl::stream_base::server,
                              [self = this->shared_from_this()](const ErrorOf& error) {
                                if (!error) self->wait_for_request();
                              });
    } else {
      wait_for_request();
    }
  }

  void wait_for_request() {
    if (owner_->is_closing()) return close();
    if (buffer_.size() > 0) return read_header();  // the client sent it with the one before
    is_idle_ = true;
    // Reading nothing ends when something is there to be read.
    lowest().expires_after(limits().idle_time);
    stream_.async_read_some(buffer_.prepare(4096),
                            [self = this->shared_from_this()](const ErrorOf& error, std::size_t n) {
                              if (error) return self->close();
                              self->buffer_.commit(n);
                              self->read_header();
                            });
  }

  void read_header() {
    is_idle_ = false;
    first_byte_ns_ = owner_->now_ns();
    parser_.emplace();
    parser_->header_limit(static_cast<std::uint32_t>(limits().header_bytes));
    parser_->body_limit(limits().body_bytes);
    lowest().expires_after(limits().header_time);
    http::async_read_header(
        stream_, buffer_, *parser_,
        [self = this->shared_from_this()](const ErrorOf& error, std::size_t) { self->on_header(error); });
  }

  void on_header(const ErrorOf& error) {
    if (error) return refuse(error);
    if (is_ambiguous(*parser_)) return refuse(400);
    const std::string_view expected = view_of(parser_->get()[http::field::expect]);
    if (expected.empty()) return read_body();
    if (!equal_ignoring_case(expected, "100-continue")) return refuse(417);
    const std::uint64_t length = parser_->content_length().value_or(0);
    if (length > limits().body_bytes) return refuse(413);  // before it is sent
    continue_.emplace(http::status::continue_, 11);
    lowest().expires_after(limits().write_time);
    http::async_write(stream_, *continue_,
                      [self = this->shared_from_this()](const ErrorOf& failed, std::size_t) {
                        if (failed) return self->close();
                        self->read_body();
                      });
  }

  void read_body() {
    lowest().expires_after(limits().body_time);
    read_more();
  }

  void read_more() {
    if (!hold_body()) return refuse(503);
    if (parser_->is_done()) return hand_over();
    http::async_read_some(stream_, buffer_, *parser_,
                          [self = this->shared_from_this()](const ErrorOf& error, std::size_t) {
                            if (error) return self->refuse(error);
                            self->read_more();
                          });
  }

  // Counts what has come of the body, until its response is written; false: there is no room for it.
  bool hold_body() {
    const std::size_t size = parser_->get().body().size();
    if (size > held_bytes_ && !owner_->hold(size - held_bytes_)) return false;
    held_bytes_ = size;
    return true;
  }

  void release_body() { owner_->release(std::exchange(held_bytes_, 0)); }

  void hand_over() {
    lowest().expires_never();
    keep_alive_ = parser_->get().keep_alive();
    is_head_ = parser_->get().method() == http::verb::head;
    auto respond = [self = this->shared_from_this(),
                    once = std::make_shared<std::atomic<bool>>(false)](HttpResponse response) {
      if (once->exchange(true)) return;
      asio::dispatch(self->stream_.get_executor(),
                     [self, response = std::move(response)]() mutable { self->write(std::move(response)); });
    };
    try {
      owner_->handle(taken_request(), respond);
    } catch (const std::exception&) {
      respond({.status = 500, .body = std::string(message_of(500))});
    }
  }

  HttpRequest taken_request() {
    http::request<http::string_body> message = parser_->release();
    HttpRequest request;
    request.method = std::string(view_of(message.method_string()));
    const std::string_view target = view_of(message.target());
    const std::size_t mark = target.find('?');
    request.path = percent_decoded(target.substr(0, mark));
    if (mark != std::string_view::npos) request.query = std::string(target.substr(mark + 1));
    for (const auto& field : message) {
      request.fields.emplace_back(view_of(field.name_string()), view_of(field.value()));
    }
    request.body = std::move(message.body());
    request.peer = peer_;
    request.first_byte_ns = first_byte_ns_;
    return request;
  }

  void refuse(const ErrorOf& error) {
    if (error == http::error::end_of_stream || error == http::error::partial_message ||
        error == beast::error::timeout || error.category() == asio::error::get_system_category() ||
        error == asio::error::eof) {
      if (error != http::error::end_of_stream) owner_->count_malformed();
      return close();  // the client is gone, or was too slow, and then the connection is closed already
    }
    refuse(status_of(error));
  }

  void refuse(int status) {
    owner_->count_malformed();
    keep_alive_ = false;
    is_head_ = false;
    HttpResponse response{.status = status, .body = std::string(message_of(status))};
    if (status == 503) response.fields.emplace_back("Retry-After", "1");
    write(std::move(response));
  }

  void write(HttpResponse response) {
    on_sent_ = std::move(response.on_sent);
    if (owner_->is_draining()) keep_alive_ = false;
    response_.emplace();
    response_->version(11);
    response_->result(static_cast<unsigned>(response.status));
    response_->set(http::field::server, "triage/" + std::string(kVersion));
    if (!response.content_type.empty()) response_->set(http::field::content_type, response.content_type);
    for (const HttpField& field : response.fields) response_->set(field.first, field.second);
    response_->keep_alive(keep_alive_);
    response_->content_length(response.body.size());
    if (!is_head_) response_->body() = std::move(response.body);
    serializer_.emplace(*response_);
    lowest().expires_after(limits().write_time);
    http::async_write(
        stream_, *serializer_,
        [self = this->shared_from_this()](const ErrorOf& error, std::size_t) { self->on_written(error); });
  }

  void on_written(const ErrorOf& error) {
    if (on_sent_) std::exchange(on_sent_, nullptr)(!error);
    parser_.reset();
    release_body();
    if (error || !keep_alive_) return close();
    // A large request must not hold its memory while the connection is idle.
    if (buffer_.size() == 0 && buffer_.capacity() > kKeptBytes) buffer_.shrink_to_fit();
    wait_for_request();
  }

  // Says that nothing more is sent, and reads what the client still sends, so that the system does not take
  // back a response that the client has not read yet.
  void close() {
    is_idle_ = false;
    ErrorOf error;
    lowest().socket().shutdown(Tcp::socket::shutdown_send, error);
    if (error) return;
    lowest().expires_after(std::chrono::seconds(2));
    drain_input();
  }

  void drain_input() {
    lowest().async_read_some(asio::buffer(rest_),
                             [self = this->shared_from_this()](const ErrorOf& error, std::size_t) {
                               if (!error) self->drain_input();
                             });
  }

  static constexpr std::size_t kKeptBytes = 64 << 10;
  // Read at once; the rest of a line of chunks, or a trailer, may be as long as a header.
  static constexpr std::size_t kBlockBytes = 64 << 10;

  Stream stream_;
  std::string peer_;
  HttpSessionOwner* owner_;
  beast::flat_buffer buffer_;
  std::optional<http::request_parser<http::string_body>> parser_;
  std::optional<http::response<http::empty_body>> continue_;
  std::optional<http::response<http::string_body>> response_;
  std::optional<http::response_serializer<http::string_body>> serializer_;
  std::function<void(bool)> on_sent_;
  std::array<char, 512> rest_{};
  std::int64_t first_byte_ns_ = 0;
  std::size_t held_bytes_ = 0;
  bool keep_alive_ = true;
  bool is_head_ = false;
  bool is_idle_ = false;
};

}  // namespace

std::shared_ptr<HttpSession> make_http_session(Tcp::socket socket, std::string peer, HttpSessionOwner& owner,
                                               asio::ssl::context* tls) {
  if (tls != nullptr) {
    return std::make_shared<StreamSession<TlsStream>>(std::move(peer), owner, std::move(socket), *tls);
  }
  return std::make_shared<StreamSession<PlainStream>>(std::move(peer), owner, std::move(socket));
}

}  // namespace triage
