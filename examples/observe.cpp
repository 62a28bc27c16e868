// Observing loads, looks and outcomes, for logs and metrics. Usage: observe POLICY.triage ZOO.json
// IMAGE...
#include <triage/triage.h>

#include <atomic>
#include <iostream>

class Counts final : public triage::Observer {
 public:
  void on_load(const triage::LoadEvent& event) override {
    std::cout << "loaded " << event.model << '\n';
    ++loads;
  }
  void on_look(const triage::LookEvent&) override { ++looks; }
  void on_outcome(const triage::Policy&, const triage::Result& result) override {
    ++outcomes;
    if (result.limited()) ++limited;
  }
  std::atomic<int> loads = 0, looks = 0, outcomes = 0, limited = 0;
};

int main(int argc, char** argv) {
  const auto counts = std::make_shared<Counts>();
  const auto classifier = triage::Classifier::load(argv[1], argv[2], {.observer = counts});
  for (int i = 3; i < argc; ++i) (void)classifier.classify_file(argv[i]);
  std::cout << counts->loads << " load(s), " << counts->looks << " look(s), " << counts->outcomes
            << " outcome(s), " << counts->limited << " limited\n";
}
