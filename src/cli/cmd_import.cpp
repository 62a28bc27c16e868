// `triage import`: from tables that people have to profiles.
#include "cli/cmd_import.h"

namespace triage::cli {

void add_import(CLI::App& app, Session& session) {
  CLI::App* import = app.add_subcommand("import", "Make a profile of a table of scores and costs");
  import->require_subcommand(1);
  add_import_aslib(*import, session);
}

}  // namespace triage::cli
