// What a JSON text would be as a document, before it is read as one: that may take fifty times its bytes.
#pragma once

#include <string_view>

namespace triage {

// Throws kUsage for a text nested deeper than any request of the protocol is, or with more values than belong
// into JSON. Whether it is JSON at all is not asked.
void check_json_size(std::string_view text);

}  // namespace triage
