#include "import/feedback_schema.h"

#include <fmt/format.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <span>

#include "base/hash.h"
#include "triage/error.h"

namespace triage {
namespace {

using Json = nlohmann::json;

[[noreturn]] void fail_store(const std::string& owner, std::string_view what) {
  throw Error(ErrorCode::kProfile,
              fmt::format("{}: {}, expected a feedback store of 'triage serve'; name another", owner, what));
}

Json schema_json(const FeatureSchema& schema) {
  Json features = Json::array();
  for (const FeatureRef& feature : schema.features) features.push_back({feature.name, feature.version});
  return {{"working_px", schema.working_px}, {"features", features}};
}

Json models_json(const std::vector<ExploredModel>& models) {
  Json list = Json::array();
  for (const ExploredModel& model : models) {
    list.push_back({{"name", model.id.name},
                    {"fingerprint", model.id.fingerprint},
                    {"precision", to_string(model.id.precision)},
                    {"recipe", model.recipe},
                    {"device", model.device},
                    {"threads", model.threads}});
  }
  return list;
}

ExploredModel model_of(const Json& document) {
  return {.id = ModelId(document.at("name").get<std::string>(), document.at("fingerprint").get<std::string>(),
                        parse_precision(document.at("precision").get<std::string>())),
          .recipe = document.at("recipe").get<std::string>(),
          .device = document.at("device").get<std::string>(),
          .threads = document.at("threads").get<int>()};
}

}  // namespace

double explore_number(std::int64_t input) {
  constexpr std::uint64_t kSeed = 0xFEEDBAC4;
  return static_cast<double>(mix64(kSeed ^ mix64(static_cast<std::uint64_t>(input))) >> 11) * 0x1.0p-53;
}

std::string facts_json(const ServedPolicyFacts& facts) {
  Json document{{"version", facts.version},
                {"kind", facts.kind},
                {"zoo", facts.zoo},
                {"machine", facts.machine},
                {"criterion", to_string(facts.criterion)},
                {"n_classes", facts.n_classes},
                {"max_pixels", facts.max_pixels},
                {"schema", schema_json(facts.schema)},
                {"labels", facts.label_names},
                {"models", facts.models},
                {"explored", models_json(facts.explored)}};
  if (facts.reference) document["reference"] = *facts.reference;
  if (facts.labels_from) document["labels_from"] = *facts.labels_from;
  if (facts.max_loss) document["max_loss"] = *facts.max_loss;
  return document.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::string explores_key(const ServedPolicyFacts& facts) {
  ServedPolicyFacts of_any_machine = facts;
  of_any_machine.machine.clear();
  const std::string text = facts_json(of_any_machine);
  return sha256_hex(std::as_bytes(std::span(text))).substr(0, 16);
}

ServedPolicyFacts parse_facts(const std::string& text, const std::string& owner) {
  try {
    const Json document = Json::parse(text);
    ServedPolicyFacts facts;
    document.at("version").get_to(facts.version);
    document.at("kind").get_to(facts.kind);
    document.at("zoo").get_to(facts.zoo);
    document.at("machine").get_to(facts.machine);
    facts.criterion = parse_criterion(document.at("criterion").get<std::string>());
    document.at("n_classes").get_to(facts.n_classes);
    document.at("max_pixels").get_to(facts.max_pixels);
    document.at("schema").at("working_px").get_to(facts.schema.working_px);
    for (const Json& feature : document.at("schema").at("features")) {
      facts.schema.features.push_back({feature.at(0).get<std::string>(), feature.at(1).get<int>()});
    }
    document.at("labels").get_to(facts.label_names);
    document.at("models").get_to(facts.models);
    for (const Json& model : document.at("explored")) facts.explored.push_back(model_of(model));
    const auto position = [&](const char* name) -> std::optional<std::size_t> {
      if (!document.contains(name)) return std::nullopt;
      const auto at = document.at(name).get<std::size_t>();
      if (at >= facts.explored.size()) fail_store(owner, "is damaged in its table 'policy'");
      return at;
    };
    facts.reference = position("reference");
    facts.labels_from = position("labels_from");
    if (document.contains("max_loss")) facts.max_loss = document.at("max_loss").get<double>();
    if (facts.explored.empty()) fail_store(owner, "is damaged in its table 'policy'");
    if (facts.n_classes < 1 || facts.n_classes > kMaxClasses) fail_store(owner, "has no classes");
    return facts;
  } catch (const Json::exception&) {
    fail_store(owner, "is damaged in its table 'policy'");
  } catch (const Error& error) {  // of a name
    if (error.code() == ErrorCode::kProfile) throw;
    fail_store(owner, "is damaged in its table 'policy'");
  }
}

Database open_feedback(const std::filesystem::path& path, Database::Mode mode) {
  const std::string name = path.string();
  std::ifstream in(path, std::ios::binary);
  if (!in) {
    throw Error(ErrorCode::kIo,
                fmt::format("{}: cannot be opened, expected a feedback store of 'triage serve'", name));
  }
  std::string head(16, '\0');
  in.read(head.data(), static_cast<std::streamsize>(head.size()));
  if (head != std::string("SQLite format 3\0", 16)) fail_store(name, "is another file");
  Database database(path, mode);
  if (database.integer("PRAGMA application_id") != kFeedbackId) fail_store(name, "is another SQLite file");
  const std::int64_t version = database.integer("PRAGMA user_version");
  if (version != kFeedbackVersion) {
    fail_store(name, fmt::format("has format version {}, this build has {}", version, kFeedbackVersion));
  }
  return database;
}

}  // namespace triage
