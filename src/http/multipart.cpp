#include "http/multipart.h"

#include "http/http_message.h"

namespace triage {
namespace {

constexpr std::string_view kMultipart = "multipart/form-data";

std::string boundary_of(std::string_view content_type) {
  constexpr std::string_view kKey = "boundary=";
  const std::size_t at = content_type.find(kKey);
  if (at == std::string_view::npos) return {};
  std::string_view value = content_type.substr(at + kKey.size());
  if (value.starts_with('"')) {
    value.remove_prefix(1);
    return std::string(value.substr(0, value.find('"')));
  }
  return std::string(value.substr(0, value.find_first_of("; ")));
}

}  // namespace

bool is_multipart(std::string_view content_type) {
  return equal_ignoring_case(content_type.substr(0, kMultipart.size()), kMultipart);
}

std::string first_file(std::string_view body, std::string_view content_type) {
  const std::string boundary = boundary_of(content_type);
  if (boundary.empty()) return {};
  const std::string line = "--" + boundary;
  const std::string end = "\r\n" + line;
  std::string_view first;
  std::size_t at = body.find(line);
  while (at != std::string_view::npos) {
    const std::size_t header = at + line.size();
    const std::size_t content = body.find("\r\n\r\n", header);
    if (body.substr(header, 2) == "--" || content == std::string_view::npos) break;
    const std::size_t stop = body.find(end, content + 2);
    if (stop == std::string_view::npos) break;
    const std::size_t begin = content + 4;
    const std::string_view part = stop < begin ? std::string_view() : body.substr(begin, stop - begin);
    const std::string_view fields = body.substr(header, content - header);
    if (fields.find("filename=") != std::string_view::npos) return std::string(part);
    if (first.empty()) first = part;
    at = stop + 2;
  }
  return std::string(first);
}

}  // namespace triage
