// `triage import`: the sub-commands that have files of their own.
#pragma once

#include "cli/cli.h"

namespace triage::cli {

// Called once by add_import with the `import` command.
void add_import_aslib(CLI::App& import, Session& session);
void add_import_feedback(CLI::App& import, Session& session);

}  // namespace triage::cli
