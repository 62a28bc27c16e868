// What a profile is about: models, recipes, features, data. Written once when a profile is made, compared
// when it is resumed or merged.
#pragma once

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "profile/sqlite.h"
#include "triage/tools/profile.h"

namespace triage {

inline constexpr std::int64_t kApplicationId = 0x54524947;  // "TRIG"
inline constexpr std::int64_t kFormatVersion = 3;

struct ProfileModel : ModelId {
  std::int32_t recipe = 0;  // index into ProfileHeader::recipes
  std::string device;
  int threads = 1;
  // Of a selector: the model that each of its classes stands for, empty where none is right. Empty: a
  // classifier.
  std::vector<std::string> chooses = {};
  std::optional<SelectorFold> fold = std::nullopt;

  [[nodiscard]] bool is_selector() const { return !chooses.empty(); }
};

// A data set, or one shard of it, whose inputs are in the profile.
struct ProfilePart {
  std::string data;         // data_fingerprint()
  std::int64_t n_data = 0;  // inputs of the whole data set
  Shard shard;
  std::int64_t first = 0;          // position in the profile of the data set's input 0
  std::int64_t n_inputs = 0;       // inputs that the part contributes when it is finished
  std::string perturbations = {};  // Dataset::perturbations
};

// Energy of a machine. Arrays are empty where nothing was measured.
struct EnergyCell {
  double mean_j = kNotMeasured;
  std::int64_t runs = 0;
  double seconds = 0;  // of the block
};
struct ProfileEnergy {
  std::string note;  // "measured: <meter>", or "not measured: <why>"
  double idle_w = kNotMeasured;
  std::vector<EnergyCell> node;        // (g)
  std::vector<EnergyCell> preprocess;  // (r)
  std::vector<EnergyCell> infer;       // (m)
  [[nodiscard]] bool measured() const { return !infer.empty(); }
};

struct ProfileHeader {
  std::string zoo;
  std::int32_t n_classes = 0;
  std::int64_t max_pixels = 0;
  FeatureSchema schema;
  std::vector<std::string> nodes;  // feature_nodes() of the build that measured
  std::vector<std::string> recipes;
  std::vector<ProfileModel> models;  // classifiers, then selectors
  std::vector<std::string> label_names;
  LabelMapping label_mapping;
  std::vector<ProfilePart> parts;
  Timing timing;  // counts aside
  bool times_only = false;
  std::string times_note;   // Table::times_note
  std::string labels_from;  // name of a classifier whose answers are the labels; empty: the data set's

  // Classes of what a model says.
  [[nodiscard]] std::int32_t classes_of(std::size_t model) const {
    const auto& chooses = models[model].chooses;
    return chooses.empty() ? n_classes : static_cast<std::int32_t>(chooses.size());
  }
  [[nodiscard]] std::size_t n_classifiers() const {
    return static_cast<std::size_t>(
        std::count_if(models.begin(), models.end(), [](const ProfileModel& m) { return !m.is_selector(); }));
  }
  // Cells timed on each input.
  [[nodiscard]] std::size_t n_cells() const { return 1 + recipes.size() + models.size(); }
  // Inputs in the finished profile.
  [[nodiscard]] std::int64_t n_inputs() const;
};

// Zoo positions of the models that a profile is about: the classifiers, then the selectors that say what they
// choose.
[[nodiscard]] std::vector<ModelIndex> profiled_models(const Zoo& zoo);

// Header of a profile of these. Throws kUsage when there are none, when their numbers of
// classes differ, when none has the name that labels are to be from, or for options that make no sense; kData
// for labels that the models do not have.
[[nodiscard]] ProfileHeader make_header(const Zoo& zoo, const Dataset& data, const ProfileOptions& options);

// The first difference in what was measured, as "<object>: <found>, expected <wanted>"; nullopt when there is
// none. Labels' names and the zoo's name may differ.
[[nodiscard]] std::optional<std::string> model_difference(const ProfileHeader& found,
                                                          const ProfileHeader& wanted);
// The same for the inputs.
[[nodiscard]] std::optional<std::string> data_difference(const ProfileHeader& found,
                                                         const ProfileHeader& wanted);

// Makes tables and header in an empty database.
void create_schema(const Database& database, const ProfileHeader& header);
// Checks that the database is a profile of this version, and reads its header. Throws kProfile.
[[nodiscard]] ProfileHeader read_header(const Database& database);
// Turns a profile of an older format into one of this format, in one transaction; one of this format is left
// alone.
void upgrade_schema(const Database& database);
// Throws kIo when there is no such file, kProfile when it is none of SQLite's.
void check_sqlite_file(const std::filesystem::path& path);

// Machines by their number in the file, counting from 0.
[[nodiscard]] std::vector<std::string> read_machines(const Database& database);
// Number of a machine, added with how it runs the models when it is not there yet.
std::int32_t add_machine(const Database& database, const ProfileHeader& header, std::string_view description);
// Energy of a machine; its note is empty when nothing is recorded.
[[nodiscard]] ProfileEnergy read_energy(const Database& database, const ProfileHeader& header,
                                        std::int32_t machine);
void write_energy(const Database& database, std::int32_t machine, const ProfileEnergy& energy);
// Number of how machine `machine` runs model `model` (table `execution`).
[[nodiscard]] inline std::int64_t execution_of(const ProfileHeader& header, std::int32_t machine,
                                               std::size_t model) {
  return static_cast<std::int64_t>(machine) * static_cast<std::int64_t>(header.models.size()) +
         static_cast<std::int64_t>(model);
}

}  // namespace triage
