// What several threads do to one classifier: share it, swap its policy, wait for its networks. Runs under the
// thread sanitizer.
#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <thread>
#include <vector>

#include "policy/adaptive_policy.h"
#include "support/expect_error.h"
#include "support/fake_zoo.h"
#include "triage/triage.h"

namespace triage {
namespace {

constexpr std::size_t kThreads = 8;

PolicyInfo info_of(const Zoo& zoo, const std::string& name) {
  const ModelSpec& model = zoo.models[static_cast<std::size_t>(zoo.find(name))];
  PolicyInfo info;
  info.models.push_back({});
  info.models.back().name = name;
  info.models.back().fingerprint = model.fingerprint();
  info.n_classes = model.output.n_classes;
  return info;
}

// Counts what it hears of.
struct Counter final : Observer {
  void on_load(const LoadEvent&) override { ++loads; }
  void on_look(const LookEvent&) override { ++looks; }
  void on_outcome(const Policy&, const Result&) override { ++outcomes; }
  std::atomic<int> loads = 0, looks = 0, outcomes = 0;
};

// "right" is always right; "wrong" is never.
struct Threads : ::testing::Test {
  Threads()
      : zoo(load_zoo(testing::write_fake_zoo(
            dir.path(), {{.name = "right", .accuracy = 1}, {.name = "wrong", .accuracy = 0}}))) {}

  // Every thread classifies `n` pictures; `check(label, result)` says whether a result may be.
  template <class Check>
  static std::size_t run(const Classifier& classifier, int n, const Check& check) {
    std::atomic<std::size_t> failures = 0;
    std::vector<std::thread> threads;
    for (std::size_t t = 0; t < kThreads; ++t) {
      threads.emplace_back([&, t] {
        for (int i = 0; i < n; ++i) {
          const Label label = (i + static_cast<int>(t)) % 10;
          const Image image = testing::fake_image(label, t * 1000 + static_cast<std::uint64_t>(i));
          if (!check(label, classifier.classify(image))) ++failures;
        }
      });
    }
    for (std::thread& thread : threads) thread.join();
    return failures;
  }

  testing::TempFolder dir;
  Zoo zoo;
  std::shared_ptr<Counter> counter = std::make_shared<Counter>();
};

TEST_F(Threads, ShareFewerNetworksThanTheyAre) {
  const Classifier classifier(
      make_single(info_of(zoo, "right"), 0),
      std::make_shared<Runtime>(
          zoo, RuntimeOptions{.cache_dir = {}, .pool = {.max_copies = 2}, .observer = counter}));
  EXPECT_EQ(run(classifier, 50, [](Label label, const Result& r) { return r.label() == label; }), 0U);
  EXPECT_LE(counter->loads, 2);
  EXPECT_EQ(counter->looks, 400);
  EXPECT_EQ(counter->outcomes, 400);
}

TEST_F(Threads, APolicyIsSwappedWhileTheyWork) {
  const std::array<std::shared_ptr<const Policy>, 2> policies{
      std::shared_ptr<const Policy>(make_single(info_of(zoo, "right"), 0)),
      std::shared_ptr<const Policy>(make_single(info_of(zoo, "wrong"), 0))};
  Classifier classifier(policies[0],
                        std::make_shared<Runtime>(zoo, RuntimeOptions{.cache_dir = {}, .observer = counter}));
  std::atomic<bool> done = false;
  std::thread swapper([&, copy = classifier]() mutable {
    for (std::size_t i = 0; !done; ++i) copy.set_policy(policies[i % 2]);
  });
  std::array<std::atomic<int>, 2> answers{};
  const std::size_t lost = run(classifier, 100, [&](Label label, const Result& result) {
    ++answers[result.label() == label ? 0 : 1];
    return !result.refused && result.limit == Limit::kNone;
  });
  done = true;
  swapper.join();
  EXPECT_EQ(lost, 0U);
  EXPECT_EQ(answers[0] + answers[1], 800);
  EXPECT_EQ(counter->outcomes, 800);
}

TEST_F(Threads, ABudgetForOneModelServesTwoPolicies) {
  const std::size_t bytes = static_cast<std::size_t>(
      std::max(model_size_bytes(zoo, zoo.models[0]), model_size_bytes(zoo, zoo.models[1])));
  const auto runtime = std::make_shared<Runtime>(
      zoo, RuntimeOptions{.cache_dir = {}, .pool = {.max_copies = 1, .memory_bytes = bytes}});
  const Classifier right(make_single(info_of(zoo, "right"), 0), runtime);
  const Classifier wrong(make_single(info_of(zoo, "wrong"), 0), runtime);
  std::thread other(
      [&] { EXPECT_EQ(run(wrong, 5, [](Label label, const Result& r) { return r.label() != label; }), 0U); });
  EXPECT_EQ(run(right, 5, [](Label label, const Result& r) { return r.label() == label; }), 0U);
  other.join();
  EXPECT_LE(runtime->pool_use().bytes, bytes);
}

TEST_F(Threads, AStreamIsFedFromAll) {
  AdaptiveParameters parameters;
  parameters.settings = {{1.0, {0}, {{{1.0}, {}}}, 0.5, 1.0}, {0.1, {0}, {{{1.0}, {}}}, 0.5, 2.0}};
  const auto policy = make_adaptive(info_of(zoo, "right"), parameters);
  Stream stream(*policy, {.mean_latency_ms = 1.5});
  std::vector<std::thread> threads;
  for (std::size_t t = 0; t < kThreads; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 200; ++i) {
        const Request request = stream.request();
        stream.record(request, request.price > 0.5 ? 1.0 : 2.0);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(stream.inputs(), 1600U);
  EXPECT_NEAR(stream.mean_ms(), 1.5, 0.05);
}

TEST_F(Threads, ManyInputsComeInOrderWithTheirOwnErrors) {
  const Classifier classifier(make_single(info_of(zoo, "right"), 0), std::make_shared<Runtime>(zoo));
  const auto load = [](std::size_t i) {
    if (i % 10 == 3) throw Error(ErrorCode::kImageDamaged, "image " + std::to_string(i));
    Image image = testing::fake_image(static_cast<Label>(i % 10), i);
    image.remark = i == 5 ? "odd" : "";
    return image;
  };
  for (const unsigned threads : {0U, 1U, 4U}) {
    std::size_t next = 0;
    classifier.classify_many(200, load,
                             [&](std::size_t i, Classified& one) {
                               EXPECT_EQ(i, next++);
                               ASSERT_EQ(one.error.has_value(), i % 10 == 3) << i;
                               if (one.error) {
                                 EXPECT_STREQ(one.error->what(), ("image " + std::to_string(i)).c_str());
                               } else {
                                 EXPECT_EQ(one.result.label(), static_cast<Label>(i % 10)) << i;
                               }
                               EXPECT_EQ(one.remark, i == 5 ? "odd" : "");
                             },
                             {.request = {}, .stream = std::nullopt, .threads = threads});
    EXPECT_EQ(next, 200U);
  }
}

TEST_F(Threads, ManyInputsEndWithWhatIsNoInputsFault) {
  const Classifier classifier(make_single(info_of(zoo, "right"), 0), std::make_shared<Runtime>(zoo));
  const auto load = [](std::size_t i) { return testing::fake_image(0, i); };
  std::size_t taken = 0;
  const auto take = [&](std::size_t, Classified&) { ++taken; };
  std::filesystem::remove(dir.path() / "right.fake");
  EXPECT_TRIAGE_ERROR(classifier.classify_many(50, load, take), ErrorCode::kIo, "right.fake: is missing");
  EXPECT_EQ(taken, 0U);
  std::stop_source stop;
  stop.request_stop();
  EXPECT_TRIAGE_ERROR(classifier.classify_many(50, load, take, {}, stop.get_token()), ErrorCode::kInterrupted,
                      "classify: stopped");
  ManyOptions options{.request = {}, .stream = StreamOptions{.mean_latency_ms = 1}, .threads = 2};
  EXPECT_THROW(classifier.classify_many(50, load, take, options), Error);
}

// Calls that come while a network is loaded ahead wait for it, instead of loading it too.
TEST_F(Threads, NetworksAreLoadedAheadOnce) {
  auto loads = std::make_shared<Counter>();
  RuntimeOptions options;
  options.observer = loads;
  options.pool.max_copies = 1;
  const Classifier classifier(make_single(info_of(zoo, "right"), 0), std::make_shared<Runtime>(zoo, options));
  std::jthread ahead([&] { classifier.warm_up_for({}); });
  EXPECT_EQ(run(classifier, 5, [](Label, const Result&) { return true; }), 0U);
  ahead.join();
  EXPECT_EQ(loads->loads, 1);
}

}  // namespace
}  // namespace triage
