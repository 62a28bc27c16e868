// `triage import`: the sub-commands that have files of their own.
#pragma once

#include "cli/cli.h"

namespace triage::cli {

// Defined in cmd_import_aslib.cpp, called once by add_import with the `import` command.
void add_import_aslib(CLI::App& import, Session& session);

}  // namespace triage::cli
