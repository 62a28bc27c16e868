// One HTTP request and its response, as handlers see them: whole, and within the server's limits.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace triage {

using HttpField = std::pair<std::string, std::string>;

struct HttpRequest {
  std::string method;             // "GET"
  std::string path;               // decoded, without the query: "/v2/models/fashion"
  std::string query;              // as sent, without "?"
  std::vector<HttpField> fields;  // names as sent
  std::string body;
  std::string peer;                // the client's address
  std::int64_t first_byte_ns = 0;  // Clock::now_ns() when its first byte was there

  // Value of a header field, any case; empty where there is none.
  [[nodiscard]] std::string_view field(std::string_view name) const;
  // Value of "name=value" in the query, decoded; empty where there is none.
  [[nodiscard]] std::string query_value(std::string_view name) const;
};

struct HttpResponse {
  int status = 200;
  std::string content_type = "application/json";
  std::string body;
  std::vector<HttpField> fields = {};  // besides Content-Type and Content-Length
  // Called once, on a thread of the server, when it was written to the socket or could not be.
  std::function<void(bool written)> on_sent = nullptr;
};

// To be called once, from any thread; further calls do nothing.
using HttpRespond = std::function<void(HttpResponse)>;
// Called on a thread of the server: what takes long goes to another. One that throws ends in status 500.
using HttpHandler = std::function<void(HttpRequest, HttpRespond)>;

// Of percent-encoding; text that is not well encoded stays as it is.
[[nodiscard]] std::string percent_decoded(std::string_view text);
// Equal but for the case of ASCII letters.
[[nodiscard]] bool equal_ignoring_case(std::string_view a, std::string_view b);

}  // namespace triage
