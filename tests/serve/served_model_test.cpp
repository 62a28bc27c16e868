// Pictures out of requests, parameters, and outputs.
#include "serve/served_model.h"

#include <gtest/gtest.h>

#include <cstring>
#include <numeric>
#include <vector>

#include "serve/served_fixture.h"
#include "support/expect_error.h"

namespace triage {
namespace {

using testing::ServedFixture;

template <class Value>
std::vector<Value> values_of(const Tensor& tensor) {
  std::vector<Value> values(tensor.data.size() / sizeof(Value));
  std::memcpy(values.data(), tensor.data.data(), tensor.data.size());
  return values;
}

InferRequest with(Datatype type, std::vector<std::int64_t> shape, std::string data) {
  InferRequest request;
  request.inputs.push_back(
      {.name = "image", .type = type, .shape = std::move(shape), .data = std::move(data)});
  return request;
}

TEST(ServedImages, TakesPixelsOfEveryShape) {
  InferRequest batch = with(Datatype::kUint8, {2, 1, 2, 3}, "abcdefghijkl");
  const auto two = images_of(batch);
  ASSERT_EQ(two.size(), 2U);
  EXPECT_EQ(two[1].pixels.width, 2);
  EXPECT_EQ(two[1].pixels.height, 1);
  EXPECT_EQ(two[1].pixels.pixels[0], 'g');
  InferRequest one = with(Datatype::kUint8, {2, 2, 1}, "abcd");
  EXPECT_EQ(images_of(one).front().pixels.colour, Colour::kGray);
  const std::vector<float> values{0, 0.4F, 254.6F, 255};
  InferRequest floats;
  floats.inputs.push_back(tensor_of<float>("image", Datatype::kFp32, {1, 2, 2, 1}, values));
  const auto rounded = images_of(floats).front().pixels.pixels;
  EXPECT_EQ(std::vector<int>(rounded.begin(), rounded.end()), (std::vector<int>{0, 0, 255, 255}));
}

TEST(ServedImages, RefusesWhatIsNoPicture) {
  const auto refuses = [](InferRequest request, std::initializer_list<std::string_view> parts) {
    testing::expect_error([&] { static_cast<void>(images_of(request)); }, ErrorCode::kUsage, parts);
  };
  refuses({}, {"0 inputs", "image"});
  InferRequest other = with(Datatype::kUint8, {2, 2, 1}, "abcd");
  other.inputs[0].name = "x";
  refuses(other, {"'x'", "'image'"});
  refuses(with(Datatype::kInt32, {1, 1, 1, 1}, "abcd"), {"INT32"});
  refuses(with(Datatype::kUint8, {4}, "abcd"), {"[4]"});
  refuses(with(Datatype::kUint8, {1, 2, 2}, "abcd"), {"[1, 2, 2]"});
  refuses(with(Datatype::kUint8, {0, 0, 3}, ""), {"[0, 0, 3]"});
  refuses(with(Datatype::kUint8, {1, 70'000, 1}, std::string(70'000, 'x')), {"70000"});
  const std::vector<std::string> empty{""};
  InferRequest nothing;
  nothing.inputs.push_back(bytes_tensor("image", empty));
  refuses(nothing, {"element 0 is empty"});
  InferRequest square = nothing;
  square.inputs[0].shape = {1, 1, 1};
  refuses(square, {"[1, 1, 1]"});
  for (const float bad : {-1.0F, 255.5F, std::nanf("")}) {
    InferRequest floats;
    floats.inputs.push_back(tensor_of<float>("image", Datatype::kFp32, {1, 1, 1, 1}, std::span(&bad, 1)));
    refuses(floats, {"0 to 255"});
  }
}

TEST(ServedParameters, AreThoseOfARequest) {
  const Request request = request_of({{"max_latency_ms", std::int64_t{20}},
                                      {"min_confidence", 0.5},
                                      {"price", 0.25},
                                      {"max_energy_j", 2.0},
                                      {"explain", true},
                                      {"request_id", std::string("x")},
                                      {"sequence_id", std::int64_t{0}}});
  EXPECT_EQ(request.max_latency_ms, 20);
  EXPECT_EQ(request.min_confidence, 0.5);
  EXPECT_EQ(request.price, 0.25);
  EXPECT_EQ(request.max_energy_j, 2);
  EXPECT_TRUE(request.explain);
  EXPECT_EQ(request_of({{"timeout", std::int64_t{5000}}}).max_latency_ms, 5);
  EXPECT_TRIAGE_ERROR(request_of({{"max_latency", 1.0}}), ErrorCode::kUsage, "'max_latency'",
                      "max_latency_ms");
  EXPECT_TRIAGE_ERROR(request_of({{"price", std::string("x")}}), ErrorCode::kUsage, "'price'", "a number");
  EXPECT_TRIAGE_ERROR(request_of({{"explain", 1.0}}), ErrorCode::kUsage, "'explain'", "true or false");
}

TEST(ServedOutputs, SayWhatWasFound) {
  const ServedFixture made;
  const auto model = made.model("large");
  const std::vector<Image> images{testing::fake_image(3, 1), testing::fake_image(8, 2)};
  std::vector<Result> results;
  for (const Image& image : images) results.push_back(model->classifier->classify(image));
  InferRequest request;
  const std::vector<Tensor> all = outputs_of(*model, request, results);
  ASSERT_EQ(all.size(), model->outputs().size());
  for (std::size_t i = 0; i < all.size(); ++i) {
    EXPECT_EQ(all[i].name, model->outputs()[i].name);
    EXPECT_EQ(all[i].type, model->outputs()[i].type);
    EXPECT_EQ(all[i].shape.size(), model->outputs()[i].shape.size());
    if (all[i].type != Datatype::kBytes) {
      EXPECT_NO_THROW(check_tensor(all[i]));
    }
  }
  EXPECT_EQ(values_of<std::int64_t>(all[0]), (std::vector<std::int64_t>{3, 8}));
  EXPECT_EQ(bytes_elements(all[1])[1], "class 8");
  const auto probabilities = values_of<float>(all[3]);
  EXPECT_NEAR(std::accumulate(probabilities.begin(), probabilities.begin() + 10, 0.0), 1, 1e-5);
  EXPECT_EQ(probabilities[3], values_of<float>(all[2])[0]);
  EXPECT_EQ(bytes_elements(all[4])[0], "large");

  request.outputs = {{.name = "probabilities", .classification = 2}};
  const Tensor top = outputs_of(*model, request, results).front();
  EXPECT_EQ(top.shape, (std::vector<std::int64_t>{2, 2}));
  EXPECT_TRUE(bytes_elements(top)[2].ends_with(":8:class 8"));
  request.outputs = {{.name = "colour"}};
  EXPECT_TRIAGE_ERROR(outputs_of(*model, request, results), ErrorCode::kUsage, "colour", "probabilities");
  request.outputs = {{.name = "label", .classification = 2}};
  EXPECT_TRIAGE_ERROR(outputs_of(*model, request, results), ErrorCode::kUsage, "label");
}

TEST(ServedOutputs, OfARefusalAreNotMistakenForAnAnswer) {
  const ServedFixture made;
  const auto model = made.model("slow");
  Request request;
  request.max_latency_ms = 1e-6;
  const std::vector<Result> results{model->classifier->classify(testing::fake_image(3, 1), request)};
  ASSERT_TRUE(results[0].refused);
  const std::vector<Tensor> all = outputs_of(*model, {}, results);
  EXPECT_EQ(values_of<std::int64_t>(all[0])[0], -1);
  EXPECT_TRUE(std::isnan(values_of<float>(all[2])[0]));
  EXPECT_EQ(bytes_elements(all[7])[0], "latency");
}

TEST(ServedModels, VersionsFollowThePolicy) {
  const ServedFixture made;
  EXPECT_EQ(made.model("small")->version, made.model("small")->version);
  EXPECT_NE(made.model("small")->version, made.model("large")->version);
  const ServedModel network = served_network(made.runtime, 1);
  EXPECT_EQ(network.name, "large");
  EXPECT_EQ(network.classifier->classify(testing::fake_image(3, 1)).label(), 3);
}

}  // namespace
}  // namespace triage
