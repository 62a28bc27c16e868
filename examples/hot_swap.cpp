// Replaces the policy while eight threads classify: no request is lost, and each answer is from one policy
// or the other. Usage: hot_swap ZOO.json IMAGE
#include <triage/triage.h>

#include <atomic>
#include <iostream>
#include <thread>
#include <vector>

static std::shared_ptr<const triage::Policy> always(const triage::Zoo& zoo, std::size_t i) {
  triage::PolicyInfo info;
  info.models.push_back({{zoo.models.at(i).name, zoo.models.at(i).fingerprint()}});
  info.n_classes = zoo.models[i].output.n_classes;
  return triage::make_single(std::move(info), 0);
}

int main(int, char** argv) {
  const auto runtime = triage::Runtime::load(argv[1]);
  const triage::Image image = triage::read_image(argv[2]);
  triage::Classifier classifier(always(runtime->zoo(), 0), runtime);
  classifier.warm_up();

  constexpr int kThreads = 8, kEach = 200;
  std::atomic<int> answered = 0, refused = 0;
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < kEach; ++i) ++(classifier.classify(image).refused ? refused : answered);
    });
  }
  // Copies share what they serve: a server would do this when a new policy file arrives.
  triage::Classifier handle = classifier;
  std::size_t swaps = 0;
  for (; answered + refused < kThreads * kEach; ++swaps) handle.set_policy(always(runtime->zoo(), swaps % 2));
  for (std::thread& thread : threads) thread.join();
  std::cout << answered << " answered, " << refused << " refused, swapped "
            << (swaps > 1 ? "many times" : "once") << '\n';
}
