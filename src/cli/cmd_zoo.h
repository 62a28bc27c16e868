// `triage zoo`: one file for each of its sub-commands.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "cli/cli.h"

namespace triage::cli {

// Each defined in cmd_zoo_<name>.cpp, called once by add_zoo with the `zoo` command.
void add_zoo_list(CLI::App& zoo, Session& session);
void add_zoo_verify(CLI::App& zoo, Session& session);
void add_zoo_add(CLI::App& zoo, Session& session);
void add_zoo_build(CLI::App& zoo, Session& session);
void add_zoo_variants(CLI::App& zoo, Session& session);

// "3x224x224", "?" where a dimension is open.
[[nodiscard]] std::string shape_text(const std::vector<std::int64_t>& shape);

// A table on stdout: columns as wide as their content, the first to the left, the others to the right.
class TextTable {
 public:
  explicit TextTable(std::vector<std::string> header) { rows_.push_back(std::move(header)); }
  void add(std::vector<std::string> row) { rows_.push_back(std::move(row)); }
  void print() const;

 private:
  std::vector<std::vector<std::string>> rows_;
};

}  // namespace triage::cli
