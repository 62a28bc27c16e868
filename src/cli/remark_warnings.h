// What the runtime has to remark, such as of a cache that cannot be used, on stderr.
#pragma once

#include <string_view>

#include "cli/cli.h"
#include "triage/runtime.h"

namespace triage::cli {

class RemarkWarnings final : public Observer {
 public:
  void on_remark(std::string_view text) override { warn(text); }
};

}  // namespace triage::cli
