// From profiles to a table.
#include <fmt/format.h>

#include <algorithm>

#include "profile/reader.h"
#include "triage/error.h"
#include "triage/profile.h"

namespace triage {
namespace {

void begin_table(Table& table, const ProfileHeader& header) {
  for (const ProfileModel& model : header.models) {
    table.models.push_back(
        {model.name, model.fingerprint, header.recipes[static_cast<std::size_t>(model.recipe)]});
    table.recipe_of.push_back(model.recipe);
  }
  table.n_classes = header.n_classes;
  table.label_names = header.label_names;
  table.schema = header.schema;
}

void reserve(Table& table, const ProfileHeader& header, std::size_t n) {
  table.ids.reserve(n);
  table.labels.reserve(n);
  table.decode_ms.reserve(n);
  table.ranks.reserve(n * header.models.size());
  table.outputs.reserve(n * header.models.size());
  table.infer_ms.reserve(n * header.models.size());
  table.preprocess_ms.reserve(n * header.recipes.size());
  table.features.reserve(n * header.schema.size());
  table.node_ms.reserve(n * header.nodes.size());
}

void add_row(Table& table, const InputRecord& record) {
  table.ids.push_back(record.id);
  table.labels.push_back(record.label);
  table.decode_ms.push_back(static_cast<float>(record.decode_ms));
  table.ranks.insert(table.ranks.end(), record.ranks.begin(), record.ranks.end());
  table.outputs.insert(table.outputs.end(), record.outputs.begin(), record.outputs.end());
  for (const double ms : record.infer_ms) table.infer_ms.push_back(static_cast<float>(ms));
  for (const double ms : record.preprocess_ms) table.preprocess_ms.push_back(static_cast<float>(ms));
  table.features.insert(table.features.end(), record.features.begin(), record.features.end());
  table.node_ms.insert(table.node_ms.end(), record.node_ms.begin(), record.node_ms.end());
}

// Every profile must fit the first one, and the costs this build's feature graph.
void check_header(const ProfileReader& reader, const ProfileHeader& first, const std::string& first_name) {
  if (const auto difference = model_difference(reader.header(), first)) {
    throw Error(ErrorCode::kProfile, fmt::format("{}: does not fit {}: {}; use profiles of the same models",
                                                 reader.name(), first_name, *difference));
  }
  const auto nodes = feature_nodes();
  if (!std::equal(nodes.begin(), nodes.end(), reader.header().nodes.begin(), reader.header().nodes.end())) {
    throw Error(ErrorCode::kProfile,
                fmt::format("{}: was made with feature nodes {}, expected {}; profile again with "
                            "this build",
                            reader.name(), fmt::join(reader.header().nodes, " "), fmt::join(nodes, " ")));
  }
}

}  // namespace

Table load_table(std::span<const std::filesystem::path> profiles, bool allow_partial) {
  if (profiles.empty()) throw Error(ErrorCode::kUsage, "profiles: none given, expected 1 or more");
  Table table;
  ProfileHeader first;
  std::vector<std::string> machines;
  for (const std::filesystem::path& path : profiles) {
    ProfileReader reader(path);
    if (&path == &profiles.front()) {
      first = reader.header();
      begin_table(table, first);
    }
    check_header(reader, first, profiles.front().string());
    if (!reader.finished() && !allow_partial) {
      throw Error(ErrorCode::kProfile,
                  fmt::format("{}: has {} of {} inputs, expected all; run the same 'triage "
                              "profile' again to finish it",
                              reader.name(), reader.n_done(), reader.header().n_inputs()));
    }
    reserve(table, first, table.n_inputs() + static_cast<std::size_t>(reader.n_done()));
    InputRecord record;
    while (reader.next(record)) {
      if (record.error.empty()) {
        add_row(table, record);
      } else {
        ++table.n_failed;
      }
    }
    for (const std::string& machine : reader.machines()) {
      if (std::find(machines.begin(), machines.end(), machine) == machines.end()) machines.push_back(machine);
    }
  }
  table.machine = fmt::format("{}", fmt::join(machines, " | "));
  if (table.ids.empty()) {
    throw Error(
        ErrorCode::kProfile,
        fmt::format(
            "{}: has no usable input ({} failed), expected 1 or more; see why with 'sqlite3 {} \"SELECT "
            "id, message FROM input\"'",
            profiles.front().string(), table.n_failed, profiles.front().string()));
  }
  try {
    check_table(table);
  } catch (const Error& error) {
    throw Error(error.code(), fmt::format("{}: {}", profiles.front().string(), error.what()));
  }
  return table;
}

}  // namespace triage
