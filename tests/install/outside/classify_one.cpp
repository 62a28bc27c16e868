// Makes a policy for the first model of a zoo, saves it, loads it as a Classifier and classifies an image.
#include <triage/triage.h>

#include <iostream>

int main(int argc, char** argv) {
  if (argc != 4) return 2;
  const triage::Zoo zoo = triage::load_zoo(argv[1]);
  const triage::ModelSpec& model = zoo.models.front();
  triage::PolicyInfo info;
  info.n_classes = model.output.n_classes;
  info.models.push_back({{model.name, model.fingerprint()}});
  triage::save_policy(*triage::make_single(info, 0), argv[3]);

  const auto classifier = triage::Classifier::load(argv[3], argv[1], {.cache_dir = ""});
  const auto result = classifier.classify(triage::read_image(argv[2]));
  std::cout << model.name << " says " << classifier.label_name(result.label()) << '\n';
}
