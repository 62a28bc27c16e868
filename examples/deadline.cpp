// A deadline on the caller's own clock: a model that does not fit is not started, and the result says why.
// Usage: deadline ZOO.json IMAGE
#include <triage/triage.h>

#include <iostream>

// Runs every model in turn, the most expensive last.
class AllInTurn final : public triage::Policy {
 public:
  explicit AllInTurn(triage::PolicyInfo info) : Policy(std::move(info)) {}
  std::string_view kind() const override { return "all-in-turn"; }
  triage::Action next(const triage::Evidence& evidence, triage::Trace*) const override {
    const std::size_t n = evidence.looks.size();
    return n < info().models.size() ? triage::Action::run(static_cast<triage::ModelIndex>(n))
                                    : triage::Action::answer_of(evidence.looks.back());
  }
};

int main(int, char** argv) {
  const auto clock = std::make_shared<triage::FakeClock>();  // moves when a fake network runs
  const auto runtime = triage::Runtime::load(argv[1], {.clock = clock});
  triage::PolicyInfo info;
  for (const triage::ModelSpec& model : runtime->zoo().models) {
    const double ms = model.name == "small" ? 0.05 : 0.4;
    info.models.push_back({{model.name, model.fingerprint()}});
    info.models.back().mean_ms = info.models.back().p999_ms = ms;
    info.n_classes = model.output.n_classes;
  }
  const triage::Classifier classifier(std::make_shared<AllInTurn>(info), runtime);
  const triage::Image image = triage::read_image(argv[2]);
  for (const double ms : {1.0, 0.2, 0.01}) {
    triage::Request request;
    request.deadline_ns = clock->now_ns() + static_cast<std::int64_t>(ms * 1e6);
    const triage::Result result = classifier.classify(image, request);
    std::cout << ms << " ms: " << result.looks.size() << " look(s), "
              << (result.refused ? "no answer" : "an answer")
              << (result.limit == triage::Limit::kDeadline ? ", the deadline decided" : "")
              << (clock->now_ns() <= request.deadline_ns ? ", met" : ", overrun") << '\n';
  }
}
