// The queue: order, batches, refusals, ends.
#include "serve/infer_queue.h"

#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <thread>
#include <vector>

#include "serve/served_fixture.h"
#include "support/expect_error.h"

namespace triage {
namespace {

using namespace std::chrono_literals;
using testing::ServedFixture;

struct Ended {
  std::vector<Result> results;
  bool failed = false, is_late = false, shed = false;
  std::size_t largest_batch = 0;
};

struct InferQueueTest : ::testing::Test {
  ServedFixture made;

  static std::shared_ptr<InferJob> job(const std::shared_ptr<const ServedModel>& model, std::size_t n,
                                       std::promise<Ended>& ended, const Request& wanted = {}) {
    auto made_job = std::make_shared<InferJob>();
    made_job->model = model;
    made_job->request = ServedFixture::pixels(n);
    made_job->images = images_of(made_job->request);
    made_job->wanted = wanted;
    made_job->first_byte_ns = steady_clock().now_ns();
    made_job->done = [&ended](InferJob& done) {
      ended.set_value({done.results, done.error != nullptr, done.is_late, done.shed, done.largest_batch});
    };
    return made_job;
  }
};

TEST_F(InferQueueTest, AnswersEveryInputOfARequest) {
  InferQueue queue({.workers = 3}, steady_clock());
  const auto model = made.model("large");
  std::promise<Ended> ended;
  ASSERT_FALSE(queue.submit(job(model, 25, ended)));
  const Ended end = ended.get_future().get();
  ASSERT_EQ(end.results.size(), 25U);
  for (std::size_t i = 0; i < 25; ++i) EXPECT_EQ(end.results[i].label(), static_cast<Label>(i % 10));
  EXPECT_TRUE(queue.drain(10s));
}

TEST_F(InferQueueTest, RunsTogetherWhatWaits) {
  InferQueue queue({.workers = 1, .max_batch = 4}, steady_clock());
  const auto slow = made.model("slow"), large = made.model("large");
  std::promise<Ended> first, second;
  ASSERT_FALSE(queue.submit(job(slow, 1, first)));
  ASSERT_FALSE(queue.submit(job(large, 6, second)));
  const Ended end = second.get_future().get();
  EXPECT_EQ(end.largest_batch, 4U);
  for (std::size_t i = 0; i < 6; ++i) EXPECT_EQ(end.results[i].label(), static_cast<Label>(i));
}

TEST_F(InferQueueTest, ADamagedPictureIsItsOwnRequestsError) {
  InferQueue queue({.workers = 1, .max_batch = 8}, steady_clock());
  const auto slow = made.model("slow"), large = made.model("large");
  std::promise<Ended> first, good, bad;
  ASSERT_FALSE(queue.submit(job(slow, 1, first)));
  ASSERT_FALSE(queue.submit(job(large, 2, good)));
  auto damaged = job(large, 1, bad);
  const std::vector<std::string> bytes{"no picture"};
  damaged->request.inputs = {bytes_tensor("image", bytes)};
  damaged->images = images_of(damaged->request);
  ASSERT_FALSE(queue.submit(damaged));
  EXPECT_FALSE(good.get_future().get().failed);
  EXPECT_TRUE(bad.get_future().get().failed);
}

TEST_F(InferQueueTest, ANetworkThatFailsEndsItsRequestAlone) {
  InferQueue queue({.workers = 2}, steady_clock());
  std::promise<Ended> bad, good;
  ASSERT_FALSE(queue.submit(job(made.model("broken"), 3, bad)));
  ASSERT_FALSE(queue.submit(job(made.model("large"), 3, good)));
  EXPECT_TRUE(bad.get_future().get().failed);
  EXPECT_FALSE(good.get_future().get().failed);
}

TEST_F(InferQueueTest, RefusesWhatHasNoRoomOrNoTime) {
  InferQueue queue({.workers = 1, .capacity = 4, .max_batch = 1}, steady_clock());
  const auto slow = made.model("slow");
  std::promise<Ended> warm, many, late, more;
  ASSERT_FALSE(queue.submit(job(slow, 1, warm)));  // so that it knows what an input takes
  warm.get_future().wait();
  ASSERT_FALSE(queue.submit(job(slow, 4, many)));
  while (queue.use().waiting > 3) std::this_thread::sleep_for(1ms);
  Request soon;
  soon.max_latency_ms = 50;
  const auto too_late = queue.submit(job(slow, 1, late, soon));
  ASSERT_TRUE(too_late);
  EXPECT_EQ(too_late->reason, InferRefusal::Reason::kTooLate);
  EXPECT_GT(too_late->wait_ms, 20);
  const auto full = queue.submit(job(slow, 4, more));
  ASSERT_TRUE(full);
  EXPECT_EQ(full->reason, InferRefusal::Reason::kFull);
  many.get_future().wait();
  EXPECT_TRUE(queue.drain(10s));
  std::promise<Ended> after;
  const auto ending = queue.submit(job(slow, 1, after));
  ASSERT_TRUE(ending);
  EXPECT_EQ(ending->reason, InferRefusal::Reason::kEnding);
}

TEST_F(InferQueueTest, HoldsNoMoreBytesThanItMay) {
  InferQueue queue({.workers = 1, .capacity_bytes = 28 * 28 * 3, .max_batch = 1}, steady_clock());
  const auto slow = made.model("slow");
  std::promise<Ended> first, second, third, again;
  ASSERT_FALSE(queue.submit(job(slow, 2, first)));
  ASSERT_FALSE(queue.submit(job(slow, 1, second)));
  EXPECT_EQ(queue.submit(job(slow, 1, third))->reason, InferRefusal::Reason::kFull);
  second.get_future().wait();
  EXPECT_TRUE(first.get_future().get().results.size() == 2);
  ASSERT_FALSE(queue.submit(job(slow, 1, again)));
  again.get_future().wait();
}

// The last of its inputs counts, not the first.
TEST_F(InferQueueTest, RefusesARequestWhoseLastInputWouldBeLate) {
  InferQueue queue({.workers = 1, .max_batch = 1}, steady_clock());
  const auto slow = made.model("slow");
  std::promise<Ended> warm[2], many, one;
  for (std::promise<Ended>& each : warm) {  // once it takes the second, it knows what the first took
    ASSERT_FALSE(queue.submit(job(slow, 1, each)));
    each.get_future().wait();
  }
  Request soon;
  soon.max_latency_ms = 200;
  const auto refusal = queue.submit(job(slow, 20, many, soon));
  ASSERT_TRUE(refusal);
  EXPECT_EQ(refusal->reason, InferRefusal::Reason::kTooLate);
  ASSERT_FALSE(queue.submit(job(slow, 1, one, soon)));
  one.get_future().wait();
}

TEST_F(InferQueueTest, RefusesWhatThePolicyCannotDo) {
  InferQueue queue({.workers = 1}, steady_clock());
  std::promise<Ended> ended;
  Request request;
  request.price = 1;
  EXPECT_TRIAGE_ERROR(queue.submit(job(made.model("large"), 1, ended, request)), ErrorCode::kUsage, "price");
}

// A policy with a price that runs one network, the cheap one where the price is high.
class Priced final : public Policy {
 public:
  explicit Priced(PolicyInfo info) : Policy(std::move(info)) {}
  std::string_view kind() const override { return "priced"; }
  Action next(const Evidence& evidence, Trace*) const override {
    if (!evidence.looks.empty()) return Action::answer_of(evidence.looks.back());
    const double price = std::isnan(evidence.request.price) ? 1 : evidence.request.price;
    return Action::run(price >= 3 ? 0 : 1);
  }
  std::span<const PriceSetting> price_settings() const override { return settings_; }
  std::optional<std::size_t> default_setting() const override { return 2; }

 private:
  std::vector<PriceSetting> settings_{{.price = 4}, {.price = 2}, {.price = 1}};
};

TEST_F(InferQueueTest, AnswersMoreCheaplyWhileMoreWaits) {
  PolicyInfo info;
  for (const char* name : {"large", "slow"}) {
    const Zoo& zoo = made.runtime->zoo();
    const ModelSpec& spec = zoo.models[static_cast<std::size_t>(zoo.find(name))];
    info.models.push_back({ModelId(name, spec.fingerprint())});
    info.n_classes = spec.output.n_classes;
  }
  const std::shared_ptr<const Policy> policy = std::make_shared<Priced>(info);
  const auto model = std::make_shared<const ServedModel>(
      ServedModel{"priced", "1", policy, Classifier(policy, made.runtime)});
  InferQueue queue({.workers = 1, .max_batch = 1, .shed_wait_ms = 40}, steady_clock());
  std::promise<Ended> alone, many, own, after;
  ASSERT_FALSE(queue.submit(job(model, 1, alone)));
  const Ended first = alone.get_future().get();
  EXPECT_FALSE(first.shed);
  EXPECT_EQ(first.results[0].looks[0].model, 1);
  ASSERT_FALSE(queue.submit(job(model, 12, many)));  // 360 ms of work
  Request priced;
  priced.price = 1;
  ASSERT_FALSE(queue.submit(job(model, 1, own, priced)));
  const Ended shed = many.get_future().get();
  EXPECT_TRUE(shed.shed);
  EXPECT_EQ(shed.results.front().looks[0].model, 0);
  const Ended kept = own.get_future().get();
  EXPECT_FALSE(kept.shed);
  EXPECT_EQ(kept.results[0].looks[0].model, 1);
  ASSERT_FALSE(queue.submit(job(model, 1, after)));
  EXPECT_EQ(after.get_future().get().results[0].looks[0].model, 1);
}

TEST_F(InferQueueTest, DrainsWithinItsTimeOrSaysSo) {
  InferQueue queue({.workers = 1, .max_batch = 1}, steady_clock());
  std::promise<Ended> ended;
  ASSERT_FALSE(queue.submit(job(made.model("slow"), 5, ended)));
  EXPECT_FALSE(queue.drain(1ms));
  EXPECT_TRUE(queue.drain(10s));
  EXPECT_EQ(ended.get_future().get().results.size(), 5U);
}

}  // namespace
}  // namespace triage
