// Requests and responses of the Open Inference Protocol as JSON with binary tensors.
#include "serve/protocol_json.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "support/expect_error.h"

namespace triage {
namespace {

using Json = nlohmann::json;

TEST(ProtocolJson, ReadsNestedAndFlatData) {
  const InferRequest request =
      parse_infer_request(R"({"id":"7","parameters":{"price":0.5,"explain":true,"n":3,"s":"t"},
      "inputs":[{"name":"a","datatype":"UINT8","shape":[1,2,2],"data":[[[1,2],[3,255]]]},
                {"name":"b","datatype":"FP32","shape":[2],"data":[1.5,-2]},
                {"name":"c","datatype":"BYTES","shape":[2],"data":["x","yz"]}],
      "outputs":[{"name":"o","parameters":{"binary_data":true,"classification":3}}]})");
  EXPECT_EQ(request.id, "7");
  EXPECT_EQ(std::get<double>(request.parameters.at("price")), 0.5);
  EXPECT_TRUE(std::get<bool>(request.parameters.at("explain")));
  EXPECT_EQ(std::get<std::int64_t>(request.parameters.at("n")), 3);
  EXPECT_EQ(request.inputs[0].data, std::string("\x01\x02\x03\xff"));
  float values[2];
  std::memcpy(values, request.inputs[1].data.data(), sizeof values);
  EXPECT_EQ(values[0], 1.5F);
  EXPECT_EQ(values[1], -2.0F);
  EXPECT_EQ(bytes_elements(request.inputs[2]), (std::vector<std::string_view>{"x", "yz"}));
  EXPECT_EQ(request.outputs[0].binary, true);
  EXPECT_EQ(request.outputs[0].classification, 3);
}

TEST(ProtocolJson, ReadsBinaryTensorsBehindTheJson) {
  const std::string json =
      R"({"inputs":[{"name":"a","datatype":"UINT8","shape":[3],"parameters":{"binary_data_size":3}},)"
      R"({"name":"b","datatype":"BYTES","shape":[1],"parameters":{"binary_data_size":6}}],)"
      R"("parameters":{"binary_data_output":true}})";
  const std::string body = json + "abc" + std::string("\x02\0\0\0hi", 6);
  const InferRequest request = parse_infer_request(body, json.size());
  EXPECT_EQ(request.inputs[0].data, "abc");
  EXPECT_EQ(bytes_elements(request.inputs[1]).front(), "hi");
  EXPECT_TRUE(request.binary_outputs);
}

TEST(ProtocolJson, ReadsBase64WhereItIsSaid) {
  const InferRequest request = parse_infer_request(
      R"({"inputs":[{"name":"a","datatype":"BYTES","shape":[1],"data":["/wA="],"parameters":{"content_type":"base64"}}]})");
  EXPECT_EQ(bytes_elements(request.inputs[0]).front(), std::string_view("\xff\0", 2));
}

TEST(ProtocolJson, RefusesWhatIsNotRight) {
  const auto input = [](const std::string& members) {
    return R"({"inputs":[{"name":"a",)" + members + "}]}";
  };
  const auto refuses = [](const std::string& body, std::initializer_list<std::string_view> parts) {
    testing::expect_error([&] { static_cast<void>(parse_infer_request(body)); }, ErrorCode::kUsage, parts);
  };
  refuses("", {"no JSON"});
  refuses("[1]", {"array", "object"});
  refuses("{\"inputs\":\xff}", {"no JSON"});
  refuses("{}", {"inputs"});
  refuses(R"({"inputs":{}})", {"inputs", "list"});
  refuses(R"({"inputs":[3]})", {"objects"});
  refuses(R"({"inputs":[],"id":3})", {"id", "string"});
  refuses(R"({"inputs":[],"parameters":[]})", {"parameters"});
  refuses(R"({"inputs":[],"parameters":{"x":[1]}})", {"'x'"});
  refuses(R"({"inputs":[],"parameters":{"binary_data_output":1}})", {"binary_data_output"});
  refuses(R"({"inputs":[],"outputs":3})", {"outputs"});
  refuses(R"({"inputs":[],"outputs":[3]})", {"outputs"});
  refuses(R"({"inputs":[],"outputs":[{"name":"o","parameters":{"binary_data":1}}]})", {"binary_data"});
  refuses(R"({"inputs":[],"outputs":[{"name":"o","parameters":{"classification":0}}]})", {"classification"});
  refuses(input(R"("datatype":"FP8","shape":[1],"data":[1])"), {"FP8"});
  refuses(input(R"("datatype":"FP32","shape":3,"data":[1])"), {"shape"});
  refuses(input(R"("datatype":"FP32","shape":[1.5],"data":[1])"), {"shape"});
  refuses(input(R"("datatype":"FP32","shape":[-1],"data":[])"), {"below 0"});
  refuses(input(R"("datatype":"FP32","shape":[4611686018427387904,8],"data":[1])"), {"4 bytes"});
  refuses(input(R"("datatype":"FP32","shape":[1])"), {"data"});
  refuses(input(R"("datatype":"FP32","shape":[2],"data":[1])"), {"2 values"});
  refuses(input(R"("datatype":"FP32","shape":[1],"data":["x"])"), {"\"x\""});
  refuses(input(R"("datatype":"UINT8","shape":[1],"data":[256])"), {"256"});
  refuses(input(R"("datatype":"UINT8","shape":[1],"data":[1.5])"), {"1.5"});
  refuses(input(R"("datatype":"INT8","shape":[1],"data":[-129])"), {"-129"});
  refuses(input(R"("datatype":"FP16","shape":[1],"data":[1])"), {"FP16"});
  refuses(input(R"("datatype":"FP32","shape":[1],"data":[[[[[[[[[[1]]]]]]]]]])"), {"deeper"});
  refuses(input(R"("datatype":"BYTES","shape":[1],"data":[1])"), {"strings"});
  refuses(input(R"("datatype":"BYTES","shape":[1],"data":["!"],"parameters":{"content_type":"base64"})"),
          {"base64"});
  refuses(input(R"("datatype":"UINT8","shape":[1],"parameters":{"binary_data_size":1})"),
          {"binary_data_size"});
  EXPECT_TRIAGE_ERROR(parse_infer_request("{}", 3), ErrorCode::kUsage, "3 of a body of 2");
  EXPECT_TRIAGE_ERROR(parse_infer_request(R"({"inputs":[]}abc)", 13), ErrorCode::kUsage, "3 bytes behind");
}

// What takes far more memory as a document than as text, or a stack frame a level.
TEST(ProtocolJson, RefusesJsonThatWouldTakeMuchMore) {
  const auto many = [](std::string_view text, std::size_t n) {
    std::string all;
    for (std::size_t i = 0; i < n; ++i) all += text;
    return all;
  };
  const auto data = [](const std::string& values) {
    return R"({"inputs":[{"name":"a","datatype":"UINT8","shape":[1],"data":[)" + values + "]}]}";
  };
  constexpr std::size_t kDeep = 1'000'000;
  EXPECT_TRIAGE_ERROR(parse_infer_request(data(many(R"({"a":)", kDeep) + "1" + many("}", kDeep))),
                      ErrorCode::kUsage, "nested");
  EXPECT_TRIAGE_ERROR(parse_infer_request(many("[", kDeep)), ErrorCode::kUsage, "nested");
  EXPECT_TRIAGE_ERROR(parse_infer_request(data(many("[],", 2'000'000) + "1")), ErrorCode::kUsage, "lists");
  EXPECT_TRIAGE_ERROR(parse_infer_request(data(many("1,", 20'000'000) + "1")), ErrorCode::kUsage, "values",
                      "binary");
  // Brackets in text are text.
  EXPECT_EQ(
      parse_infer_request(R"({"id":"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[\\\"[[","inputs":[]})").id.size(),
      44U);
}

TEST(ProtocolJson, MessagesQuoteLittle) {
  const std::string body = R"({"inputs":[{"name":"a","datatype":"UINT8","shape":[1],"data":[{"b":[1]}]}]})";
  EXPECT_TRIAGE_ERROR(parse_infer_request(body), ErrorCode::kUsage, "a value is object");
  EXPECT_LT(error_json(std::string(1'000'000, 'x')).size(), 2'000U);
  EXPECT_NE(error_json("short").find("short"), std::string::npos);
}

TEST(ProtocolJson, WritesWhatItReads) {
  const std::vector<float> values{0.1F, std::nanf("")};
  const std::vector<std::string> words{"a\"b", "\xff"};
  const std::vector<std::int64_t> classes{-1, 7};
  InferResponse response{
      .model = "m", .version = "1", .id = "x", .parameters = {{"shed", true}}, .outputs = {}};
  response.outputs.push_back(tensor_of<float>("f", Datatype::kFp32, {2}, values));
  response.outputs.push_back(bytes_tensor("b", words));
  response.outputs.push_back(tensor_of<std::int64_t>("i", Datatype::kInt64, {2}, classes));
  InferRequest request;
  const InferBody plain = write_infer_response(response, request);
  EXPECT_FALSE(plain.json_bytes);
  const Json json = Json::parse(plain.body);
  EXPECT_EQ(json["model_name"], "m");
  EXPECT_EQ(json["parameters"]["shed"], true);
  EXPECT_EQ(json["outputs"][0]["data"].dump(), "[0.1,null]");
  EXPECT_EQ(json["outputs"][1]["data"][0], "a\"b");
  EXPECT_EQ(json["outputs"][2]["data"].dump(), "[-1,7]");
  EXPECT_EQ(json["outputs"][2]["datatype"], "INT64");

  request.outputs = {{.name = "f", .binary = true}, {.name = "b"}, {.name = "i"}};
  const InferBody binary = write_infer_response(response, request);
  ASSERT_TRUE(binary.json_bytes);
  EXPECT_EQ(binary.body.substr(*binary.json_bytes), response.outputs[0].data);
  EXPECT_EQ(
      Json::parse(binary.body.substr(0, *binary.json_bytes))["outputs"][0]["parameters"]["binary_data_size"],
      8);
}

TEST(Tensors, NamesOfDatatypesGoBothWays) {
  for (const char* name : {"BOOL", "UINT8", "UINT16", "UINT32", "UINT64", "INT8", "INT16", "INT32", "INT64",
                           "FP16", "FP32", "FP64", "BYTES"}) {
    EXPECT_EQ(to_string(parse_datatype(name)), name);
  }
}

TEST(Tensors, BytesHaveToAddUp) {
  Tensor tensor{.name = "t", .type = Datatype::kBytes, .shape = {2}, .data = std::string("\x01\0\0\0a", 5)};
  EXPECT_TRIAGE_ERROR(bytes_elements(tensor), ErrorCode::kUsage, "1 elements", "2 by its shape");
  tensor.data = std::string("\x09\0\0\0a", 5);
  EXPECT_TRIAGE_ERROR(bytes_elements(tensor), ErrorCode::kUsage, "element 0");
  tensor.data = "abc";
  EXPECT_TRIAGE_ERROR(bytes_elements(tensor), ErrorCode::kUsage, "element 0");
}

}  // namespace
}  // namespace triage
