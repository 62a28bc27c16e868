// Your own kind of policy, saved and loaded again: run the first model of a zoo and, when it is unsure, the
// second; take the surer answer. Usage: save_own_policy ZOO.json IMAGE OUT.triage
#include <triage/triage.h>

#include <iostream>
#include <memory>

class SurerOfTwo final : public triage::Policy {
 public:
  SurerOfTwo(triage::PolicyInfo info, int percent) : Policy(std::move(info)), percent_(percent) {}
  std::string_view kind() const override { return "surer-of-two"; }
  int percent() const { return percent_; }

  // A pure function: called again after every step, until it answers.
  triage::Action next(const triage::Evidence& evidence, triage::Trace*) const override {
    const auto looks = evidence.looks;
    if (looks.empty()) return triage::Action::run(0);
    if (looks.size() == 1 && 100 * looks[0].confidence < percent_) return triage::Action::run(1);
    return triage::Action::answer_of(looks[0].confidence >= looks.back().confidence ? looks[0]
                                                                                    : looks.back());
  }

 private:
  int percent_;  // enough confidence, 0 to 100
};

// The file has everything in PolicyInfo; the policy's own data fits into a byte.
static triage::PolicyCodec codec() {
  return {
      "surer-of-two", 1,
      [](const triage::Policy& policy) {
        return std::vector{static_cast<std::uint8_t>(dynamic_cast<const SurerOfTwo&>(policy).percent())};
      },
      [](triage::PolicyInfo info, std::span<const std::uint8_t> bytes) -> std::unique_ptr<triage::Policy> {
        if (bytes.size() == 1) return std::make_unique<SurerOfTwo>(std::move(info), bytes[0]);
        throw triage::Error(triage::ErrorCode::kPolicy, "surer-of-two: other than one byte, expected one");
      }};
}

int main(int argc, char** argv) try {
  if (argc != 4)
    throw triage::Error(triage::ErrorCode::kUsage, "usage: save_own_policy ZOO.json IMAGE OUT.triage");
  const triage::Zoo zoo = triage::load_zoo(argv[1]);
  triage::PolicyInfo info;
  for (const auto& model : {zoo.models.at(0), zoo.models.at(1)}) {
    info.models.push_back({{model.name, model.fingerprint()}});
  }
  info.n_classes = zoo.models[0].output.n_classes;

  triage::register_policy_codec(codec());
  triage::save_policy(SurerOfTwo(std::move(info), 90), argv[3]);
  const auto classifier = triage::Classifier::load(argv[3], argv[1]);
  const triage::Result result = classifier.classify_file(argv[2]);
  std::cout << classifier.policy()->kind() << ": " << result.looks.size() << " looks, class "
            << classifier.label_name(result.label()) << '\n';
} catch (const triage::Error& error) {
  std::cerr << error.what() << '\n';
  return 1;
}
