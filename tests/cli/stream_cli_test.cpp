// classify --stream and reuse, on fake networks.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>
#include <vector>

#include "cli/run_cli.h"
#include "support/fake_zoo.h"
#include "triage/policy.h"
#include "triage/zoo.h"

namespace triage {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;

// Three sequences of six frames: three of one class, then three of the next.
struct StreamCli : ::testing::Test {
  testing::TempFolder dir;
  fs::path root = dir.path();

  static Image picture(int sequence, int i) {
    return testing::fake_image((sequence + i / 3) % 10, static_cast<unsigned>(sequence + 1));
  }
  StreamCli() {
    const Zoo zoo = load_zoo(testing::write_fake_zoo(
        root / "zoo", {{.name = "large", .ms = 0.01}, {.name = "noisy", .accuracy = 0.3, .ms = 0.01}}));
    for (std::size_t i = 0; i < 2; ++i) {
      PolicyInfo info;
      info.n_classes = 10;
      info.models.push_back({{zoo.models[i].name, zoo.models[i].fingerprint()}});
      save_policy(*make_single(info, 0), root / (i == 0 ? "zoo/p.triage" : "zoo/noisy.triage"));
    }
    std::string csv = "file,label\n";
    for (int s = 0; s < 3; ++s) {
      for (int i = 0; i < 6; ++i) {
        const std::string name = fmt::format("s{}/{}.pgm", s, i);
        fs::create_directories(root / fmt::format("frames/s{}", s));
        testing::write_pnm(root / "frames" / name, picture(s, i));
        csv += fmt::format("{},{}\n", name, (s + i / 3) % 10);
      }
    }
    dir.write("labels.csv", csv);
  }
  testing::CliRun run(std::vector<std::string> arguments, const std::string& input = "",
                      bool interrupt = false) const {
    return testing::run_cli(arguments, {.input = input, .folder = root, .interrupt = interrupt});
  }
  testing::CliRun stream(std::vector<std::string> arguments, const std::string& input = "") const {
    arguments.insert(arguments.begin(), {"classify", "--policy", "zoo/p.triage", "--stream"});
    return run(std::move(arguments), input);
  }
  static std::string raw(int sequence, int frames) {
    std::string bytes;
    for (int i = 0; i < frames; ++i) {
      const Image image = picture(sequence, i);
      bytes.append(image.pixels.begin(), image.pixels.end());
    }
    return bytes;
  }
  void refuses(const std::vector<std::string>& arguments, const std::string& part) const {
    const testing::CliRun found = stream(arguments);
    EXPECT_EQ(found.exit_code, 2) << found.out;
    EXPECT_NE(found.err.find(part), std::string::npos) << found.err;
  }
};

TEST_F(StreamCli, AFolderIsOneLineAFrame) {
  const testing::CliRun found = stream({"frames/s1", "--reuse-limit", "0.5"});
  EXPECT_EQ(found.exit_code, 0) << found.err;
  const std::string ms = "[0-9.e-]+ ms";
  const std::string again = "[0-9.]+ %, reused, age [12], difference 0\\.00, ";
  EXPECT_TRUE(testing::matches(
      found.out, "frames/s1/0\\.pgm: class 1 [0-9.]+ %, large, " + ms + "\n" +  //
                     "frames/s1/1\\.pgm: class 1 " + again + ms + "\n" +        //
                     "frames/s1/2\\.pgm: class 1 " + again + ms + "\n" +        //
                     "frames/s1/3\\.pgm: class 2 [0-9.]+ %, large, difference [0-9.]+, " + ms + "\n" +
                     "frames/s1/4\\.pgm: class 2 " + again + ms + "\n" +  //
                     "frames/s1/5\\.pgm: class 2 " + again + ms + "\n" +  //
                     "6 frames, 2 ran a network \\(33\\.3 %\\), " + ms + " each on average\n"));
}

TEST_F(StreamCli, WithoutALimitEveryFrameRuns) {
  const testing::CliRun found = stream({"frames/s1"});
  EXPECT_EQ(found.exit_code, 0) << found.err;
  EXPECT_NE(found.out.find("6 frames, 6 ran a network (100.0 %)"), std::string::npos) << found.out;
  EXPECT_NE(found.out.find("has learned no limit for that; see 'triage reuse'"), std::string::npos);
}

TEST_F(StreamCli, RawFramesOnStdinAsJsonLines) {
  const testing::CliRun found =
      stream({"-", "--raw", "28x28", "--pixels", "gray", "--reuse-limit", "1", "--max-age", "1", "--json"},
             raw(2, 3));
  EXPECT_EQ(found.exit_code, 0) << found.err;
  std::istringstream lines(found.out);
  std::vector<Json> documents;
  for (std::string line; std::getline(lines, line);) documents.push_back(Json::parse(line));
  ASSERT_EQ(documents.size(), 4U);
  EXPECT_EQ(documents[0]["input"], "frame 1");
  EXPECT_EQ(documents[0]["reused"], false);
  EXPECT_EQ(documents[0]["age"], 0);
  EXPECT_TRUE(documents[0]["difference"].is_null());
  EXPECT_EQ(documents[1]["reused"], true);
  EXPECT_EQ(documents[1]["age"], 1);
  EXPECT_EQ(documents[1]["difference"], 0.0);
  EXPECT_EQ(documents[1]["answer"][0]["class"], 2);
  EXPECT_TRUE(documents[1]["looks"].empty());
  EXPECT_EQ(documents[2]["reused"], false) << "too old";
  EXPECT_EQ(documents[3]["summary"]["frames"], 3);
  EXPECT_EQ(documents[3]["summary"]["ran"], 2);
  EXPECT_EQ(documents[3]["summary"]["reused"], 1);
  EXPECT_EQ(documents[3]["summary"]["failed"], 0);
}

TEST_F(StreamCli, ATruncatedFrameIsNamedAfterTheOthers) {
  const testing::CliRun found =
      stream({"-", "--raw", "28x28", "--pixels", "gray", "--json"}, raw(2, 2) + "rest");
  EXPECT_EQ(found.exit_code, 1);
  EXPECT_NE(found.err.find("frame 3: the stream ends after 4 bytes of it, expected 784"), std::string::npos)
      << found.err;
  EXPECT_NE(found.err.find("1 of 3 frames failed"), std::string::npos) << found.err;
  EXPECT_NE(found.out.find("{\"error\":\"frame 3: "), std::string::npos) << found.out;
  const auto jpeg = encode_jpeg(picture(0, 0), 95);
  const std::string bytes(jpeg.begin(), jpeg.end());
  const testing::CliRun mjpeg = stream({"-"}, bytes + bytes + bytes.substr(0, bytes.size() / 2));
  EXPECT_EQ(mjpeg.exit_code, 1);
  EXPECT_NE(mjpeg.err.find("frame 3: after "), std::string::npos) << mjpeg.err;
  EXPECT_NE(mjpeg.out.find("2 frames, 2 ran a network"), std::string::npos) << mjpeg.out;
}

TEST_F(StreamCli, BadArgumentsAreRefused) {
  refuses({"frames/s0", "frames/s1"}, "--stream: 2 inputs, expected one");
  refuses({"frames/s0/0.pgm"}, "--stream: 'frames/s0/0.pgm' is no folder");
  refuses({"frames/s0", "--raw", "28x28"}, "--raw: with 'frames/s0', expected - for stdin");
  for (const char* size : {"28", "28x", "x28", "0x28", "28x28x", "-1x5"}) {
    refuses({"-", std::string("--raw=") + size}, fmt::format("--raw: '{}', expected WIDTHxHEIGHT", size));
  }
  refuses({"-", "--pixels", "bgr"}, "--pixels requires --raw");
  refuses({"-", "--raw", "28x28", "--pixels", "yuv"}, "yuv");
  refuses({"frames/s0", "--reuse-limit", "300"}, "--reuse-limit: 300, expected 0 to 255");
  refuses({"frames/s0", "--reuse-limit", "3", "--max-age", "0"}, "--max-age: 0, expected 1 or more");
  refuses({"frames/s0", "--max-age", "5"}, "--max-age: the policy has learned no limit of reuse");
  refuses({"frames/s0", "--explain"}, "--explain");
  refuses({"frames/s0", "--threads", "2"}, "--threads");
  EXPECT_EQ(run({"classify", "--policy", "zoo/p.triage", "frames/s0", "--reuse-limit", "3"}).exit_code, 2);
  EXPECT_EQ(stream({"zoo"}).exit_code, 3) << "no pictures";
}

TEST_F(StreamCli, CtrlCEndsWithASummary) {
  const testing::CliRun found =
      run({"classify", "--policy", "zoo/p.triage", "--stream", "frames/s0", "--json"}, "", true);
  EXPECT_EQ(found.exit_code, 130) << found.err;
  EXPECT_NE(found.out.find("{\"summary\":{"), std::string::npos) << found.out;
}

TEST_F(StreamCli, ALimitIsLearnedAndUsed) {
  const testing::CliRun learned = run({"reuse", "frames", "--policy", "zoo/p.triage", "--labels",
                                       "labels.csv", "--max-age", "2", "-o", "zoo/q.triage"});
  EXPECT_EQ(learned.exit_code, 0) << learned.err;
  EXPECT_NE(learned.out.find("3 sequences, 18 frames; the policy is right on 100.00 % of them"),
            std::string::npos)
      << learned.out;
  EXPECT_NE(learned.out.find("33.3 % of the frames ran a network, loss +0.00 [+0.00, +0.00] points"),
            std::string::npos)
      << learned.out;
  EXPECT_NE(learned.out.find("zoo/q.triage written"), std::string::npos);
  const auto rule = load_policy(root / "zoo/q.triage")->info().reuse.value().rule;
  EXPECT_EQ(rule.max_age, 2);
  const testing::CliRun used = run({"classify", "--policy", "zoo/q.triage", "--stream", "frames/s2"});
  EXPECT_NE(used.out.find("6 frames, 2 ran a network"), std::string::npos) << used.out << used.err;
  const testing::CliRun off =
      run({"classify", "--policy", "zoo/q.triage", "--stream", "frames/s2", "--reuse-limit", "0"});
  EXPECT_NE(off.out.find("6 frames, 6 ran a network"), std::string::npos) << off.out << off.err;
  const testing::CliRun json = run({"reuse", "frames", "--policy", "zoo/p.triage", "--labels", "from:large",
                                    "-o", "zoo/r.triage", "--json"});
  const Json document = Json::parse(json.out);
  EXPECT_EQ(document["achieved"], true);
  EXPECT_EQ(document["labels_from"], "large");
  EXPECT_EQ(document["sequences"], 3);
  EXPECT_EQ(document["frames"], 18);
  EXPECT_GT(document["steps"].size(), 1U);
  EXPECT_EQ(document["limit"], load_policy(root / "zoo/r.triage")->info().reuse->rule.limit);
}

// Frames that hardly differ, and a network whose answer depends on every bit.
TEST_F(StreamCli, WhereNothingKeepsTheLossNothingIsWritten) {
  for (int s = 0; s < 3; ++s) {
    for (int i = 0; i < 6; ++i) {
      Image frame = testing::fake_image(1, 1);
      frame.pixels[0] = static_cast<std::uint8_t>(6 * s + i);
      testing::write_pnm(root / fmt::format("frames/s{}/{}.pgm", s, i), frame);
    }
  }
  dir.write("frames/s0/5.pgm", std::string_view("P5 no"));
  const std::vector<std::string> arguments{"reuse",    "frames",     "--policy", "zoo/noisy.triage",
                                           "--labels", "from:noisy", "-o",       "zoo/q.triage"};
  const testing::CliRun found = run(arguments);
  EXPECT_EQ(found.exit_code, 1) << found.err;
  EXPECT_NE(found.out.find("3 sequences, 17 frames (1 more could not be read)"), std::string::npos)
      << found.out;
  EXPECT_NE(found.out.find("No limit keeps the loss within 1.00 points for sure."), std::string::npos)
      << found.out;
  EXPECT_FALSE(fs::exists(root / "zoo/q.triage"));
}

TEST_F(StreamCli, ReuseRefusesWhatIsNoSequences) {
  const auto refused = [&](std::vector<std::string> more, int code, const std::string& part) {
    more.insert(more.begin(), "reuse");
    more.insert(more.end(), {"--policy", "zoo/p.triage", "-o", "zoo/q.triage"});
    const testing::CliRun found = run(more);
    EXPECT_EQ(found.exit_code, code) << found.out;
    EXPECT_NE(found.err.find(part), std::string::npos) << found.err;
    EXPECT_FALSE(fs::exists(root / "zoo/q.triage"));
  };
  refused({"frames/s0", "--labels", "from:large"}, 3, "sequences: 1, expected 3 or more");
  refused({"frames", "--labels", "from:huge"}, 2, "'huge', expected a model of zoo");
  refused({"frames", "--labels", "from:"}, 2, "expected from:MODEL");
  refused({"frames", "--labels", "labels.csv", "--max-loss", "2"}, 2, "--max-loss: 2, expected a share");
}

}  // namespace
}  // namespace triage
