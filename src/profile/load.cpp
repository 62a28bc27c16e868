// From profiles to a table.
#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <map>
#include <string_view>
#include <unordered_map>

#include "base/hash.h"
#include "profile/new_profile.h"
#include "profile/outcomes.h"
#include "profile/picture_hash.h"
#include "triage/error.h"
#include "triage/tools/profile.h"

namespace triage {
namespace {

void begin_table(Table& table, const ProfileHeader& header) {
  for (const ProfileModel& model : header.models) {
    if (model.is_selector()) {
      const SelectorFold fold = model.fold.value_or(SelectorFold{});
      table.selectors.push_back({model, header.recipes[static_cast<std::size_t>(model.recipe)], model.chooses,
                                 fold.of, fold.index, fold.count, fold.seed, fold.inputs});
      table.selector_recipe_of.push_back(model.recipe);
      continue;
    }
    table.models.push_back(
        {model, header.recipes[static_cast<std::size_t>(model.recipe)], model.device, model.threads});
    table.recipe_of.push_back(model.recipe);
  }
  table.n_classes = header.n_classes;
  table.label_names = header.label_names;
  table.label_mapping = header.label_mapping;
  table.schema = header.schema;
  table.timing = header.timing;
  table.times_note = header.times_note;
}

// For `n` more inputs, unless the file is too small for what it states: a row that is there takes more bytes.
void reserve(Table& table, const ProfileReader& reader, const ProfileHeader& header) {
  constexpr std::size_t kLeastRowBytes = 16;
  const auto more = static_cast<std::size_t>(reader.n_done());
  if (more > reader.size_bytes() / (kLeastRowBytes * header.models.size())) return;
  const std::size_t n = table.n_inputs() + more;
  table.ids.reserve(n);
  table.labels.reserve(n);
  table.decode_ms.reserve(n);
  table.ranks.reserve(n * header.n_classifiers());
  table.outputs.reserve(n * header.n_classifiers());
  table.infer_ms.reserve(n * header.n_classifiers());
  table.preprocess_ms.reserve(n * header.recipes.size());
  table.features.reserve(n * header.schema.size());
  table.node_ms.reserve(n * header.nodes.size());
}

void add_row(Table& table, const InputRecord& record) {
  table.ids.push_back(record.id);
  table.labels.push_back(record.label);
  table.groups.push_back(record.group);
  if (record.pixel_hash) {
    table.picture_hashes.push_back(
        picture_hash(*record.pixel_hash, record.width, record.height, record.channels));
  }
  table.decode_ms.push_back(static_cast<float>(record.decode_ms));
  // Selectors are listed after the models; with times alone there are no ranks and outputs.
  const auto m = static_cast<std::ptrdiff_t>(std::min(table.n_models(), record.ranks.size()));
  table.ranks.insert(table.ranks.end(), record.ranks.begin(), record.ranks.begin() + m);
  for (std::size_t i = 0; i < record.outputs.size(); ++i) {
    (i < table.n_models() ? table.outputs : table.selector_outputs).push_back(record.outputs[i]);
  }
  for (std::size_t i = 0; i < record.infer_ms.size(); ++i) {
    (i < table.n_models() ? table.infer_ms : table.selector_ms)
        .push_back(static_cast<float>(record.infer_ms[i]));
  }
  for (const double ms : record.preprocess_ms) table.preprocess_ms.push_back(static_cast<float>(ms));
  table.features.insert(table.features.end(), record.features.begin(), record.features.end());
  table.timing.cells += 1 + record.preprocess_ms.size() + record.infer_ms.size();
  table.timing.capped += static_cast<std::size_t>(record.capped);
  table.node_ms.insert(table.node_ms.end(), record.node_ms.begin(), record.node_ms.end());
}

// Every profile must fit the first one, and the costs this build's feature graph.
void check_header(const ProfileReader& reader, const ProfileHeader& first, const std::string& first_name) {
  if (const auto difference = model_difference(reader.header(), first)) {
    throw Error(ErrorCode::kProfile, fmt::format("{}: does not fit {}: {}; use profiles of the same models, "
                                                 "made in the same way",
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

std::vector<double> joules(const std::vector<EnergyCell>& cells) {
  std::vector<double> values;
  for (const EnergyCell& cell : cells) values.push_back(cell.mean_j);
  return values;
}

TableEnergy table_energy(const ProfileEnergy& energy, std::size_t n_models) {
  TableEnergy table;
  table.infer_j = joules(energy.infer);
  if (!table.infer_j.empty()) {  // selectors are listed after the models
    table.selector_j.assign(table.infer_j.begin() + static_cast<std::ptrdiff_t>(n_models),
                            table.infer_j.end());
    table.infer_j.resize(n_models);
  }
  table.preprocess_j = joules(energy.preprocess);
  table.node_j = joules(energy.node);
  table.idle_w = energy.idle_w;
  table.note =
      energy.note.empty() ? "not measured: profiled by a version that recorded time alone" : energy.note;
  return table;
}

// None where every input stands alone.
void drop_empty_groups(Table& table) {
  if (std::all_of(table.groups.begin(), table.groups.end(), [](const auto& group) { return group.empty(); }))
    table.groups.clear();
}

void read_rows(ProfileReader& reader, Table& table) {
  InputRecord record;
  while (reader.next(record)) {
    if (record.error.empty()) {
      add_row(table, record);
    } else {
      ++table.n_failed;
    }
  }
}

// Ids are unique within a profile, so a repeated id comes from two profiles. `ends`: how many rows the table
// had after each profile.
void expect_new_inputs(const Table& table, std::span<const std::filesystem::path> profiles,
                       std::span<const std::size_t> ends) {
  std::unordered_map<std::string_view, std::size_t> first;  // the profile that each input came from
  std::size_t profile = 0;
  for (std::size_t i = 0; i < table.n_inputs(); ++i) {
    while (i == ends[profile]) ++profile;
    const auto [known, is_new] = first.try_emplace(table.ids[i], profile);
    if (is_new || known->second == profile) continue;
    throw Error(ErrorCode::kProfile,
                fmt::format("{}: has input '{}' of {} too, expected profiles of different inputs; join them "
                            "with 'triage merge', which takes each input once",
                            profiles[profile].string(), table.ids[i], profiles[known->second].string()));
  }
}

void expect_inputs(const Table& table, const std::string& profile) {
  if (!table.ids.empty()) return;
  throw Error(
      ErrorCode::kProfile,
      fmt::format(
          "{}: has no usable input ({} failed), expected 1 or more; see why with 'sqlite3 {} \"SELECT "
          "id, message FROM input\"'",
          profile, table.n_failed, profile));
}

void check_loaded(const Table& table, const std::string& profile) {
  try {
    check_table(table);
  } catch (const Error& error) {
    throw Error(error.code(), fmt::format("{}: {}", profile, error.what()));
  }
}

// The first folder of an id, or its IDX file ("images#12"); "." for a picture beside the folders.
std::string_view folder_of_input(std::string_view id) {
  if (const std::size_t slash = id.find('/'); slash != id.npos) return id.substr(0, slash);
  const std::size_t number = id.rfind('#');
  return number == id.npos ? std::string_view(".") : id.substr(0, number);
}

void set_sources(Table& table, std::span<const std::filesystem::path> profiles,
                 const std::vector<std::size_t>& ends) {
  std::map<std::string, std::int32_t, std::less<>> known;
  for (std::size_t i = 0, p = 0; i < table.n_inputs(); ++i) {
    while (i >= ends[p]) ++p;
    const std::string name =
        profiles.size() > 1 ? fmt::format("{}", p) : std::string(folder_of_input(table.ids[i]));
    const auto [at, is_new] = known.try_emplace(name, static_cast<std::int32_t>(table.sources.size()));
    if (is_new) table.sources.push_back(profiles.size() > 1 ? profiles[p].stem().string() : name);
    table.source_of.push_back(at->second);
  }
}

// Such a table stands alone.
bool is_imported(std::span<const std::filesystem::path> profiles) {
  if (!holds_outcomes(profiles.front())) return false;
  if (profiles.size() == 1) return true;
  throw Error(ErrorCode::kUsage,
              fmt::format("{}: was imported, and {} profiles are given, expected it alone; import all of "
                          "its rows into one",
                          profiles.front().string(), profiles.size()));
}

}  // namespace

Table load_times(const std::filesystem::path& profile) {
  ProfileReader reader(profile);
  check_header(reader, reader.header(), profile.string());
  Table table;
  begin_table(table, reader.header());
  read_rows(reader, table);
  expect_inputs(table, profile.string());
  drop_empty_groups(table);
  table.picture_hashes.clear();
  table.schema.features.clear();
  table.features.clear();
  table.ranks.assign(table.infer_ms.size(), 0);
  table.outputs.assign(table.infer_ms.size(), {});
  table.selectors.clear();
  table.selector_recipe_of.clear();
  table.selector_outputs.clear();
  table.selector_ms.clear();
  table.machine = fmt::format("{}", fmt::join(reader.machines(), " | "));
  if (reader.machines().size() == 1) table.energy = table_energy(reader.energy(0), table.n_models());
  table.energy.selector_j.clear();
  check_loaded(table, profile.string());
  return table;
}

Table load_table(std::span<const std::filesystem::path> profiles, bool allow_partial) {
  if (profiles.empty()) throw Error(ErrorCode::kUsage, "profiles: none given, expected 1 or more");
  if (is_imported(profiles)) return load_outcomes(profiles.front());
  Table table;
  ProfileHeader first;
  std::string first_machines;
  std::vector<std::string> machines;
  std::vector<std::size_t> ends;
  bool energy_known = false;
  for (const std::filesystem::path& path : profiles) {
    ProfileReader reader(path);
    if (&path == &profiles.front()) {
      first = reader.header();
      first_machines = machines_line(reader);
      begin_table(table, first);
    }
    check_header(reader, first, profiles.front().string());
    if (&path != &profiles.front()) {
      expect_same_machine({profiles.front().string(), first_machines},
                          {reader.name(), machines_line(reader)});
    }
    if (!allow_partial) expect_finished(reader);
    if (reader.header().times_only) {
      throw Error(
          ErrorCode::kProfile,
          fmt::format("{}: holds times alone, expected scores too; 'triage merge' puts its times over "
                      "a profile with scores",
                      reader.name()));
    }
    reserve(table, reader, first);
    read_rows(reader, table);
    ends.push_back(table.n_inputs());
    if (!energy_known && !reader.machines().empty()) {
      table.energy = table_energy(reader.energy(0), table.n_models());
      energy_known = true;
    }
    for (const std::string& machine : reader.machines()) {
      if (std::find(machines.begin(), machines.end(), machine) == machines.end()) machines.push_back(machine);
    }
  }
  table.machine = fmt::format("{}", fmt::join(machines, " | "));
  if (machines.size() > 1) {
    table.energy = {};
    table.energy.note = "not measured: the times are of several machines";
  }
  expect_inputs(table, profiles.front().string());
  expect_new_inputs(table, profiles, ends);
  drop_empty_groups(table);
  set_sources(table, profiles, ends);
  if (table.picture_hashes.size() != table.n_inputs())
    table.picture_hashes.clear();  // some were profiled by format 1
  if (!first.labels_from.empty()) label_by_model(table, first.labels_from);
  check_loaded(table, profiles.front().string());
  return table;
}

}  // namespace triage
