// One Classifier, shared by two threads: const methods may run concurrently; each call borrows its own
// networks. Usage: two_threads POLICY.triage ZOO.json IMAGE...
#include <triage/triage.h>

#include <iostream>
#include <string>
#include <thread>
#include <vector>

int main(int argc, char** argv) {
  if (argc < 4) {
    std::cerr << "usage: two_threads POLICY.triage ZOO.json IMAGE...\n";
    return 2;
  }
  try {
    const auto classifier = triage::Classifier::load(argv[1], argv[2]);
    classifier.warm_up();  // or the first calls wait for the models to load
    const std::vector<std::string> paths(argv + 3, argv + argc);
    std::vector<std::string> answers(paths.size());

    // Thread t takes every second image; an error stays with its image.
    const auto work = [&](std::size_t t) {
      for (std::size_t i = t; i < paths.size(); i += 2) {
        try {
          const auto result = classifier.classify(triage::read_image(paths[i]));
          answers[i] = classifier.label_name(result.label());
        } catch (const triage::Error& error) {
          answers[i] = error.what();
        }
      }
    };
    std::thread first(work, 0);
    std::thread second(work, 1);
    first.join();
    second.join();
    for (std::size_t i = 0; i < paths.size(); ++i) std::cout << paths[i] << ": " << answers[i] << '\n';
    return 0;
  } catch (const triage::Error& error) {
    std::cerr << error.what() << '\n';
    return 1;
  }
}
