// A policy of one's own: ask the first model of a zoo, and when it is unsure ask the second and take the
// surer of the two. Usage: custom_policy ZOO.json IMAGE
#include <triage/triage.h>

#include <iostream>
#include <memory>

class SurerOfTwo final : public triage::Policy {
 public:
  SurerOfTwo(triage::PolicyInfo info, double enough) : Policy(std::move(info)), enough_(enough) {}
  std::string_view kind() const override { return "surer-of-two"; }

  // A pure function: called again after every step, until it answers.
  triage::Action next(const triage::Evidence& evidence, triage::Trace*) const override {
    const auto looks = evidence.looks;
    if (looks.empty()) return triage::Action::run(0);
    if (looks.size() == 1 && looks[0].confidence < enough_) return triage::Action::run(1);
    return triage::Action::answer_of(looks[0].confidence >= looks.back().confidence ? looks[0]
                                                                                    : looks.back());
  }

 private:
  double enough_;
};

int main(int argc, char** argv) {
  if (argc != 3) {
    std::cerr << "usage: custom_policy ZOO.json IMAGE\n";
    return 2;
  }
  try {
    triage::Zoo zoo = triage::load_zoo(argv[1]);
    triage::PolicyInfo info;
    for (std::size_t i = 0; i < 2; ++i) {
      info.models.push_back({.name = zoo.models.at(i).name, .fingerprint = zoo.models.at(i).fingerprint()});
    }
    info.n_classes = zoo.models[0].output.n_classes;
    const auto classifier = triage::Classifier(std::make_shared<SurerOfTwo>(std::move(info), 0.9),
                                               std::make_shared<triage::Runtime>(std::move(zoo)));
    const auto result = classifier.classify_file(argv[2]);
    for (const triage::Look& look : result.looks) {
      std::cout << classifier.policy()->info().models[static_cast<std::size_t>(look.model)].name << " says "
                << classifier.label_name(look.output.best()) << " (" << look.confidence << ")\n";
    }
    std::cout << "answer: " << classifier.label_name(result.label()) << '\n';
    return 0;
  } catch (const triage::Error& error) {
    std::cerr << error.what() << '\n';
    return 1;
  }
}
