// The library in one page: load a policy and a zoo, classify an image.
// Usage: classify_image POLICY.triage ZOO.json IMAGE
#include <triage/triage.h>

#include <iostream>

int main(int argc, char** argv) {
  if (argc != 4) {
    std::cerr << "usage: classify_image POLICY.triage ZOO.json IMAGE\n";
    return 2;
  }
  try {
    const auto classifier = triage::Classifier::load(argv[1], argv[2]);
    const triage::Result result = classifier.classify_file(argv[3]);
    if (result.refused) {
      std::cout << "refused\n";
      return 0;
    }
    for (const triage::ClassProbability& entry : result.answer.entries().first(3)) {
      std::cout << classifier.label_name(entry.cls) << ": " << entry.probability << '\n';
    }
    std::cout << result.looks.size() << " model(s), " << result.total.ms << " ms\n";
    return 0;
  } catch (const triage::Error& error) {  // everything that the library throws
    std::cerr << error.what() << '\n';
    return 1;
  }
}
