// The whole server over HTTP, on fake networks.
#include <gtest/gtest.h>

#include <atomic>
#include <fstream>
#include <nlohmann/json.hpp>
#include <numeric>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "http/raw_client.h"
#include "serve/protocol_json.h"
#include "serve/served_fixture.h"
#include "support/expect_error.h"
#include "support/imported.h"
#include "triage/image.h"
#include "triage/tools/serve.h"
#include "triage/tools/train_forests.h"

namespace triage {
namespace {

using namespace std::chrono_literals;
using Json = nlohmann::json;
using testing::RawClient;
using testing::RawResponse;
using testing::ServedFixture;

struct ServerTest : ::testing::Test {
  testing::ServingFixture made;

  ServeOptions options(const std::string& model = "large") { return made.options(model); }
  static std::string png(Label label) {
    const auto bytes = encode_png(testing::fake_image(label, 1));
    return {bytes.begin(), bytes.end()};
  }
  static std::string json_request(std::size_t n, const std::string& more = "") {
    const Tensor tensor = ServedFixture::pixels(n).inputs.front();
    Json data = Json::array();
    for (const char value : tensor.data) data.push_back(static_cast<std::uint8_t>(value));
    return R"({"inputs":[{"name":"image","datatype":"UINT8","shape":[)" + std::to_string(n) +
           R"(,28,28,1],"data":)" + data.dump() + "}]" + more + "}";
  }
};

TEST_F(ServerTest, SaysWhatItIs) {
  const Server server(options());
  RawClient client(server.http_port());
  EXPECT_EQ(Json::parse(client.get("/v2").body)["name"], "triage");
  EXPECT_EQ(client.get("/v2/health/live").status, 200);
  EXPECT_EQ(client.get("/v2/health/ready").status, 200);
  const Json model = Json::parse(client.get("/v2/models/fashion").body);
  EXPECT_EQ(model["platform"], "triage_single");
  EXPECT_EQ(model["versions"][0], server.policy_version());
  EXPECT_EQ(client.get("/v2/models/fashion/versions/" + server.policy_version() + "/ready").status, 200);
  EXPECT_EQ(client.get("/v2/models/fashion/versions/1/ready").status, 404);
  EXPECT_EQ(client.get("/v2/models/small").status, 200);
  EXPECT_EQ(client.get("/v2/models/none").status, 404);
  EXPECT_EQ(client.get("/v2/models/").status, 404);
  EXPECT_EQ(client.get("/v2/models/fashion/colour").status, 404);
  EXPECT_EQ(client.get("/nothing").status, 404);
  EXPECT_EQ(client.post("/v2", "").status, 405);
  EXPECT_EQ(client.get("/v2/models/fashion/infer").status, 405);
  EXPECT_TRUE(Json::parse(client.get("/openapi.json").body).contains("paths"));
  EXPECT_EQ(Json::parse(client.post("/v2/repository/index", "").body).size(), 5U);
}

TEST_F(ServerTest, Infers) {
  const Server server(options());
  RawClient client(server.http_port());
  const RawResponse response =
      client.post("/v2/models/fashion/infer", json_request(3, R"(,"id":"me","parameters":{"explain":true})"));
  ASSERT_EQ(response.status, 200) << response.body;
  const Json json = Json::parse(response.body);
  EXPECT_EQ(json["id"], "me");
  EXPECT_EQ(json["model_version"], server.policy_version());
  EXPECT_EQ(json["outputs"][0]["data"].dump(), "[0,1,2]");
  EXPECT_EQ(json["outputs"].back()["name"], "why");
  EXPECT_NE(response.head.find("X-Request-Id: me"), std::string::npos);
  EXPECT_EQ(Json::parse(client.post("/v2/models/small/infer", json_request(1)).body)["model_name"], "small");
}

// Long ones are read by a thread of their own.
TEST_F(ServerTest, AnswersLongRequestsAndThoseThatAreUnderWayAtTheEnd) {
  Server server(options());
  RawClient client(server.http_port());
  const std::string infer = "/v2/models/fashion/infer", body = json_request(200);
  ASSERT_GT(body.size(), 300'000U);
  EXPECT_EQ(client.post(infer, body).status, 200);
  EXPECT_EQ(client.post(infer, body.substr(0, body.size() - 1)).status, 400);
  client.send("POST " + infer + " HTTP/1.1\r\nHost: h\r\nContent-Length: " + std::to_string(body.size()) +
              "\r\n\r\n" + body);
  std::thread ends([&] { EXPECT_TRUE(server.drain(20s)); });
  EXPECT_EQ(client.receive().status, 200);
  client.close();
  ends.join();
}

TEST_F(ServerTest, ErrorsHaveTheRightStatus) {
  ServeOptions all = options();
  all.limits.inputs = 4;
  const Server server(all);
  RawClient client(server.http_port());
  const std::string infer = "/v2/models/fashion/infer";
  EXPECT_EQ(client.post(infer, "{").status, 400);
  EXPECT_EQ(client.post(infer, json_request(5)).status, 413);
  EXPECT_EQ(client.post(infer, json_request(1, R"(,"parameters":{"max_latency":1})")).status, 400);
  EXPECT_EQ(client.post(infer, json_request(1, R"(,"parameters":{"price":1})")).status, 400);
  EXPECT_EQ(client.post(infer, json_request(1, R"(,"outputs":[{"name":"x"}])")).status, 400);
  EXPECT_EQ(client.post(infer, json_request(1, R"(,"outputs":[{"name":"class"},{"name":"class"}])")).status,
            400);
  EXPECT_EQ(client.post(infer, "x", "Inference-Header-Content-Length: many\r\n").status, 400);
  EXPECT_EQ(client.post(infer, "x", "Content-Encoding: gzip\r\n").status, 415);
  EXPECT_EQ(client.post("/v2/models/none/infer", json_request(1)).status, 404);
  const RawResponse broken = client.post("/v2/models/broken/infer", json_request(1));
  EXPECT_EQ(broken.status, 500);
  EXPECT_EQ(broken.body.find(made.dir.path().string()), std::string::npos);
  EXPECT_EQ(client.post("/classify", "no picture").status, 415);
  EXPECT_EQ(client.post("/classify", png(1).substr(0, 60)).status, 422);
  EXPECT_EQ(client.post("/classify", "").status, 400);
  EXPECT_EQ(client.post("/classify?price=x", png(1)).status, 400);
  EXPECT_EQ(client.post("/classify?explain=perhaps", png(1)).status, 400);
  EXPECT_EQ(client.post("/v2/models/stats", "").status, 405);
  EXPECT_EQ(client.post("/choose", "{}").status, 404);
  EXPECT_EQ(client.post("/v2/repository/models/none/load", "").status, 400);
  EXPECT_EQ(client.post(infer, json_request(1)).status, 200);
}

TEST_F(ServerTest, ClassifiesPictures) {
  const Server server(options());
  RawClient client(server.http_port());
  const Json json = Json::parse(client.post("/classify?explain=1", png(7)).body);
  EXPECT_EQ(json["answer"][0]["label"], "class 7");
  EXPECT_TRUE(json.contains("why"));
  const RawResponse form = client.get("/", "Accept: text/html\r\n");
  EXPECT_NE(form.body.find("multipart/form-data"), std::string::npos);
  EXPECT_NE(form.head.find("Content-Security-Policy"), std::string::npos);
  const RawResponse page =
      client.post("/classify",
                  "--B\r\nContent-Disposition: form-data; name=\"picture\"; filename=\"a.png\"\r\n\r\n" +
                      png(7) + "\r\n--B--\r\n",
                  "Accept: text/html\r\nContent-Type: multipart/form-data; boundary=B\r\n");
  EXPECT_NE(page.body.find("class 7"), std::string::npos);
  EXPECT_NE(page.body.find("data:image/png;base64,"), std::string::npos);
  EXPECT_EQ(client.post("/classify", "x", "Accept: text/html\r\n").status, 415);
}

TEST_F(ServerTest, ChoosesForRows) {
  const Table table = testing::run_time_table(300);
  ServeOptions all = options();
  all.policy = made.dir.path() / "solvers.triage";
  all.zoo = "";
  all.name = "solvers";
  std::vector<std::uint32_t> rows(300);
  std::iota(rows.begin(), rows.end(), 0U);
  save_policy(*train_forests_policy(table, rows, {}, {.trees = 10}), all.policy);
  const Server server(all);
  RawClient client(server.http_port());
  const Json model = Json::parse(client.get("/v2/models/solvers").body);
  EXPECT_EQ(model["inputs"][0]["shape"].dump(), "[-1,2]");
  const Json json = Json::parse(client
                                    .post("/v2/models/solvers/infer",
                                          R"({"inputs":[{"name":"features","datatype":"FP32","shape":[2,2],)"
                                          R"("data":[0.05,0.5,0.95,0.5]}]})")
                                    .body);
  const RawResponse lines =
      client.post("/choose", "hardness,noise\n0.05,0.5\n0.95,0.5\n", "Content-Type: text/csv\r\n");
  std::istringstream in(lines.body);
  std::vector<Json> chosen;
  for (std::string line; std::getline(in, line);) chosen.push_back(Json::parse(line));
  ASSERT_EQ(chosen.size(), 2U) << lines.body;
  for (std::size_t i = 0; i < 2; ++i) EXPECT_EQ(json["outputs"][0]["data"][i], chosen[i]["run"]);
  EXPECT_NE(chosen[0]["run"], chosen[1]["run"]);
  EXPECT_TRUE(Json::parse(client.post("/choose?explain=1", R"({"hardness":0.1})").body).contains("why"));
  EXPECT_EQ(client.post("/choose", "{\"nothing\":1}\n").status, 422);
  EXPECT_EQ(client.post("/classify", "x").status, 404);
  EXPECT_EQ(client
                .post("/v2/models/solvers/infer",
                      R"({"inputs":[{"name":"features","datatype":"FP32","shape":[1,3],"data":[1,2,3]}]})")
                .status,
            400);
  EXPECT_NE(client.get("/", "Accept: text/html\r\n").body.find("/choose"), std::string::npos);
}

TEST_F(ServerTest, WantsATokenWhereThereAreSome) {
  ServeOptions all = options();
  all.listen.tokens = {"secret", "other"};
  const Server server(all);
  RawClient client(server.http_port());
  EXPECT_EQ(client.get("/v2/health/live").status, 200);
  for (const char* wrong : {"", "Authorization: Bearer secre\r\n", "Authorization: Bearer secrets\r\n",
                            "Authorization: Bearer \r\n", "Authorization: Basic secret\r\n"}) {
    EXPECT_EQ(client.get("/v2", wrong).status, 401) << wrong;
  }
  EXPECT_EQ(client.get("/v2", "Authorization: Bearer secret\r\n").status, 200);
  EXPECT_EQ(client.get("/v2", "authorization: bearer other\r\n").status, 200);
}

TEST_F(ServerTest, LogsAndCounts) {
  {
    const Server server(options());
    RawClient client(server.http_port());
    client.post("/v2/models/fashion/infer", json_request(2),
                "traceparent: 00-abc-def-01\r\nX-Request-Id: r1\r\n");
    client.post("/v2/models/broken/infer", json_request(1));
    const Json stats = Json::parse(client.get("/v2/models/fashion/stats").body)["model_stats"][0];
    EXPECT_EQ(stats["inference_count"], 2);
    EXPECT_EQ(stats["inference_stats"]["success"]["count"], 1);
    const std::string metrics = client.get("/metrics").body;
    EXPECT_NE(metrics.find(R"(triage_requests_total{protocol="http",route="infer",status="200"} 1)"),
              std::string::npos)
        << metrics;
    EXPECT_NE(metrics.find(R"(triage_answers_total{by="large",model="fashion"} 2)"), std::string::npos);
    EXPECT_NE(metrics.find("triage_connections 1"), std::string::npos);
  }
  std::istringstream lines(made.logged());
  std::vector<Json> entries;
  for (std::string line; std::getline(lines, line);) entries.push_back(Json::parse(line));
  ASSERT_EQ(entries.size(), 3U);
  EXPECT_EQ(entries[0]["event"], "policy");
  EXPECT_EQ(entries[1]["request_id"], "r1");
  EXPECT_EQ(entries[1]["traceparent"], "00-abc-def-01");
  EXPECT_EQ(entries[1]["inputs"].size(), 2U);
  EXPECT_EQ(entries[1]["inputs"][0]["spans"][0]["model"], "large");
  EXPECT_EQ(entries[2]["status"], 500);
}

TEST_F(ServerTest, ReloadsUnderLoadAndKeepsTheOldPolicyWhereTheNewIsBad) {
  Server server(options("small"));
  const std::string before = server.policy_version();
  std::atomic<bool> stop{false};
  std::atomic<int> asked{0}, failed{0};
  std::vector<std::thread> clients;
  for (int i = 0; i < 3; ++i) {
    clients.emplace_back([&] {
      RawClient client(server.http_port());
      while (!stop) {
        ++asked;
        if (client.post("/v2/models/fashion/infer", json_request(1)).status != 200) ++failed;
      }
    });
  }
  RawClient client(server.http_port());
  static_cast<void>(made.policy("large"));
  EXPECT_EQ(client.post("/v2/repository/models/fashion/load", "").status, 200);
  const std::string after = server.policy_version();
  EXPECT_NE(before, after);
  std::ofstream(made.dir.path() / "p.triage") << "no policy";
  EXPECT_EQ(client.post("/v2/repository/models/fashion/load", "").status, 500);
  EXPECT_THROW(server.reload(), Error);
  EXPECT_EQ(server.policy_version(), after);
  while (asked < 50) std::this_thread::sleep_for(1ms);
  stop = true;
  for (std::thread& each : clients) each.join();
  EXPECT_EQ(failed, 0);
}

TEST_F(ServerTest, WatchesThePolicysFile) {
  ServeOptions all = options("small");
  all.watch = true;
  const Server server(all);
  const std::string before = server.policy_version();
  static_cast<void>(made.policy("large"));
  std::filesystem::last_write_time(all.policy, std::filesystem::file_time_type::clock::now() + 5s);
  while (server.policy_version() == before) std::this_thread::sleep_for(5ms);
}

TEST_F(ServerTest, CanaryAndShadowGetTheirShares) {
  ServeOptions all = options("small");
  all.canary = {made.policy("large", "canary.triage"), 0.5};
  all.shadow = {made.policy("large", "shadow.triage"), 1};
  {
    const Server server(all);
    RawClient client(server.http_port());
    int canaries = 0;
    for (int i = 0; i < 40; ++i) {
      const std::string body = json_request(1, R"(,"id":"r)" + std::to_string(i) + "\"");
      const Json first = Json::parse(client.post("/v2/models/fashion/infer", body).body);
      const Json again = Json::parse(client.post("/v2/models/fashion/infer", body).body);
      EXPECT_EQ(first["model_version"], again["model_version"]);
      canaries += first["model_version"] == server.policy_version() ? 0 : 1;
    }
    EXPECT_GT(canaries, 8);
    EXPECT_LT(canaries, 32);
  }
  EXPECT_NE(made.logged().find(R"("event":"shadow")"), std::string::npos);
}

TEST_F(ServerTest, EndsInOrder) {
  Server server(options("slow"));
  std::thread asks([&] {
    RawClient client(server.http_port());
    EXPECT_EQ(client.post("/v2/models/fashion/infer", json_request(3)).status, 200);
  });
  RawClient client(server.http_port());
  while (client.get("/metrics").body.find("triage_connections 2") == std::string::npos) {
  }
  std::this_thread::sleep_for(10ms);
  EXPECT_TRUE(server.drain(20s));
  asks.join();
  EXPECT_FALSE(RawClient(server.http_port()).connected());
}

TEST_F(ServerTest, EndsAtOnceWithRequestsUnderWay) {
  std::vector<std::thread> clients;
  {
    const Server server(options("slow"));
    std::atomic<int> begun{0};
    for (int i = 0; i < 4; ++i) {
      clients.emplace_back([&, port = server.http_port()] {
        RawClient client(port);
        ++begun;
        client.post("/v2/models/fashion/infer", json_request(10));
      });
    }
    while (begun < 4) std::this_thread::sleep_for(1ms);
    std::this_thread::sleep_for(20ms);
  }
  for (std::thread& each : clients) each.join();
}

TEST_F(ServerTest, RefusesOptionsOutOfRange) {
  const auto refuses = [&](const std::function<void(ServeOptions&)>& change, ErrorCode code,
                           std::string_view part) {
    ServeOptions all = options();
    change(all);
    EXPECT_TRIAGE_ERROR(Server(all), code, part);
  };
  refuses([](ServeOptions& o) { o.policy = "/none"; }, ErrorCode::kIo, "/none");
  refuses([](ServeOptions& o) { o.zoo = ""; }, ErrorCode::kUsage, "zoo");
  refuses([](ServeOptions& o) { o.listen.threads = 0; }, ErrorCode::kUsage, "threads");
  refuses([](ServeOptions& o) { o.load.workers = 5000; }, ErrorCode::kUsage, "workers");
  refuses([](ServeOptions& o) { o.load.capacity = 0; }, ErrorCode::kUsage, "capacity");
  refuses([](ServeOptions& o) { o.load.max_batch = 0; }, ErrorCode::kUsage, "max_batch");
  refuses([](ServeOptions& o) { o.load.shed_wait_ms = 0; }, ErrorCode::kUsage, "shed_wait_ms");
  refuses([](ServeOptions& o) { o.listen.tokens = {""}; }, ErrorCode::kUsage, "token");
  refuses([](ServeOptions& o) { o.listen.tls_key = "k"; }, ErrorCode::kUsage, "TLS");
  refuses([&](ServeOptions& o) { o.canary = {o.policy, 2}; }, ErrorCode::kUsage, "share");
}

}  // namespace
}  // namespace triage
