// Which files a model's checksum covers, and files that are no models.
#include <gtest/gtest.h>

#include "base/hash.h"
#include "support/expect_error.h"
#include "support/onnx_file.h"
#include "support/temp_folder.h"
#include "triage/zoo.h"
#include "zoo/model_stand_in.h"
#include "zoo/onnx_files.h"

namespace triage {
namespace {

using testing::proto_bytes;
using enum ErrorCode;
namespace fs = std::filesystem;

std::string external(const std::string& location) {
  return proto_bytes(13, proto_bytes(1, "location") + proto_bytes(2, location)) +
         proto_bytes(13, proto_bytes(1, "offset") + proto_bytes(2, "64"));
}
// A model whose graph has these initializers, and a node with a graph that has others.
std::string onnx(const std::vector<std::string>& outer, const std::vector<std::string>& inner = {}) {
  std::string graph, body;
  for (const std::string& location : outer) graph += proto_bytes(5, proto_bytes(8, "w") + external(location));
  for (const std::string& location : inner) body += proto_bytes(5, external(location));
  graph += proto_bytes(
      1, proto_bytes(4, "If") + proto_bytes(5, proto_bytes(1, "then_branch") + proto_bytes(6, body)));
  return std::string("\x08\x08", 2) + proto_bytes(2, "a test") + proto_bytes(7, graph);
}

class ModelFiles : public ::testing::Test {
 protected:
  [[nodiscard]] std::vector<std::string> data_of(const std::string& bytes) const {
    std::vector<std::string> names;
    for (const fs::path& file : onnx_data_files(folder_.write("net.onnx", bytes))) {
      names.push_back(file.lexically_relative(folder_.path()).generic_string());
    }
    return names;
  }
  testing::TempFolder folder_;
};

TEST_F(ModelFiles, ExternalDataIsFoundInGraphsAndTheGraphsOfNodes) {
  using Names = std::vector<std::string>;
  EXPECT_EQ(data_of(onnx({})), Names{});
  EXPECT_EQ(data_of(onnx({"net.onnx.data"})), Names{"net.onnx.data"});
  EXPECT_EQ(data_of(onnx({"b.bin", "sub/a.bin", "b.bin"}, {"c.bin"})),
            (Names{"b.bin", "c.bin", "sub/a.bin"}));
  // A function's node with a tensor of its own.
  const std::string function =
      proto_bytes(25, proto_bytes(7, proto_bytes(5, proto_bytes(5, external("f.bin")))));
  EXPECT_EQ(data_of(onnx({}) + function), Names{"f.bin"});
}

TEST_F(ModelFiles, DataOutsideTheModelsFolderIsRefused) {
  for (const char* location : {"../w.bin", "/etc/passwd", "a/../../w.bin", ""}) {
    EXPECT_TRIAGE_ERROR(data_of(onnx({location})), kIo, "net.onnx: keeps weights in ", "in its own folder");
  }
}

TEST_F(ModelFiles, WhatIsNoOnnxModelIsSaidToBeNone) {
  EXPECT_TRIAGE_ERROR(data_of("not a model"), kModel, "net.onnx: is no ONNX model");
  EXPECT_TRIAGE_ERROR(data_of(proto_bytes(2, "no graph")), kModel, "is no ONNX model");
  const std::string whole = onnx({"net.onnx.data"}, {"c.bin"});
  for (std::size_t n = 0; n < whole.size(); ++n) {
    EXPECT_TRIAGE_ERROR(data_of(whole.substr(0, n)), kModel, "is no ONNX model");
  }
}

TEST_F(ModelFiles, GraphsWithoutEndAreRefused) {
  std::string graph;
  for (int depth = 0; depth < 40; ++depth) graph = proto_bytes(1, proto_bytes(5, proto_bytes(6, graph)));
  EXPECT_TRIAGE_ERROR(data_of(proto_bytes(7, graph)), kModel, "is no ONNX model");
}

TEST_F(ModelFiles, TheChecksumCoversExternalData) {
  const fs::path plain = folder_.write("plain.onnx", onnx({}));
  EXPECT_EQ(model_checksum(plain), sha256_file(plain));
  const fs::path model = folder_.write("net.ONNX", onnx({"net.data", "sub/more.data"}));
  EXPECT_TRIAGE_ERROR(model_checksum(model), kIo, "net.data");
  folder_.write("net.data", "weights");
  folder_.write("sub/more.data", "more");
  const std::string before = model_checksum(model);
  EXPECT_NE(before, sha256_file(model));
  EXPECT_EQ(model_bytes(model), fs::file_size(model) + 11);
  folder_.write("sub/more.data", "mose");
  EXPECT_NE(model_checksum(model), before);
}

TEST_F(ModelFiles, AChecksumOfTheGraphAloneIsToldFromADamagedFile) {
  const fs::path model = folder_.write("net.onnx", onnx({"net.data"}));
  folder_.write("net.data", "weights");
  Zoo zoo;
  zoo.folder = folder_.path();
  ModelSpec spec;
  spec.name = "net";
  spec.files = {{"net.onnx", sha256_file(model)}};
  EXPECT_TRIAGE_ERROR(verify_files(zoo, spec), kManifest, "of this file alone", model_checksum(model));
  spec.files[0].sha256 = model_checksum(model);
  EXPECT_NO_THROW(verify_files(zoo, spec));
  folder_.write("net.data", "WEIGHTS");
  EXPECT_TRIAGE_ERROR(verify_files(zoo, spec), kManifest, "sha256 is ", "restore the file");
}

TEST_F(ModelFiles, WhatStandsInTheirPlaceIsNamed) {
  for (const char* name : {"a.onnx", "a.tflite", "a.xml"}) {
    const auto check = [&](std::string_view content, std::string_view what) {
      EXPECT_TRIAGE_ERROR(model_checksum(folder_.write(name, content)), kModel,
                          std::string(name) + ": " + std::string(what));
    };
    check("", "is empty");
    check("version https://git-lfs.github.com/spec/v1\noid sha256:abc\nsize 9\n", "is a Git LFS pointer");
    check("\n<!DOCTYPE html>\n<html><body>404</body></html>", "is a web page");
    check("<?xml version=\"1.0\"?><!DOCTYPE html PUBLIC><HTML>", "is a web page");
  }
  EXPECT_NO_THROW(
      (void)model_checksum(folder_.write("b.xml", "<?xml version=\"1.0\"?><net name=\"x\"></net>")));
}

TEST_F(ModelFiles, AFolderIsNamedAsOne) {
  fs::create_directories(folder_.path() / "saved.onnx");
  EXPECT_TRIAGE_ERROR(model_checksum(folder_.path() / "saved.onnx"), kModel, "saved.onnx: is a folder");
}

TEST_F(ModelFiles, WhatIsOfAnotherFormatThanItsExtensionSaysIsRefused) {
  const auto check = [&](const char* name, std::string_view content, std::string_view what) {
    const fs::path file = folder_.write(name, content);
    if (what.empty()) {
      EXPECT_NO_THROW(refuse_other_format(file)) << name;
    } else {
      EXPECT_TRIAGE_ERROR(refuse_other_format(file), kModel,
                          std::string(name) + ": is no " + std::string(what));
    }
  };
  const std::string flat = std::string("\x1c\0\0\0TFL3", 8) + std::string(20, '\0');
  const std::string ir = "<?xml version=\"1.0\"?>\n<!-- a comment -->\n<net name=\"x\" version=\"11\"></net>";
  check("a.tflite", flat, "");
  check("a.TFLITE", onnx({}), "TensorFlow Lite model");
  check("a.tflite", "short", "TensorFlow Lite model");
  check("a.xml", ir, "");
  check("a.xml", "<?xml version=\"1.0\"?><annotation></annotation>", "OpenVINO IR model");
  check("a.xml", flat, "OpenVINO IR model");
  check("a.onnx", onnx({}), "");
  check("a.onnx", flat, "ONNX model");
  check("a.fake", "anything", "");
}

}  // namespace
}  // namespace triage
