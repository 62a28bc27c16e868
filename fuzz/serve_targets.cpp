// Requests to the server.
#include <optional>
#include <string_view>

#include "fuzz_target.h"
#include "http/multipart.h"
#include "serve/protocol_json.h"
#include "serve/served_model.h"

namespace triage::fuzz {
namespace {

std::string_view text_of(std::span<const std::uint8_t> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

}  // namespace

// JSON, and behind its first line end binary tensors; without one all is JSON.
void read_infer(std::span<const std::uint8_t> bytes) {
  const std::size_t end = text_of(bytes).find('\n');
  InferRequest request = parse_infer_request(
      text_of(bytes), end == std::string_view::npos ? std::nullopt : std::optional(end + 1));
  (void)request_of(request.parameters);
  (void)images_of(request);
}

// A line with the content type, and the body.
void read_form(std::span<const std::uint8_t> bytes) {
  const std::string_view text = text_of(bytes);
  const std::size_t end = text.find('\n');
  if (end == std::string_view::npos) return;
  (void)is_multipart(text.substr(0, end));
  (void)first_file(text.substr(end + 1), text.substr(0, end));
}

}  // namespace triage::fuzz
