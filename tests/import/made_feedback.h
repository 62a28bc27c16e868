// A feedback store as a server leaves it, of two made-up models.
#pragma once

#include <fmt/format.h>

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "import/feedback_schema.h"
#include "profile/codec.h"

namespace triage::testing {

inline ServedPolicyFacts made_facts(const std::string& version) {
  ServedPolicyFacts facts;
  facts.version = version;
  facts.kind = "adaptive";
  facts.zoo = "made";
  facts.machine = "a machine, 2 cores";
  facts.n_classes = 3;
  facts.max_pixels = 1000;
  facts.label_names = {"cat", "dog", "cow"};
  facts.models = {"small", "large"};
  facts.explored = {{.id = ModelId("small", "f0"), .recipe = "28", .device = "CPU"},
                    {.id = ModelId("large", "f1"), .recipe = "28", .device = "CPU"}};
  facts.reference = 1;
  facts.max_loss = 0.02;
  return facts;
}

struct MadeInput {
  std::int64_t policy = 1;  // 1: the first
  double share = 1;
  bool explored = true;
  Label label = 0;              // kNoLabel: not told
  std::vector<float> values{};  // of the features
};

// Inputs are numbered from 1; each model says class 1 with 0.6, and takes 1 + its position ms.
inline void write_feedback(const std::filesystem::path& path, const std::vector<ServedPolicyFacts>& policies,
                           const std::vector<MadeInput>& inputs) {
  const Database db(path, Database::Mode::kCreate);
  db.exec("PRAGMA page_size = 512; BEGIN");
  db.exec(fmt::format("PRAGMA application_id = {}", kFeedbackId).c_str());
  db.exec(fmt::format("PRAGMA user_version = {}", kFeedbackVersion).c_str());
  db.exec(kFeedbackSchema);
  std::size_t n_models = 0;
  for (const ServedPolicyFacts& facts : policies) {
    Statement policy(db, "INSERT INTO policy (version, explores, about, figures) VALUES (?, ?, ?, '')");
    const std::string key = explores_key(facts), about = facts_json(facts);
    policy.bind(0, std::string_view(facts.version)).bind(1, std::string_view(key));
    policy.bind(2, std::string_view(about)).run();
    n_models = std::max(n_models, facts.explored.size());
  }
  const std::vector<float> probabilities{0.3F, 0.6F, 0.1F};
  const TopK top = TopK::from_probabilities(probabilities);
  std::vector<std::uint8_t> bytes, values;
  encode_top(top, bytes);
  Statement input(db,
                  "INSERT INTO input VALUES (?, 'r' || ?1, 0, 5, ?2, 1, 0.6, 0, 0.0, ?3, 1.0, NULL, x'', "
                  "'none', '{}', 1, 1, ?4, ?5, 0, ?6, NULL, NULL)");
  Statement look(db, "INSERT INTO explored VALUES (?, ?, 0.25, ?2 + 1.0, 0.5, 0.0, ?3, ?4)");
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    const MadeInput& made = inputs[i];
    const auto id = static_cast<std::int64_t>(i + 1);
    input.bind(0, id).bind(1, made.policy).bind(2, bytes).bind(3, made.share);
    input.bind(4, std::int64_t{made.explored});
    made.label == kNoLabel ? input.bind_null(5) : input.bind(5, std::int64_t{made.label});
    input.run();
    for (std::size_t m = 0; made.explored && m < n_models; ++m) {
      encode_floats(m == 0 ? made.values : std::vector<float>{}, values);
      look.bind(0, id).bind(1, static_cast<std::int64_t>(m)).bind(2, bytes).bind(3, values).run();
    }
  }
  db.exec("COMMIT");
}

}  // namespace triage::testing
