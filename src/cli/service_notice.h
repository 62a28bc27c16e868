// Tells the service manager how it stands (systemd's sd_notify protocol).
#pragma once

#include <string_view>

namespace triage::cli {

// "READY=1", and so on. Does nothing where no service manager started this.
void notify_service(std::string_view state);

}  // namespace triage::cli
