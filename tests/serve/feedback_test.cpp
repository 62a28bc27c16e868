// Feedback over HTTP, on fake networks: from answers and labels to alarms, and to the next policy.
#include "serve/feedback.h"

#include <gtest/gtest.h>
#include <sys/resource.h>

#include <algorithm>
#include <atomic>
#include <csignal>
#include <mutex>
#include <nlohmann/json.hpp>
#include <thread>

#include "http/raw_client.h"
#include "serve/feedback_routes.h"
#include "support/expect_error.h"
#include "support/fake_zoo.h"
#include "triage/engine.h"
#include "triage/tools/calibrate.h"
#include "triage/tools/dataset.h"
#include "triage/tools/import_feedback.h"
#include "triage/tools/learn.h"
#include "triage/tools/profile.h"
#include "triage/tools/serve.h"

namespace triage {
namespace {

using namespace std::chrono_literals;
using Json = nlohmann::json;
using testing::RawClient;

CalibrateOptions loss_of(double max_loss) {
  CalibrateOptions options;
  options.max_loss = max_loss;
  return options;
}

// A picture by its label and seed.
struct Picture {
  Label label = 0;
  std::size_t seed = 0;
};

// A zoo, and an adaptive policy on it with a certificate; made once.
struct FeedbackZoo {
  testing::TempFolder dir;
  std::filesystem::path zoo = testing::write_fake_zoo(
      dir.path() / "zoo",
      {{.name = "small", .accuracy = 0.7, .ms = 0.001}, {.name = "large", .accuracy = 0.97, .ms = 0.2}});
  // The labels of the second one's training and calibration are the answers of the large model.
  std::filesystem::path policy = dir.path() / "p.triage", agreeing = dir.path() / "agreeing.triage";

  FeedbackZoo() {
    const auto data = testing::write_fake_data(dir.path() / "data", 400);
    EngineSet engines;
    const std::filesystem::path profile = dir.path() / "fake.profile";
    measure_profile(load_zoo(zoo), engines,
                    *open_dataset({.data = {data.images}, .labels = {data.labels}, .range = {}}), {},
                    profile);
    Table table = load_table(std::array{profile});
    // So that what is learned does not depend on how busy the machine is.
    for (std::size_t i = 0; i < table.infer_ms.size(); ++i) table.infer_ms[i] = i % 2 == 0 ? 0.1F : 10.0F;
    std::fill(table.preprocess_ms.begin(), table.preprocess_ms.end(), 0.0F);
    save_certified(table, policy);
    label_by_model(table, "large");
    save_certified(table, agreeing);
  }
  static void save_certified(const Table& table, const std::filesystem::path& path) {
    const auto rows = draw_rows(table, 0.5, 0);
    const Calibration calibration = calibrate(table, *train_adaptive(table, rows, {}), loss_of(0.1));
    save_policy(*calibration.policy, path);
  }
};

struct FeedbackTest : ::testing::Test {
  static void SetUpTestSuite() { made = std::make_unique<FeedbackZoo>(); }
  static void TearDownTestSuite() { made.reset(); }
  static std::unique_ptr<FeedbackZoo> made;

  testing::TempFolder dir;
  std::mutex mutex;
  std::string log;  // guarded by mutex

  ServeOptions options(double explore = 1) {
    ServeOptions all;
    all.policy = made->policy;
    all.zoo = made->zoo;
    all.name = "fashion";
    all.runtime.cache_dir = "";
    all.load.workers = 2;
    all.feedback = FeedbackOptions{.path = dir.path() / "feedback.sqlite", .explore = explore};
    all.log = [this](std::string_view lines) {
      const std::lock_guard lock(mutex);
      log += lines;
      return true;
    };
    return all;
  }
  // Pixels of the pictures of these labels; `seed` makes them different from others.
  static std::string infer_body(const std::string& id, const std::vector<Label>& labels, std::size_t seed) {
    Json data = Json::array();
    for (std::size_t i = 0; i < labels.size(); ++i) {
      for (const auto value : testing::fake_image(labels[i], seed * 100 + i).pixels) data.push_back(value);
    }
    return Json{{"id", id},
                {"inputs",
                 {{{"name", "image"},
                   {"datatype", "UINT8"},
                   {"shape", {labels.size(), 28, 28, 1}},
                   {"data", std::move(data)}}}}}
        .dump();
  }
  static void infer(RawClient& client, const std::string& id, const std::vector<Label>& labels,
                    std::size_t seed) {
    const auto response = client.post("/v2/models/fashion/infer", infer_body(id, labels, seed));
    ASSERT_EQ(response.status, 200) << response.body;
  }
  // Pictures on which the policy is wrong, and the model that it is compared with right.
  static std::vector<Picture> hard_pictures(std::size_t n) {
    const auto runtime = Runtime::load(made->zoo, {.cache_dir = ""});
    const Classifier policy(load_policy(made->policy), runtime);
    const ServedModel large = served_network(runtime, 1);
    std::vector<Picture> hard;
    for (std::size_t seed = 10'000; hard.size() < n && seed < 50'000; ++seed) {
      const auto label = static_cast<Label>(seed % 10);
      const Image image = testing::fake_image(label, seed * 100);
      if (policy.classify(image).label() != label && large.classifier->classify(image).label() == label) {
        hard.push_back({label, seed});
      }
    }
    return hard;
  }
  static Json tell(RawClient& client, const Json& items, const std::string& path = "/feedback") {
    return Json::parse(client.post(path, items.dump()).body);
  }
  static Json figures(RawClient& client) { return Json::parse(client.get("/v2/feedback").body); }
  // Exploring goes on behind the answers.
  static Json figures_of_explored(RawClient& client, std::size_t explored) {
    Json now;
    for (int i = 0; i < 2'000; ++i) {
      now = figures(client);
      if (now["versions"][0]["explored"] == explored) break;
      std::this_thread::sleep_for(2ms);
    }
    return now;
  }
};
std::unique_ptr<FeedbackZoo> FeedbackTest::made;

TEST_F(FeedbackTest, EveryItemHasItsStatus) {
  const Server server(options(0));
  RawClient client(server.http_port());
  infer(client, "a", {3, 4}, 1);
  const Json first = tell(client, {{{"request_id", "a"}, {"label", 3}},
                                   {{"request_id", "a"}, {"label", "class 4"}, {"input", 1}},
                                   {{"request_id", "a"}, {"label", 3}, {"input", 2}},
                                   {{"request_id", "b"}, {"label", 3}},
                                   {{"request_id", "a"}, {"label", "cow"}},
                                   {{"request_id", "a"}, {"label", 10}}});
  EXPECT_EQ(first["counts"], (Json{{"kept", 2}, {"unknown", 2}, {"invalid", 2}})) << first;
  EXPECT_EQ(first["items"][1]["status"], "kept");
  EXPECT_EQ(first["items"][1]["input"], 1);
  EXPECT_EQ(tell(client, {{"request_id", "a"}, {"label", 3}})["counts"], (Json{{"same", 1}}));
  EXPECT_EQ(tell(client, {{"request_id", "a"}, {"score", 0.5}})["counts"], (Json{{"changed", 1}}));
  const Json lines = Json::parse(client
                                     .post("/feedback",
                                           "{\"request_id\":\"a\",\"score\":0}\n\n"
                                           "{\"request_id\":\"a\",\"score\":1}\n")
                                     .body);
  EXPECT_EQ(lines["counts"], (Json{{"changed", 2}}));
  const Json now = figures(client)["versions"][0];
  EXPECT_EQ(now["inputs"], 2);
  EXPECT_EQ(now["score"]["inputs"], 2);
  EXPECT_NE(client.get("/metrics").body.find("triage_feedback_total{status=\"changed\"} 3"),
            std::string::npos);
}

// Which as a document would take fifty times its bytes.
TEST(ParseFeedback, RefusesWhatIsNestedWithoutEnd) {
  EXPECT_TRIAGE_ERROR(parse_feedback(std::string(100, '[') + std::string(100, ']')), ErrorCode::kUsage,
                      "nested deeper");
}

TEST_F(FeedbackTest, RefusesWhatIsMalformed) {
  const Server server(options(0));
  RawClient client(server.http_port());
  for (const char* body :
       {"", "[]", "{", "3", "[3]", R"({"label":1})", R"({"request_id":"a"})",
        R"({"request_id":"","label":1})", R"({"request_id":1,"label":1})",
        R"({"request_id":"a","label":1,"score":1})", R"({"request_id":"a","label":1.5})",
        R"({"request_id":"a","score":1.5})", R"({"request_id":"a","score":"x"})",
        R"({"request_id":"a","label":1,"input":-1})", R"({"request_id":"a","label":1,"colour":1})",
        "{\"request_id\":\"a\",\"label\":1}\nx"}) {
    EXPECT_EQ(client.post("/feedback", body).status, 400) << body;
  }
  EXPECT_EQ(client.get("/feedback").status, 405);
  EXPECT_EQ(client.post("/v2/feedback", "").status, 405);
  ServeOptions without = options();
  without.feedback.reset();
  const Server other(without);
  RawClient asks(other.http_port());
  EXPECT_EQ(asks.post("/feedback", "{}").status, 404);
  EXPECT_EQ(Json::parse(asks.get("/v2/health/ready").body)["alarms"], Json::array());
}

TEST_F(FeedbackTest, GoesOnAfterARestart) {
  Json before;
  {
    const Server server(options(0));
    RawClient client(server.http_port());
    for (std::size_t i = 0; i < 20; ++i)
      infer(client, "r" + std::to_string(i), {static_cast<Label>(i % 10)}, i);
    for (std::size_t i = 0; i < 10; ++i) {
      tell(client, {{"request_id", "r" + std::to_string(i)}, {"label", i % 10}});
    }
    before = figures(client);
    EXPECT_TRIAGE_ERROR(Server(options(0)), ErrorCode::kProfile, "one writer");
  }
  const Server server(options(0));
  RawClient client(server.http_port());
  EXPECT_EQ(figures(client), before);
  EXPECT_EQ(tell(client, {{"request_id", "r12"}, {"label", 2}})["counts"], (Json{{"kept", 1}}));  // late
}

// A stream that changes in the middle: inputs that the policy is worse on than was promised.
TEST_F(FeedbackTest, WatchesThePromiseAndSaysWhenItIsBroken) {
  const auto hard = hard_pictures(60);
  ASSERT_EQ(hard.size(), 60U);
  {
    const Server server(options());
    RawClient client(server.http_port());
    std::size_t n = 0;
    const auto send = [&](const Picture& picture) {
      const std::string id = "r" + std::to_string(n++);
      infer(client, id, {picture.label}, picture.seed);
      EXPECT_EQ(tell(client, {{"request_id", id}, {"label", picture.label}})["counts"], (Json{{"kept", 1}}));
    };
    for (std::size_t i = 0; i < 400; ++i) send({static_cast<Label>(i % 10), i});
    Json now = figures_of_explored(client, n)["versions"][0];
    EXPECT_EQ(now["reference"], "large");
    EXPECT_EQ(now["agreement"]["inputs"], n);
    EXPECT_EQ(now["compared"], n);
    EXPECT_EQ(now["promise"]["inputs"], n);
    EXPECT_EQ(now["promise"]["broken"], false) << now;
    EXPECT_EQ(Json::parse(client.get("/v2/health/ready").body)["alarms"], Json::array());
    EXPECT_NE(client.get("/metrics").body.find("triage_alarm{kind=\"promise\"} 0"), std::string::npos);

    for (const Picture& picture : hard) send(picture);
    now = figures_of_explored(client, n)["versions"][0];
    EXPECT_EQ(now["promise"]["broken"], true) << now;
    EXPECT_GT(now["promise"]["broken_at"], 400);
    const auto ready = client.get("/v2/health/ready");
    EXPECT_EQ(ready.status, 200);
    EXPECT_EQ(Json::parse(ready.body)["alarms"][0]["kind"], "promise");
    EXPECT_NE(client.get("/metrics").body.find("triage_alarm{kind=\"promise\"} 1"), std::string::npos);
  }
  const std::string_view event = R"("event":"alarm","inputs")";
  const std::size_t at = log.find(event);
  ASSERT_NE(at, std::string::npos) << log;
  EXPECT_EQ(log.find(R"("kind":"promise")", log.find(R"("kind":"promise")") + 1), std::string::npos);
}

// A limit on the size of files is as near to a full disk as a test gets.
TEST_F(FeedbackTest, AFullDiskLosesFeedbackAndNoAnswer) {
  std::signal(SIGXFSZ, SIG_IGN);
  const Server server(options(0));
  RawClient client(server.http_port());
  infer(client, "before", {1}, 1);
  EXPECT_EQ(tell(client, {{"request_id", "before"}, {"label", 1}})["counts"], (Json{{"kept", 1}}));
  rlimit usual{};
  getrlimit(RLIMIT_FSIZE, &usual);
  const rlimit small{200'000, usual.rlim_max};
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &small), 0);
  Json now = Json::object();
  for (std::size_t i = 0; i < 2'000 && now.value("lost", 0) == 0; ++i) {
    infer(client, "r" + std::to_string(i), {1, 2, 3, 4}, i);
    now = figures(client);
  }
  const Json told = tell(client, {{"request_id", "before"}, {"label", 2}});
  const auto ready = client.get("/v2/health/ready");
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &usual), 0);
  EXPECT_GT(now["lost"], 0);
  EXPECT_EQ(now["alarms"][0]["kind"], "store");
  EXPECT_EQ(ready.status, 200);
  EXPECT_EQ(told["counts"].size(), 1U);  // lost, or there was just room for it
  infer(client, "after", {1}, 1);
  EXPECT_EQ(tell(client, {{"request_id", "after"}, {"label", 1}})["counts"], (Json{{"kept", 1}}));
  EXPECT_EQ(figures(client)["alarms"], Json::array());
}

// Where a model's answers are the labels, exploring says them.
TEST_F(FeedbackTest, WatchesAPromiseOfAgreementWithoutLabels) {
  ServeOptions all = options();
  all.policy = made->agreeing;
  const Server server(all);
  RawClient client(server.http_port());
  for (std::size_t i = 0; i < 50; ++i) {
    infer(client, "r" + std::to_string(i), {static_cast<Label>(i % 10)}, i);
  }
  const Json now = figures_of_explored(client, 50)["versions"][0];
  EXPECT_EQ(now["promise"]["labels_from"], "large");
  EXPECT_EQ(now["promise"]["inputs"], 50);
  EXPECT_NEAR(now["promise"]["mean_loss"].get<double>(), 1 - now["agreement"]["mean"].get<double>(), 1e-9);
  EXPECT_EQ(now["score"]["inputs"], 0);
}

TEST_F(FeedbackTest, MakesTheNextPolicy) {
  const auto store = dir.path() / "feedback.sqlite", profile = dir.path() / "next.profile";
  {
    const Server server(options());
    RawClient client(server.http_port());
    for (std::size_t i = 0; i < 300; ++i) {
      infer(client, "r" + std::to_string(i), {static_cast<Label>(i % 10), static_cast<Label>(i % 7)}, i);
    }
    figures_of_explored(client, 600);
    Json items = Json::array();
    for (std::size_t i = 0; i < 280; ++i) {
      items.push_back({{"request_id", "r" + std::to_string(i)}, {"label", i % 10}});
      items.push_back({{"request_id", "r" + std::to_string(i)}, {"label", i % 7}, {"input", 1}});
    }
    EXPECT_EQ(tell(client, items)["counts"], (Json{{"kept", 560}}));
    // The server goes on while it is read.
    const FeedbackImport summary = import_feedback(store, profile);
    EXPECT_EQ(summary.inputs, 560U);
    EXPECT_EQ(summary.unlabelled, 40U);
    EXPECT_EQ(summary.models, 2U);
    EXPECT_EQ(summary.explore_share, 1);
    EXPECT_TRIAGE_ERROR(import_feedback(store, profile), ErrorCode::kUsage, "exists");
  }
  const Table table = load_table(std::array{profile});
  EXPECT_EQ(table.n_inputs(), 560U);
  const auto all = all_rows(table);
  const auto scores = mean_scores(table, all, Criterion::kTop1);
  EXPECT_NEAR(scores[0], 0.7, 0.08);
  EXPECT_NEAR(scores[1], 0.97, 0.03);
  const auto half = draw_rows(table, 0.5, 0);
  const auto trained = train_adaptive(table, half, {});
  const Calibration calibration = calibrate(table, *trained, loss_of(0.1));
  EXPECT_EQ(calibration.inputs + calibration.left_out, 560U);
  ASSERT_NE(calibration.policy, nullptr);
  save_policy(*calibration.policy, dir.path() / "next.triage");
  ServeOptions next = options();
  next.policy = dir.path() / "next.triage";
  const Server server(next);
  RawClient client(server.http_port());
  infer(client, "n", {1}, 9'000);
  EXPECT_EQ(tell(client, {{"request_id", "r290"}, {"label", 0}})["counts"], (Json{{"kept", 1}}));
  const FeedbackImport unlabelled = import_feedback(store, dir.path() / "all.profile", {.unlabelled = true});
  EXPECT_GE(unlabelled.inputs, 600U);
}

TEST_F(FeedbackTest, ThinsWhatWasExploredMoreToTheLeastShare) {
  const auto serve = [&](double share, std::size_t from) {
    const Server server(options(share));
    RawClient client(server.http_port());
    Json items = Json::array();
    for (std::size_t i = from; i < from + 200; ++i) {
      infer(client, "r" + std::to_string(i), {1}, i);
      items.push_back({{"request_id", "r" + std::to_string(i)}, {"label", 1}});
    }
    std::size_t explored = 0;
    for (std::size_t i = from; i < from + 200; ++i) {
      explored += explore_number(static_cast<std::int64_t>(i + 1)) < share ? 1 : 0;
    }
    if (from == 0) figures_of_explored(client, explored);
    std::this_thread::sleep_for(300ms);
    tell(client, items);
  };
  serve(0.8, 0);
  serve(0.3, 200);
  const FeedbackImport summary = import_feedback(dir.path() / "feedback.sqlite", dir.path() / "thin.profile");
  EXPECT_EQ(summary.explore_share, 0.3);
  EXPECT_GT(summary.thinned, 60U);
  EXPECT_NEAR(static_cast<double>(summary.inputs), 0.3 * 400, 35);
}

TEST_F(FeedbackTest, ServesManyAtOnce) {
  Server server(options(0.5));
  std::atomic<int> wrong{0};
  std::vector<std::thread> clients;
  for (std::size_t c = 0; c < 4; ++c) {
    clients.emplace_back([&, c] {
      RawClient client(server.http_port());
      for (std::size_t i = 0; i < 25; ++i) {
        const std::string id = std::to_string(c) + "-" + std::to_string(i);
        infer(client, id, {2}, i);
        if (tell(client, {{"request_id", id}, {"label", 2}})["counts"] != Json{{"kept", 1}}) ++wrong;
        client.get("/v2/health/ready");
        client.get("/metrics");
        if (c == 0 && i % 8 == 0) server.reload();
      }
    });
  }
  for (std::thread& each : clients) each.join();
  EXPECT_EQ(wrong, 0);
  EXPECT_TRUE(server.drain(20s));
}

TEST_F(FeedbackTest, RefusesOptionsOutOfRange) {
  const auto refuses = [&](const std::function<void(FeedbackOptions&)>& change, std::string_view part) {
    ServeOptions all = options();
    change(*all.feedback);
    EXPECT_TRIAGE_ERROR(Server(all), ErrorCode::kUsage, part);
  };
  refuses([](FeedbackOptions& o) { o.days = 0; }, "days");
  refuses([](FeedbackOptions& o) { o.rows = 0; }, "rows");
  refuses([](FeedbackOptions& o) { o.explore = 2; }, "explore");
  refuses([](FeedbackOptions& o) { o.false_alarm = 0; }, "false_alarm");
}

}  // namespace
}  // namespace triage
