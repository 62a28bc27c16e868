// The whole server over gRPC, on fake networks.
#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>

#include <atomic>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "http/raw_client.h"
#include "serve/inference.grpc.pb.h"
#include "serve/served_fixture.h"
#include "support/expect_error.h"
#include "triage/image.h"
#include "triage/tools/serve.h"

namespace triage {
namespace {

using namespace std::chrono_literals;
using grpc::StatusCode;
using inference::ModelInferRequest;
using inference::ModelInferResponse;
using testing::ServedFixture;

struct GrpcTest : ::testing::Test {
  testing::ServingFixture made;

  ServeOptions options(const std::string& model = "large") {
    ServeOptions all = made.options(model);
    all.listen.grpc_port = 0;
    return all;
  }
  // Pictures of classes 0, 1, ... as raw contents.
  static ModelInferRequest request(std::size_t n, const std::string& model = "fashion") {
    Tensor tensor = ServedFixture::pixels(n).inputs.front();
    ModelInferRequest message;
    message.set_model_name(model);
    auto& input = *message.add_inputs();
    input.set_name("image");
    input.set_datatype("UINT8");
    input.mutable_shape()->Add(tensor.shape.begin(), tensor.shape.end());
    message.add_raw_input_contents(std::move(tensor.data));
    return message;
  }
  // The same as typed contents, of another datatype too.
  static ModelInferRequest typed(std::size_t n, const std::string& datatype) {
    ModelInferRequest message = request(n);
    auto& input = *message.mutable_inputs(0);
    input.set_datatype(datatype);
    auto& contents = *input.mutable_contents();
    for (const char value : message.raw_input_contents(0)) {
      const auto pixel = static_cast<std::uint8_t>(value);
      if (datatype == "FP32") {
        contents.add_fp32_contents(pixel);
      } else {
        contents.add_uint_contents(pixel);
      }
    }
    message.clear_raw_input_contents();
    return message;
  }
};

struct GrpcClient {
  std::shared_ptr<grpc::Channel> channel;
  std::unique_ptr<inference::GRPCInferenceService::Stub> stub;
  std::multimap<std::string, std::string> trailing;  // of the last call

  explicit GrpcClient(std::uint16_t port) {
    grpc::ChannelArguments arguments;
    arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
    channel = grpc::CreateCustomChannel("127.0.0.1:" + std::to_string(port),
                                        grpc::InsecureChannelCredentials(), arguments);
    stub = inference::GRPCInferenceService::NewStub(channel);
  }

  using Change = std::function<void(grpc::ClientContext&)>;
  template <class Request, class Response>
  grpc::Status call(grpc::Status (inference::GRPCInferenceService::Stub::*method)(grpc::ClientContext*,
                                                                                  const Request&, Response*),
                    const Request& asked, Response& response, const Change& change = nullptr) {
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() + 60s);
    if (change) change(context);
    const grpc::Status status = (stub.get()->*method)(&context, asked, &response);
    trailing.clear();
    for (const auto& [key, value] : context.GetServerTrailingMetadata()) {
      trailing.emplace(std::string(key.data(), key.size()), std::string(value.data(), value.size()));
    }
    return status;
  }
  grpc::Status infer(const ModelInferRequest& asked, ModelInferResponse& response,
                     const Change& change = nullptr) {
    return call(&inference::GRPCInferenceService::Stub::ModelInfer, asked, response, change);
  }
  StatusCode code(const ModelInferRequest& asked, const Change& change = nullptr) {
    ModelInferResponse response;
    return infer(asked, response, change).error_code();
  }
};

using Stub = inference::GRPCInferenceService::Stub;

std::string metrics_of(const Server& server) {
  return testing::RawClient(server.http_port()).get("/metrics").body;
}

// Inputs in its queue.
int waiting_at(const Server& server) {
  const std::string name = "\ntriage_queue_inputs ";
  const std::string metrics = metrics_of(server);
  return std::stoi(metrics.substr(metrics.find(name) + name.size()));
}

std::vector<std::int64_t> classes_of(const ModelInferResponse& response) {
  const std::string& raw = response.raw_output_contents(0);
  std::vector<std::int64_t> classes(raw.size() / sizeof(std::int64_t));
  std::memcpy(classes.data(), raw.data(), raw.size());
  return classes;
}

TEST_F(GrpcTest, SaysWhatItIs) {
  const Server server(options());
  GrpcClient client(server.grpc_port());
  inference::ServerLiveResponse live;
  ASSERT_TRUE(client.call(&Stub::ServerLive, {}, live).ok());
  EXPECT_TRUE(live.live());
  inference::ServerReadyResponse ready;
  ASSERT_TRUE(client.call(&Stub::ServerReady, {}, ready).ok());
  EXPECT_TRUE(ready.ready());
  inference::ServerMetadataResponse metadata;
  ASSERT_TRUE(client.call(&Stub::ServerMetadata, {}, metadata).ok());
  EXPECT_EQ(metadata.name(), "triage");
  inference::RepositoryIndexResponse index;
  ASSERT_TRUE(client.call(&Stub::RepositoryIndex, {}, index).ok());
  ASSERT_EQ(index.models_size(), 5);
  EXPECT_EQ(index.models(0).version(), server.policy_version());
}

TEST_F(GrpcTest, DescribesModels) {
  const Server server(options());
  GrpcClient client(server.grpc_port());
  inference::ModelReadyRequest which;
  inference::ModelReadyResponse ready;
  which.set_name("fashion");
  ASSERT_TRUE(client.call(&Stub::ModelReady, which, ready).ok());
  EXPECT_TRUE(ready.ready());
  which.set_version("1");
  ASSERT_TRUE(client.call(&Stub::ModelReady, which, ready).ok());
  EXPECT_FALSE(ready.ready());

  inference::ModelMetadataRequest asked;
  inference::ModelMetadataResponse model;
  asked.set_name("fashion");
  ASSERT_TRUE(client.call(&Stub::ModelMetadata, asked, model).ok());
  EXPECT_EQ(model.platform(), "triage_single");
  EXPECT_EQ(model.versions(0), server.policy_version());
  EXPECT_EQ(model.inputs(0).datatype(), "BYTES");
  EXPECT_EQ(model.outputs(3).shape(1), 10);
  asked.set_name("none");
  EXPECT_EQ(client.call(&Stub::ModelMetadata, asked, model).error_code(), StatusCode::NOT_FOUND);

  inference::ModelConfigRequest configured;
  inference::ModelConfigResponse config;
  configured.set_name("small");
  ASSERT_TRUE(client.call(&Stub::ModelConfig, configured, config).ok());
  EXPECT_EQ(config.config().input(0).data_type(), inference::TYPE_STRING);
  EXPECT_EQ(config.config().output(3).data_type(), inference::TYPE_FP32);
  EXPECT_EQ(config.config().output(3).dims(0), 10);
}

TEST_F(GrpcTest, InfersFromRawAndTypedContents) {
  const Server server(options());
  GrpcClient client(server.grpc_port());
  for (ModelInferRequest asked : {request(3), typed(3, "UINT8"), typed(3, "FP32")}) {
    asked.set_id("me");
    ModelInferResponse response;
    const grpc::Status status = client.infer(asked, response);
    ASSERT_TRUE(status.ok()) << status.error_message();
    EXPECT_EQ(classes_of(response), (std::vector<std::int64_t>{0, 1, 2}));
    EXPECT_EQ(response.id(), "me");
    EXPECT_EQ(response.model_version(), server.policy_version());
    EXPECT_EQ(response.outputs(0).name(), "class");
    EXPECT_EQ(response.outputs_size(), response.raw_output_contents_size());
    EXPECT_EQ(response.parameters().at("request_id").string_param(), "me");
    EXPECT_EQ(client.trailing.find("x-request-id")->second, "me");
  }
  ModelInferRequest pictures = request(0);
  pictures.clear_raw_input_contents();
  auto& input = *pictures.mutable_inputs(0);
  input.set_datatype("BYTES");
  input.clear_shape();
  input.add_shape(2);
  for (const Label label : {7, 4}) {
    const auto png = encode_png(testing::fake_image(label, 1));
    input.mutable_contents()->add_bytes_contents(png.data(), png.size());
  }
  ModelInferResponse response;
  ASSERT_TRUE(client.infer(pictures, response).ok());
  EXPECT_EQ(classes_of(response), (std::vector<std::int64_t>{7, 4}));
}

TEST_F(GrpcTest, TakesParametersAndOutputs) {
  const Server server(options());
  GrpcClient client(server.grpc_port());
  ModelInferRequest asked = request(1);
  (*asked.mutable_parameters())["explain"].set_bool_param(true);
  (*asked.mutable_parameters())["max_latency_ms"].set_int64_param(60'000);
  (*asked.mutable_parameters())["min_confidence"].set_double_param(0.1);
  (*asked.mutable_parameters())["request_id"].set_string_param("mine");
  (*asked.mutable_parameters())["priority"].set_uint64_param(1);
  auto& best = *asked.add_outputs();
  best.set_name("probabilities");
  (*best.mutable_parameters())["classification"].set_int64_param(2);
  asked.add_outputs()->set_name("why");
  ModelInferResponse response;
  const grpc::Status status = client.infer(asked, response);
  ASSERT_TRUE(status.ok()) << status.error_message();
  ASSERT_EQ(response.outputs_size(), 2);
  EXPECT_EQ(response.outputs(0).datatype(), "BYTES");
  EXPECT_EQ(response.outputs(0).shape(1), 2);
  EXPECT_NE(response.raw_output_contents(0).find(":0:class 0"), std::string::npos);
  EXPECT_EQ(response.parameters().at("request_id").string_param(), "mine");
}

TEST_F(GrpcTest, ErrorsHaveTheRightStatus) {
  ServeOptions all = options();
  all.limits.inputs = 4;
  all.limits.body_bytes = 100'000;
  const Server server(all);
  GrpcClient client(server.grpc_port());
  const auto code = [&](const std::function<void(ModelInferRequest&)>& change) {
    ModelInferRequest asked = request(1);
    change(asked);
    return client.code(asked);
  };
  const auto parameter = [](ModelInferRequest& asked, const char* name) -> inference::InferParameter& {
    return (*asked.mutable_parameters())[name];
  };
  constexpr StatusCode kBad = StatusCode::INVALID_ARGUMENT;
  EXPECT_EQ(client.code(request(5)), kBad);
  EXPECT_EQ(code([&](auto& asked) { parameter(asked, "max_latency").set_int64_param(1); }), kBad);
  EXPECT_EQ(code([&](auto& asked) { parameter(asked, "price").set_double_param(1); }), kBad);
  EXPECT_EQ(code([&](auto& asked) { parameter(asked, "explain"); }), kBad);
  EXPECT_EQ(code([&](auto& asked) { parameter(asked, "timeout").set_uint64_param(~0ULL); }), kBad);
  EXPECT_EQ(code([](auto& asked) { asked.add_outputs()->set_name("x"); }), kBad);
  EXPECT_EQ(code([](auto& asked) { asked.mutable_inputs(0)->set_datatype("TEXT"); }), kBad);
  EXPECT_EQ(code([](auto& asked) { asked.mutable_inputs(0)->set_shape(0, 2); }), kBad);
  EXPECT_EQ(code([](auto& asked) { asked.add_raw_input_contents("x"); }), kBad);
  EXPECT_EQ(code([](auto& asked) { asked.mutable_inputs(0)->mutable_contents()->add_int_contents(1); }),
            kBad);
  EXPECT_EQ(code([](auto& asked) { asked.clear_raw_input_contents(); }), kBad);
  EXPECT_EQ(code([](auto& asked) {
              asked = typed(1, "UINT8");
              asked.mutable_inputs(0)->mutable_contents()->set_uint_contents(0, 256);
            }),
            kBad);
  EXPECT_EQ(code([](auto& asked) { asked.set_model_name("none"); }), StatusCode::NOT_FOUND);
  EXPECT_EQ(code([](auto& asked) { asked.set_model_version("1"); }), StatusCode::NOT_FOUND);
  EXPECT_EQ(code([](auto& asked) { asked.set_id(std::string(200'000, 'x')); }),
            StatusCode::RESOURCE_EXHAUSTED);
  ModelInferResponse response;
  const grpc::Status broken = client.infer(request(1, "broken"), response);
  EXPECT_EQ(broken.error_code(), StatusCode::INTERNAL);
  EXPECT_EQ(broken.error_message().find(made.dir.path().string()), std::string::npos);
  EXPECT_EQ(
      client.code(request(1), [](auto& context) { context.set_compression_algorithm(GRPC_COMPRESS_GZIP); }),
      StatusCode::UNIMPLEMENTED);
  // A message that quotes what came stays short enough for a header.
  const grpc::Status quoted = client.infer(request(1, std::string(50'000, 'x')), response);
  EXPECT_EQ(quoted.error_code(), StatusCode::NOT_FOUND);
  EXPECT_EQ(client.code(request(1)), StatusCode::OK);
}

TEST_F(GrpcTest, RefusesWhatCannotBeMetInTime) {
  const Server server(options("slow"));
  GrpcClient client(server.grpc_port());
  ModelInferRequest asked = request(1);
  (*asked.mutable_parameters())["max_latency_ms"].set_double_param(5);
  EXPECT_EQ(client.code(asked), StatusCode::RESOURCE_EXHAUSTED);
  EXPECT_EQ(client.trailing.count("retry-after"), 1U);
  // The client's own deadline is a cap as well, and the smaller one counts: the policy's model takes 30 ms.
  (*asked.mutable_parameters())["max_latency_ms"].set_double_param(60'000);
  const auto soon = [](grpc::ClientContext& context) {
    context.set_deadline(std::chrono::system_clock::now() + 15ms);
  };
  const StatusCode code = client.code(asked, soon);
  EXPECT_TRUE(code == StatusCode::RESOURCE_EXHAUSTED || code == StatusCode::DEADLINE_EXCEEDED) << code;
  EXPECT_EQ(client.code(asked), StatusCode::OK);
}

TEST_F(GrpcTest, WantsATokenWhereThereAreSome) {
  ServeOptions all = options();
  all.listen.tokens = {"secret"};
  const Server server(all);
  GrpcClient client(server.grpc_port());
  inference::ServerLiveResponse live;
  EXPECT_TRUE(client.call(&Stub::ServerLive, {}, live).ok());
  const auto with = [](std::string value) {
    return [value = std::move(value)](grpc::ClientContext& context) {
      context.AddMetadata("authorization", value);
    };
  };
  EXPECT_EQ(client.code(request(1)), StatusCode::UNAUTHENTICATED);
  EXPECT_EQ(client.code(request(1), with("Bearer secrets")), StatusCode::UNAUTHENTICATED);
  EXPECT_EQ(client.code(request(1), with("Bearer secret")), StatusCode::OK);
}

TEST_F(GrpcTest, SpeaksTls) {
  const std::string at = made.dir.path().string();
  const std::string make_certificate =
      "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=localhost -keyout " +
      at + "/key.pem -out " + at + "/cert.pem 2>/dev/null";
  if (std::system(make_certificate.c_str()) != 0) GTEST_SKIP() << "there is no openssl";
  ServeOptions all = options();
  all.listen.tls_certificate = at + "/cert.pem";
  all.listen.tls_key = at + "/key.pem";
  const Server server(all);
  std::ostringstream certificate;
  certificate << std::ifstream(all.listen.tls_certificate).rdbuf();
  grpc::ChannelArguments arguments;
  arguments.SetSslTargetNameOverride("localhost");
  Stub stub(grpc::CreateCustomChannel("127.0.0.1:" + std::to_string(server.grpc_port()),
                                      grpc::SslCredentials({certificate.str(), "", ""}), arguments));
  grpc::ClientContext context;
  inference::ServerLiveResponse live;
  EXPECT_TRUE(stub.ServerLive(&context, {}, &live).ok());
  EXPECT_TRUE(live.live());
  GrpcClient plain(server.grpc_port());
  EXPECT_EQ(plain.code(request(1)), StatusCode::UNAVAILABLE);
}

TEST_F(GrpcTest, LoadsAnewAndUnloadsNothing) {
  const Server server(options("small"));
  GrpcClient client(server.grpc_port());
  const std::string before = server.policy_version();
  static_cast<void>(made.policy("large"));
  inference::RepositoryModelLoadRequest asked;
  inference::RepositoryModelLoadResponse loaded;
  asked.set_model_name("none");
  EXPECT_EQ(client.call(&Stub::RepositoryModelLoad, asked, loaded).error_code(),
            StatusCode::INVALID_ARGUMENT);
  asked.set_model_name("fashion");
  EXPECT_TRUE(client.call(&Stub::RepositoryModelLoad, asked, loaded).ok());
  EXPECT_NE(server.policy_version(), before);
  std::ofstream(made.dir.path() / "p.triage") << "no policy";
  EXPECT_EQ(client.call(&Stub::RepositoryModelLoad, asked, loaded).error_code(), StatusCode::INTERNAL);
  inference::RepositoryModelUnloadResponse unloaded;
  EXPECT_EQ(client.call(&Stub::RepositoryModelUnload, {}, unloaded).error_code(), StatusCode::UNIMPLEMENTED);
}

TEST_F(GrpcTest, LogsAndCounts) {
  {
    const Server server(options());
    GrpcClient client(server.grpc_port());
    EXPECT_EQ(client.code(request(2),
                          [](grpc::ClientContext& context) {
                            context.AddMetadata("x-request-id", "r1");
                            context.AddMetadata("traceparent", "00-abc-def-01");
                          }),
              StatusCode::OK);
    inference::ModelStatisticsRequest which;
    inference::ModelStatisticsResponse statistics;
    which.set_name("fashion");
    do {  // counted behind the answer
      ASSERT_TRUE(client.call(&Stub::ModelStatistics, which, statistics).ok());
    } while (statistics.model_stats(0).inference_count() == 0);
    EXPECT_EQ(statistics.model_stats(0).inference_count(), 2U);
    EXPECT_EQ(statistics.model_stats(0).inference_stats().success().count(), 1U);
    ASSERT_TRUE(client.call(&Stub::ModelStatistics, {}, statistics).ok());
    EXPECT_EQ(statistics.model_stats_size(), 5);
    const std::string counted = R"(triage_requests_total{protocol="grpc",route="infer",status="200"} 1)";
    while (metrics_of(server).find(counted) == std::string::npos) {
    }
  }
  EXPECT_NE(made.log.find(R"("protocol":"grpc")"), std::string::npos);
  EXPECT_NE(made.log.find(R"("peer":"127.0.0.1")"), std::string::npos);
  EXPECT_NE(made.log.find(R"("request_id":"r1")"), std::string::npos);
  EXPECT_NE(made.log.find("00-abc-def-01"), std::string::npos);
}

TEST_F(GrpcTest, StreamsAnswerInOrder) {
  ServeOptions all = options();
  all.listen.tokens = {"secret"};
  Server server(all);
  GrpcClient client(server.grpc_port());
  inference::ModelStreamInferResponse response;
  grpc::ClientContext nobody;
  EXPECT_FALSE(client.stub->ModelStreamInfer(&nobody)->Read(&response));

  grpc::ClientContext context;
  context.AddMetadata("authorization", "Bearer secret");
  const auto stream = client.stub->ModelStreamInfer(&context);
  for (std::size_t n : {1, 2, 3}) {
    ModelInferRequest asked = request(n, n == 2 ? "none" : "fashion");
    asked.set_id(std::to_string(n));
    ASSERT_TRUE(stream->Write(asked));
  }
  for (std::size_t n : {1, 2, 3}) {
    ASSERT_TRUE(stream->Read(&response));
    EXPECT_EQ(response.infer_response().id(), std::to_string(n));
    EXPECT_EQ(response.error_message().empty(), n != 2) << response.error_message();
    if (n != 2) {
      EXPECT_EQ(classes_of(response.infer_response()).size(), n);
    }
  }
  // One that is open does not keep the server from ending.
  EXPECT_TRUE(server.drain(20s));
  EXPECT_FALSE(stream->Read(&response));
  EXPECT_EQ(stream->Finish().error_code(), StatusCode::UNAVAILABLE);
}

TEST_F(GrpcTest, StreamsEndWithTheServerOrTheirClient) {
  std::vector<std::thread> clients;
  {
    const Server server(options("slow"));
    for (int i = 0; i < 4; ++i) {
      clients.emplace_back([&, i, port = server.grpc_port()] {
        GrpcClient client(port);
        grpc::ClientContext context;
        const auto stream = client.stub->ModelStreamInfer(&context);
        EXPECT_TRUE(stream->Write(request(100)));
        if (i == 0) context.TryCancel();
        inference::ModelStreamInferResponse response;
        EXPECT_FALSE(stream->Read(&response));
        EXPECT_EQ(stream->Finish().error_code(), i == 0 ? StatusCode::CANCELLED : StatusCode::UNAVAILABLE);
      });
    }
    while (waiting_at(server) <= 200) {
    }
  }
  for (std::thread& each : clients) each.join();
}

TEST_F(GrpcTest, CancelledCallsHarmNothing) {
  const Server server(options("slow"));
  GrpcClient client(server.grpc_port());
  std::atomic<int> ended{0};
  std::vector<ModelInferResponse> responses(8);
  std::vector<grpc::ClientContext> contexts(8);
  const ModelInferRequest asked = request(4);
  for (std::size_t i = 0; i < contexts.size(); ++i) {
    client.stub->async()->ModelInfer(&contexts[i], &asked, &responses[i],
                                     [&](const grpc::Status&) { ++ended; });
  }
  std::this_thread::sleep_for(20ms);
  for (grpc::ClientContext& context : contexts) context.TryCancel();
  while (ended < 8) std::this_thread::sleep_for(1ms);
  EXPECT_EQ(client.code(request(1)), StatusCode::OK);
}

TEST_F(GrpcTest, DrainsWhatIsUnderWay) {
  Server server(options("slow"));
  GrpcClient client(server.grpc_port());
  std::thread asks([&] { EXPECT_EQ(client.code(request(10)), StatusCode::OK); });
  while (waiting_at(server) == 0) {
  }
  EXPECT_TRUE(server.drain(20s));
  asks.join();
  GrpcClient late(server.grpc_port());
  EXPECT_EQ(late.code(request(1)), StatusCode::UNAVAILABLE);
}

TEST_F(GrpcTest, EndsAtOnceWithCallsUnderWay) {
  std::vector<std::thread> clients;
  {
    Server server(options("slow"));
    for (int i = 0; i < 4; ++i) {
      clients.emplace_back([&, port = server.grpc_port()] {
        GrpcClient client(port);
        EXPECT_EQ(client.code(request(120)), StatusCode::UNAVAILABLE);
      });
    }
    while (waiting_at(server) <= 360) {  // all four have come
    }
    EXPECT_FALSE(server.drain(10ms));
  }
  for (std::thread& each : clients) each.join();
}

TEST_F(GrpcTest, SharesItsPortWithNobody) {
  const Server first(options());
  ServeOptions all = options();
  all.listen.grpc_port = first.grpc_port();
  EXPECT_TRIAGE_ERROR(Server(all), ErrorCode::kIo, "gRPC cannot listen there");
}

}  // namespace
}  // namespace triage
