// The tables of a profile and its header's rows (docs/formats.md).
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <fstream>

#include "profile/codec.h"
#include "profile/header.h"
#include "profile/label_mapping_text.h"
#include "profile/outcome_schema.h"
#include "profile/precision_rows.h"
#include "triage/error.h"

namespace triage {
namespace {

constexpr const char* kSchema = R"sql(
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
CREATE TABLE part (part INTEGER PRIMARY KEY, data TEXT NOT NULL, n_data INTEGER NOT NULL,
  shard_index INTEGER NOT NULL, shard_count INTEGER NOT NULL, first_input INTEGER NOT NULL,
  n_inputs INTEGER NOT NULL, perturbations TEXT NOT NULL) STRICT;
CREATE TABLE label (label INTEGER PRIMARY KEY, name TEXT NOT NULL) STRICT;
CREATE TABLE feature (feature INTEGER PRIMARY KEY, name TEXT NOT NULL, version INTEGER NOT NULL) STRICT;
CREATE TABLE feature_node (node INTEGER PRIMARY KEY, name TEXT NOT NULL) STRICT;
CREATE TABLE recipe (recipe INTEGER PRIMARY KEY, key TEXT NOT NULL) STRICT;
CREATE TABLE model (model INTEGER PRIMARY KEY, name TEXT NOT NULL, fingerprint TEXT NOT NULL,
  role TEXT NOT NULL, recipe INTEGER NOT NULL REFERENCES recipe, device TEXT NOT NULL,
  threads INTEGER NOT NULL) STRICT;
CREATE TABLE machine (machine INTEGER PRIMARY KEY, description TEXT NOT NULL) STRICT;
CREATE TABLE execution (execution INTEGER PRIMARY KEY, model INTEGER NOT NULL REFERENCES model,
  machine INTEGER NOT NULL REFERENCES machine, device TEXT NOT NULL, threads INTEGER NOT NULL) STRICT;
CREATE TABLE input (input INTEGER PRIMARY KEY, id TEXT NOT NULL, label INTEGER NOT NULL, status TEXT NOT NULL,
  message TEXT, width INTEGER NOT NULL, height INTEGER NOT NULL, channels INTEGER NOT NULL,
  pixel_hash INTEGER, input_group TEXT) STRICT;
CREATE TABLE input_features (input INTEGER PRIMARY KEY REFERENCES input, vals BLOB NOT NULL) STRICT;
CREATE TABLE output (input INTEGER NOT NULL REFERENCES input, model INTEGER NOT NULL REFERENCES model,
  rank INTEGER NOT NULL, residual REAL NOT NULL, top BLOB NOT NULL, PRIMARY KEY (input, model))
  STRICT, WITHOUT ROWID;
CREATE TABLE input_cost (input INTEGER NOT NULL REFERENCES input, machine INTEGER NOT NULL REFERENCES machine,
  decode_ms REAL NOT NULL, node_ms BLOB NOT NULL, runs INTEGER NOT NULL, capped INTEGER NOT NULL, PRIMARY KEY (input, machine)) STRICT, WITHOUT ROWID;
CREATE TABLE preprocess_cost (input INTEGER NOT NULL REFERENCES input, recipe INTEGER NOT NULL REFERENCES recipe,
  machine INTEGER NOT NULL REFERENCES machine, n INTEGER NOT NULL, mean_ms REAL NOT NULL, m2 REAL NOT NULL,
  PRIMARY KEY (input, recipe, machine)) STRICT, WITHOUT ROWID;
CREATE TABLE infer_cost (input INTEGER NOT NULL REFERENCES input, execution INTEGER NOT NULL REFERENCES execution,
  n INTEGER NOT NULL, mean_ms REAL NOT NULL, m2 REAL NOT NULL, PRIMARY KEY (input, execution))
  STRICT, WITHOUT ROWID;
CREATE VIEW model_summary AS
  SELECT m.name, count(*) AS n_inputs, avg(nullif(o.rank, 0) = 1) AS top1_rate,
    avg(nullif(o.rank, 0) BETWEEN 1 AND 5) AS top5_rate,
    (SELECT avg(c.mean_ms) FROM infer_cost c JOIN execution e USING (execution) WHERE e.model = m.model)
      AS infer_ms,
    (SELECT avg(c.mean_ms) FROM preprocess_cost c WHERE c.recipe = m.recipe) AS preprocess_ms
  FROM model m JOIN output o USING (model) WHERE m.role = 'classifier' GROUP BY m.model;
)sql";

// What a selector stands for; its row of `model` has the role.
constexpr const char* kSelectorSchema = R"sql(
CREATE TABLE selector_choice (model INTEGER NOT NULL REFERENCES model, class INTEGER NOT NULL, name TEXT NOT NULL,
  PRIMARY KEY (model, class)) STRICT, WITHOUT ROWID;
CREATE TABLE selector_fold (model INTEGER PRIMARY KEY REFERENCES model, of TEXT NOT NULL, fold INTEGER NOT NULL,
  folds INTEGER NOT NULL, seed INTEGER NOT NULL, inputs TEXT NOT NULL) STRICT;
)sql";

constexpr const char* kEnergySchema = R"sql(
CREATE TABLE machine_energy (machine INTEGER PRIMARY KEY REFERENCES machine, note TEXT NOT NULL, idle_w REAL)
  STRICT;
CREATE TABLE energy (machine INTEGER NOT NULL REFERENCES machine, kind TEXT NOT NULL, item INTEGER NOT NULL,
  mean_j REAL, runs INTEGER NOT NULL, seconds REAL NOT NULL, PRIMARY KEY (machine, kind, item))
  STRICT, WITHOUT ROWID;
)sql";

// What format 1 lacks. Its times are of one run each.
constexpr const char* kFromFormat1 = R"sql(
ALTER TABLE input ADD COLUMN pixel_hash INTEGER;
ALTER TABLE input_cost ADD COLUMN runs INTEGER NOT NULL DEFAULT 1;
ALTER TABLE input_cost ADD COLUMN capped INTEGER NOT NULL DEFAULT 0;
)sql";

// What format 2 lacks.
constexpr const char* kFromFormat2 = R"sql(
ALTER TABLE part ADD COLUMN perturbations TEXT NOT NULL DEFAULT '';
ALTER TABLE input ADD COLUMN input_group TEXT;
)sql";

// Kinds of table `energy`.
constexpr const char* kNodeEnergy = "node";
constexpr const char* kPreprocessEnergy = "preprocess";
constexpr const char* kInferEnergy = "infer";

// Bounds of what a header may state; a file beyond them is damaged.
constexpr std::int64_t kMaxRows = 65536;  // models, machines, recipes, parts
constexpr std::int64_t kMaxInputs = std::int64_t{1} << 40;

void put_meta(const Database& database, std::string_view key, std::string_view value) {
  Statement(database, "INSERT INTO meta VALUES (?, ?)").bind(0, key).bind(1, value).run();
}

std::string get_meta(const Database& database, std::string_view key) {
  Statement statement(database, "SELECT value FROM meta WHERE key = ?");
  if (!statement.bind(0, key).step()) database.fail_damaged(fmt::format("meta '{}' is missing", key));
  return statement.text(0);
}

// As get_meta; empty where the key is missing, as it is in older files.
std::string get_new_meta(const Database& database, std::string_view key) {
  Statement statement(database, "SELECT value FROM meta WHERE key = ?");
  return statement.bind(0, key).step() ? statement.text(0) : std::string();
}

std::int64_t get_meta_integer(const Database& database, std::string_view key, std::int64_t min,
                              std::int64_t max) {
  const std::string text = get_meta(database, key);
  std::int64_t value = 0;
  bool good = !text.empty() && text.size() <= 18;
  for (const char c : text) {
    good = good && c >= '0' && c <= '9';
    if (good) value = value * 10 + (c - '0');
  }
  if (!good || value < min || value > max) {
    database.fail_damaged(fmt::format("meta '{}' is '{}', expected {} to {}", key, text, min, max));
  }
  return value;
}

void write_timing(const Database& database, const ProfileHeader& header) {
  put_meta(database, "timing_mode", to_string(header.timing.mode));
  put_meta(database, "timing_bound_ppm", std::to_string(std::llround(header.timing.bound * 1e6)));
  put_meta(database, "timing_min_runs", std::to_string(header.timing.min_runs));
  put_meta(database, "timing_max_runs", std::to_string(header.timing.max_runs));
  put_meta(database, "contents", header.times_only ? "times" : "all");
  put_meta(database, "times_note", header.times_note);
}

// Which of two words a meta value is.
bool get_meta_choice(const Database& database, std::string_view key, std::string_view no,
                     std::string_view yes) {
  const std::string text = get_meta(database, key);
  if (text != no && text != yes) {
    database.fail_damaged(fmt::format("meta '{}' is '{}', expected {} or {}", key, text, no, yes));
  }
  return text == yes;
}

void read_timing(const Database& database, ProfileHeader& header) {
  const bool exhaustive = get_meta_choice(database, "timing_mode", to_string(TimingMode::kCheap),
                                          to_string(TimingMode::kExhaustive));
  header.timing.mode = exhaustive ? TimingMode::kExhaustive : TimingMode::kCheap;
  header.timing.bound =
      static_cast<double>(get_meta_integer(database, "timing_bound_ppm", 0, 1'000'000'000)) / 1e6;
  header.timing.min_runs = static_cast<int>(get_meta_integer(database, "timing_min_runs", 1, INT32_MAX));
  header.timing.max_runs = static_cast<int>(get_meta_integer(database, "timing_max_runs", 1, INT32_MAX));
  header.times_only = get_meta_choice(database, "contents", "all", "times");
  header.times_note = get_meta(database, "times_note");
}

void put_names(const Database& database, const char* sql, const std::vector<std::string>& names) {
  Statement statement(database, sql);
  for (std::size_t i = 0; i < names.size(); ++i) {
    statement.bind(0, static_cast<std::int64_t>(i)).bind(1, std::string_view(names[i])).run();
  }
}

// Rows numbered 0, 1, 2, ... in their first column.
template <class Read>
void read_numbered(const Database& database, std::string_view sql, std::int64_t max_rows, const Read& read) {
  Statement statement(database, sql);
  for (std::int64_t row = 0; statement.step(); ++row) {
    if (row >= max_rows) database.fail_damaged(fmt::format("'{}' gives more than {} rows", sql, max_rows));
    (void)statement.integer(0, row, row);
    read(statement);
  }
}

std::vector<std::string> read_names(const Database& database, std::string_view sql, std::int64_t max_rows) {
  std::vector<std::string> names;
  read_numbered(database, sql, max_rows, [&](const Statement& row) { names.push_back(row.text(1)); });
  return names;
}

void write_selectors(const Database& database, const ProfileHeader& header) {
  Statement choice(database, "INSERT INTO selector_choice VALUES (?, ?, ?)");
  Statement fold(database, "INSERT INTO selector_fold VALUES (?, ?, ?, ?, ?, ?)");
  for (std::size_t m = 0; m < header.models.size(); ++m) {
    const ProfileModel& model = header.models[m];
    const auto number = static_cast<std::int64_t>(m);
    for (std::size_t c = 0; c < model.chooses.size(); ++c) {
      choice.bind(0, number)
          .bind(1, static_cast<std::int64_t>(c))
          .bind(2, std::string_view(model.chooses[c]))
          .run();
    }
    if (!model.fold) continue;
    fold.bind(0, number).bind(1, std::string_view(model.fold->of)).bind(2, std::int64_t{model.fold->index});
    fold.bind(3, std::int64_t{model.fold->count}).bind(4, static_cast<std::int64_t>(model.fold->seed));
    fold.bind(5, std::string_view(model.fold->inputs)).run();
  }
}

void read_selectors(const Database& database, ProfileHeader& header) {
  const std::int64_t last_model = std::ssize(header.models) - 1;
  const auto selector = [&](const Statement& row) -> ProfileModel& {
    return header.models[static_cast<std::size_t>(row.integer(0, 0, last_model))];
  };
  Statement choices(database, "SELECT model, class, name FROM selector_choice ORDER BY model, class");
  while (choices.step()) {
    auto& chooses = selector(choices).chooses;
    (void)choices.integer(1, std::ssize(chooses), std::ssize(chooses));
    chooses.push_back(choices.text(2));
  }
  Statement folds(database, "SELECT model, of, fold, folds, seed, inputs FROM selector_fold");
  while (folds.step()) {
    const std::int64_t count = folds.integer(3, 2, 1000);
    selector(folds).fold =
        SelectorFold{folds.text(1), static_cast<int>(folds.integer(2, 0, count - 1)), static_cast<int>(count),
                     static_cast<std::uint64_t>(folds.integer(4, 0, INT64_MAX)), folds.text(5)};
  }
  const auto after = std::find_if(header.models.begin(), header.models.end(),
                                  [](const ProfileModel& m) { return m.is_selector(); });
  if (after == header.models.begin() ||
      !std::all_of(after, header.models.end(), [](const ProfileModel& m) { return m.is_selector(); })) {
    database.fail_damaged("selectors are not listed after the models");
  }
}

void write_header(const Database& database, const ProfileHeader& header) {
  put_meta(database, "zoo", header.zoo);
  put_meta(database, "n_classes", std::to_string(header.n_classes));
  put_meta(database, "max_pixels", std::to_string(header.max_pixels));
  put_meta(database, "working_px", std::to_string(header.schema.working_px));
  put_meta(database, "labels_from", header.labels_from);
  put_meta(database, "label_mapping", label_mapping_text(header.label_mapping));
  put_names(database, "INSERT INTO label VALUES (?, ?)", header.label_names);
  put_names(database, "INSERT INTO feature_node VALUES (?, ?)", header.nodes);
  put_names(database, "INSERT INTO recipe VALUES (?, ?)", header.recipes);
  std::int64_t row = 0;
  Statement part(database, "INSERT INTO part VALUES (?, ?, ?, ?, ?, ?, ?, ?)");
  for (const ProfilePart& p : header.parts) {
    part.bind(0, row++)
        .bind(1, std::string_view(p.data))
        .bind(2, p.n_data)
        .bind(3, std::int64_t{p.shard.index});
    part.bind(4, std::int64_t{p.shard.count}).bind(5, p.first).bind(6, p.n_inputs);
    part.bind(7, std::string_view(p.perturbations)).run();
  }
  write_timing(database, header);
  row = 0;
  Statement feature(database, "INSERT INTO feature VALUES (?, ?, ?)");
  for (const FeatureRef& f : header.schema.features) {
    feature.bind(0, row++).bind(1, std::string_view(f.name)).bind(2, std::int64_t{f.version}).run();
  }
  row = 0;
  Statement model(database, "INSERT INTO model VALUES (?, ?, ?, ?, ?, ?, ?)");
  for (const ProfileModel& m : header.models) {
    model.bind(0, row++).bind(1, std::string_view(m.name)).bind(2, std::string_view(m.fingerprint));
    model.bind(3, std::string_view(m.is_selector() ? "selector" : "classifier"))
        .bind(4, std::int64_t{m.recipe})
        .bind(5, std::string_view(m.device))
        .bind(6, std::int64_t{m.threads});
    model.run();
  }
  write_selectors(database, header);
  write_precisions(database, header);
}

// Of a data set's inputs, those in the shard.
std::int64_t most_inputs(const ProfilePart& part) {
  const std::int64_t index = part.shard.index;
  return part.n_data <= index ? 0 : (part.n_data - index - 1) / part.shard.count + 1;
}

void read_parts(const Database& database, std::int64_t version, ProfileHeader& header) {
  read_numbered(database,
                fmt::format("SELECT part, data, n_data, shard_index, shard_count, first_input, n_inputs, {} "
                            "FROM part ORDER BY part",
                            version < 3 ? "''" : "perturbations"),
                kMaxRows, [&](const Statement& row) {
                  ProfilePart part;
                  part.data = row.text(1);
                  part.n_data = row.integer(2, 0, kMaxInputs);
                  part.shard.count = static_cast<std::uint32_t>(row.integer(4, 1, UINT32_MAX));
                  part.shard.index = static_cast<std::uint32_t>(row.integer(3, 0, part.shard.count - 1));
                  part.first = row.integer(5, 0, kMaxInputs);
                  part.n_inputs = row.integer(6, 0, most_inputs(part));
                  part.perturbations = row.text(7);
                  header.parts.push_back(part);
                });
  // Parts that meet in one file share inputs; one alone has all of its own.
  if (header.parts.size() == 1 && header.parts[0].n_inputs != most_inputs(header.parts[0])) {
    database.fail_damaged(fmt::format("its part of {} inputs states {}, expected {}", header.parts[0].n_data,
                                      header.parts[0].n_inputs, most_inputs(header.parts[0])));
  }
}

void read_models(const Database& database, ProfileHeader& header) {
  header.recipes = read_names(database, "SELECT recipe, key FROM recipe ORDER BY recipe", kMaxRows);
  const std::int64_t last_recipe = static_cast<std::int64_t>(header.recipes.size()) - 1;
  read_numbered(database,
                "SELECT model, name, fingerprint, recipe, device, threads FROM model ORDER BY model",
                kMaxRows, [&](const Statement& row) {
                  ProfileModel& model = header.models.emplace_back();
                  model.name = row.text(1);
                  model.fingerprint = row.text(2);
                  model.recipe = static_cast<std::int32_t>(row.integer(3, 0, last_recipe));
                  model.device = row.text(4);
                  model.threads = static_cast<int>(row.integer(5, 0, 1 << 20));
                });
  if (header.models.empty()) database.fail_damaged("it has no models");
  // Profiles that were made before selectors could be in them lack the tables.
  const bool has_selectors =
      database.integer("SELECT count(*) FROM sqlite_master WHERE name = 'selector_choice'") > 0;
  if (has_selectors) read_selectors(database, header);
  read_precisions(database, header);
}

void read_labels_from(const Database& database, ProfileHeader& header) {
  header.labels_from = get_new_meta(database, "labels_from");
  const auto named = [&](const ProfileModel& model) {
    return model.name == header.labels_from && !model.is_selector();
  };
  if (header.labels_from.empty() || std::any_of(header.models.begin(), header.models.end(), named)) return;
  database.fail_damaged(
      fmt::format("meta 'labels_from' is '{}', expected one of its models", header.labels_from));
}

}  // namespace

void check_sqlite_file(const std::filesystem::path& path) {
  std::error_code error;
  if (!std::filesystem::exists(path, error)) {
    throw Error(
        ErrorCode::kIo,
        fmt::format("{}: does not exist, expected a profile; make one with 'triage profile'", path.string()));
  }
  const auto no_profile = [&](std::string_view what) {
    return Error(ErrorCode::kProfile,
                 fmt::format("{}: {}, expected an SQLite file made by 'triage profile'; check "
                             "the path, or remove it and profile again",
                             path.string(), what));
  };
  if (!std::filesystem::is_regular_file(path, error)) throw no_profile("is not a file");
  std::array<char, 16> head{};
  std::ifstream in(path, std::ios::binary);
  if (!in) {
    throw Error(
        ErrorCode::kIo,
        fmt::format("{}: cannot be opened, expected a readable file; check its permissions", path.string()));
  }
  in.read(head.data(), head.size());
  if (in.gcount() == 0) throw no_profile("is empty");
  if (std::string_view(head.data(), head.size()) != std::string_view("SQLite format 3\0", 16)) {
    throw no_profile("is not a profile");
  }
}

void create_schema(const Database& database, const ProfileHeader& header) {
  database.exec("BEGIN");
  database.exec(fmt::format("PRAGMA application_id = {}", kApplicationId).c_str());
  database.exec(fmt::format("PRAGMA user_version = {}", kFormatVersion).c_str());
  database.exec(kSchema);
  database.exec(kSelectorSchema);
  database.exec(kEnergySchema);
  write_header(database, header);
  database.exec("COMMIT");
}

void upgrade_schema(const Database& database) {
  const std::int64_t version = database.integer("PRAGMA user_version");
  if (version == kFormatVersion) return;
  database.exec("BEGIN IMMEDIATE");
  if (version == 1) {
    database.exec(kFromFormat1);
    database.exec(kSelectorSchema);
    database.exec(kEnergySchema);
    write_timing(database, {});
  }
  database.exec(kFromFormat2);
  database.exec(fmt::format("PRAGMA user_version = {}", kFormatVersion).c_str());
  database.exec("COMMIT");
}

ProfileHeader read_header(const Database& database) {
  if (database.integer("PRAGMA application_id") == kOutcomesId) {
    throw Error(ErrorCode::kProfile,
                fmt::format("{}: is an imported table, expected a profile that 'triage profile' made; such "
                            "tables can be trained on and evaluated",
                            database.name()));
  }
  if (database.integer("PRAGMA application_id") != kApplicationId) {
    throw Error(ErrorCode::kProfile,
                fmt::format("{}: is another program's SQLite file, expected one made by 'triage "
                            "profile'; check the path",
                            database.name()));
  }
  const std::int64_t version = database.integer("PRAGMA user_version");
  if (version < 1 || version > kFormatVersion) {
    throw Error(ErrorCode::kProfile,
                fmt::format("{}: has format version {}, expected 1 to {}; profile again with this "
                            "build, or use the build that made it",
                            database.name(), version, kFormatVersion));
  }
  ProfileHeader header;
  header.zoo = get_meta(database, "zoo");
  header.n_classes = static_cast<std::int32_t>(get_meta_integer(database, "n_classes", 1, kMaxClasses));
  header.max_pixels = get_meta_integer(database, "max_pixels", 1, INT64_MAX);
  header.schema.working_px = static_cast<int>(get_meta_integer(database, "working_px", 1, 1 << 20));
  read_parts(database, version, header);
  read_models(database, header);
  header.label_names = read_names(database, "SELECT label, name FROM label ORDER BY label", kMaxClasses);
  if (!header.label_names.empty() && std::ssize(header.label_names) != header.n_classes) {
    database.fail_damaged(
        fmt::format("it has {} label names, expected {}", header.label_names.size(), header.n_classes));
  }
  if (const std::string text = get_new_meta(database, "label_mapping"); !text.empty()) {
    auto mapping = parse_label_mapping(text);
    if (!mapping) database.fail_damaged(fmt::format("meta 'label_mapping' is '{}'", text.substr(0, 80)));
    header.label_mapping = std::move(*mapping);
  }
  header.nodes = read_names(database, "SELECT node, name FROM feature_node ORDER BY node", 32);
  read_numbered(
      database, "SELECT feature, name, version FROM feature ORDER BY feature", 64, [&](const Statement& row) {
        header.schema.features.push_back({row.text(1), static_cast<int>(row.integer(2, 0, 1 << 30))});
      });
  if (version > 1) read_timing(database, header);
  read_labels_from(database, header);
  return header;
}

ProfileEnergy read_energy(const Database& database, const ProfileHeader& header, std::int32_t machine) {
  ProfileEnergy energy;
  if (database.integer("PRAGMA user_version") == 1) return energy;
  Statement about(database, "SELECT note, idle_w FROM machine_energy WHERE machine = ?");
  if (!about.bind(0, std::int64_t{machine}).step()) return energy;
  energy.note = about.text(0);
  if (about.is_null(1)) return energy;
  energy.idle_w = about.real(1);
  energy.node.resize(header.nodes.size());
  energy.preprocess.resize(header.recipes.size());
  energy.infer.resize(header.models.size());
  Statement rows(database, "SELECT kind, item, mean_j, runs, seconds FROM energy WHERE machine = ?");
  rows.bind(0, std::int64_t{machine});
  while (rows.step()) {
    const std::string kind = rows.text(0);
    std::vector<EnergyCell>* cells = kind == kNodeEnergy         ? &energy.node
                                     : kind == kPreprocessEnergy ? &energy.preprocess
                                     : kind == kInferEnergy      ? &energy.infer
                                                                 : nullptr;
    if (cells == nullptr) database.fail_damaged(fmt::format("energy of kind '{}'", kind));
    EnergyCell& cell = (*cells)[static_cast<std::size_t>(rows.integer(1, 0, std::ssize(*cells) - 1))];
    cell.mean_j = rows.is_null(2) ? kNotMeasured : rows.time_ms(2);
    cell.runs = rows.integer(3, 0, INT64_MAX);
    cell.seconds = rows.time_ms(4);
  }
  return energy;
}

void write_energy(const Database& database, std::int32_t machine, const ProfileEnergy& energy) {
  for (const char* sql :
       {"DELETE FROM energy WHERE machine = ?", "DELETE FROM machine_energy WHERE machine = ?"}) {
    Statement(database, sql).bind(0, std::int64_t{machine}).run();
  }
  const auto bind_real = [](Statement& statement, int index, double value) {
    std::isnan(value) ? statement.bind_null(index) : statement.bind(index, value);
  };
  Statement about(database, "INSERT INTO machine_energy VALUES (?, ?, ?)");
  about.bind(0, std::int64_t{machine}).bind(1, std::string_view(energy.note));
  bind_real(about, 2, energy.idle_w);
  about.run();
  Statement row(database, "INSERT INTO energy VALUES (?, ?, ?, ?, ?, ?)");
  const auto write = [&](std::string_view kind, const std::vector<EnergyCell>& cells) {
    for (std::size_t item = 0; item < cells.size(); ++item) {
      row.bind(0, std::int64_t{machine}).bind(1, kind).bind(2, static_cast<std::int64_t>(item));
      bind_real(row, 3, cells[item].mean_j);
      row.bind(4, cells[item].runs).bind(5, cells[item].seconds).run();
    }
  };
  write(kNodeEnergy, energy.node);
  write(kPreprocessEnergy, energy.preprocess);
  write(kInferEnergy, energy.infer);
}

std::vector<std::string> read_machines(const Database& database) {
  return read_names(database, "SELECT machine, description FROM machine ORDER BY machine", kMaxRows);
}

std::int32_t add_machine(const Database& database, const ProfileHeader& header,
                         std::string_view description) {
  const std::vector<std::string> machines = read_machines(database);
  for (std::size_t i = 0; i < machines.size(); ++i) {
    if (machines[i] == description) return static_cast<std::int32_t>(i);
  }
  const auto machine = static_cast<std::int32_t>(machines.size());
  Statement(database, "INSERT INTO machine VALUES (?, ?)")
      .bind(0, std::int64_t{machine})
      .bind(1, description)
      .run();
  Statement statement(database, "INSERT INTO execution VALUES (?, ?, ?, ?, ?)");
  for (std::size_t i = 0; i < header.models.size(); ++i) {
    const ProfileModel& model = header.models[i];
    statement.bind(0, execution_of(header, machine, i)).bind(1, static_cast<std::int64_t>(i));
    statement.bind(2, std::int64_t{machine}).bind(3, std::string_view(model.device));
    statement.bind(4, std::int64_t{model.threads}).run();
  }
  return machine;
}

}  // namespace triage
