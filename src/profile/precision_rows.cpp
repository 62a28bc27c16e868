#include "profile/precision_rows.h"

#include <fmt/format.h>

#include <algorithm>

namespace triage {
namespace {

constexpr const char* kPrecisionSchema =
    "CREATE TABLE model_precision (model INTEGER PRIMARY KEY REFERENCES model, precision TEXT NOT NULL) "
    "STRICT";

}  // namespace

// A table of its own, which profiles without such models lack, as all do that were made before there was one.
void write_precisions(const Database& database, const ProfileHeader& header) {
  const auto is_f32 = [](const ProfileModel& model) { return model.precision == Precision::kF32; };
  if (std::all_of(header.models.begin(), header.models.end(), is_f32)) return;
  database.exec(kPrecisionSchema);
  Statement row(database, "INSERT INTO model_precision VALUES (?, ?)");
  for (std::size_t m = 0; m < header.models.size(); ++m) {
    const ProfileModel& model = header.models[m];
    if (is_f32(model)) continue;
    row.bind(0, static_cast<std::int64_t>(m)).bind(1, to_string(model.precision)).run();
  }
}

void read_precisions(const Database& database, ProfileHeader& header) {
  if (database.integer("SELECT count(*) FROM sqlite_master WHERE name = 'model_precision'") == 0) return;
  Statement row(database, "SELECT model, precision FROM model_precision");
  while (row.step()) {
    const auto model = static_cast<std::size_t>(row.integer(0, 0, std::ssize(header.models) - 1));
    const std::string found = row.text(1);
    const auto known = all_precisions();
    const auto at = std::find_if(known.begin(), known.end(),
                                 [&](Precision known_one) { return to_string(known_one) == found; });
    if (at == known.end() || *at == Precision::kAuto) {
      database.fail_damaged(fmt::format("precision of model '{}' is '{}', expected one that networks run in",
                                        header.models[model].name, found.substr(0, 60)));
    }
    header.models[model].precision = *at;
  }
}

}  // namespace triage
