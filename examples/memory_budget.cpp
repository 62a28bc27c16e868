// Memory for two of the zoo's four models: the one that was not used for the longest time is dropped.
// Usage: memory_budget FOUR.json IMAGE
#include <triage/triage.h>

#include <algorithm>
#include <iostream>

class Diary final : public triage::Observer {
 public:
  void on_load(const triage::LoadEvent& event) override { std::cout << "+ " << event.model << '\n'; }
  void on_evict(const triage::LoadEvent& event) override { std::cout << "- " << event.model << '\n'; }
};

int main(int, char** argv) {
  const triage::Zoo zoo = triage::load_zoo(argv[1]);
  std::uint64_t largest = 0;
  for (const triage::ModelSpec& model : zoo.models) {
    largest = std::max(largest, triage::model_size_bytes(zoo, model));
  }
  triage::RuntimeOptions options;
  options.pool = {.max_copies = 1, .memory_bytes = static_cast<std::size_t>(2 * largest)};
  options.observer = std::make_shared<Diary>();
  const auto runtime = std::make_shared<triage::Runtime>(zoo, options);

  const triage::Image image = triage::read_image(argv[2]);
  for (const std::size_t i : {0, 1, 0, 2, 3, 3}) {
    triage::PolicyInfo info;
    info.models.push_back({{zoo.models.at(i).name, zoo.models.at(i).fingerprint()}});
    info.n_classes = zoo.models[i].output.n_classes;
    (void)triage::Classifier(triage::make_single(info, 0), runtime).classify(image);
  }
  const triage::PoolUse use = runtime->pool_use();
  std::cout << use.networks << " loaded, within the budget: " << (use.bytes <= 2 * largest ? "yes" : "no")
            << '\n';
}
