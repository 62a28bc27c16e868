// Forms with files, as browsers send them (RFC 7578).
#pragma once

#include <string>
#include <string_view>

namespace triage {

[[nodiscard]] bool is_multipart(std::string_view content_type);
// Content of the first part that is a file, or of the first part; empty where there is none, or no boundary.
[[nodiscard]] std::string first_file(std::string_view body, std::string_view content_type);

}  // namespace triage
