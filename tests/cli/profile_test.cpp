// triage profile and triage merge as a user runs them: kill -9, Ctrl-C, two at once, bad arguments.
#include "triage/tools/profile.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <nlohmann/json.hpp>
#include <regex>
#include <thread>

#include "base/files.h"
#include "cli/run_cli.h"
#include "profile/profile_fixture.h"
#include "support/fake_sysfs.h"

namespace triage {
namespace {

using testing::CliRun;
using testing::expect_same_content;
using testing::matches;
using testing::read_records;
using testing::run_cli;

// Long enough that a kill meets it at work.
constexpr std::size_t kInputs = 3000;

struct ProfileCommand : ::testing::Test {
  testing::TempFolder folder;
  std::filesystem::path zoo = testing::write_fake_zoo(
      folder.path() / "zoo",
      {{.name = "small", .accuracy = 0.6}, {.name = "large", .accuracy = 0.9, .ms = 0.3}});
  testing::FakeData data = testing::write_fake_data(folder.path() / "data", kInputs);
  std::string out = (folder.path() / "out.profile").string();

  [[nodiscard]] std::vector<std::string> command(const std::vector<std::string>& more = {}) const {
    std::vector<std::string> arguments = {
        "profile",    "--zoo",    zoo.string(), "--data", data.images.string(),
        "--features", "contrast", "-o",         out,      "--no-cache"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return arguments;
  }
  // Starts it without waiting.
  [[nodiscard]] pid_t start() const {
    std::vector<std::string> arguments = command();
    std::vector<char*> argv{const_cast<char*>(TRIAGE_BINARY)};
    for (std::string& argument : arguments) argv.push_back(argument.data());
    argv.push_back(nullptr);
    const std::string log = (folder.path() / "log").string();
    const pid_t child = ::fork();
    if (child == 0) {
      const int fd = ::open(log.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
      ::dup2(fd, 1);
      ::dup2(fd, 2);
      ::setenv("TRIAGE_SYSFS_ROOT", "/nonexistent", 0);
      ::execv(TRIAGE_BINARY, argv.data());
      ::_exit(127);
    }
    return child;
  }
  static int wait_for(pid_t child) {
    int status = 0;
    EXPECT_EQ(::waitpid(child, &status, 0), child);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  }
  // Committed inputs; 0 before there are any.
  [[nodiscard]] std::int64_t n_done() const {
    return std::filesystem::exists(out) ? ProfileReader(out).n_done() : 0;
  }
  void wait_until_it_works(pid_t child) const {
    while (!std::filesystem::exists(out) && ::waitpid(child, nullptr, WNOHANG) == 0) {
      std::this_thread::sleep_for(std::chrono::milliseconds(2));
    }
  }
};

TEST_F(ProfileCommand, PrintsATable) {
  const CliRun run = run_cli(command({"--limit", "50", "--sysfs-root", folder.path().string()}));
  EXPECT_EQ(run.exit_code, 0) << run.err;
  EXPECT_TRUE(
      matches(run.out,
              "model +top-1 +top-5 +mean ms +\\+-95 % +p50 +p90 +p99 +joules a run\n"
              "small +0\\.[0-9]{4} .* not measured\n"
              "large +0\\.[0-9]{4} .* not measured\n"
              "machine .* cores, .*\n"
              "timing cheap: each model timed once on each input, after a run that warmed its caches\n"
              "energy not measured: no .*/class/powercap and no .*\n"
              ".*out\\.profile: 50 inputs, 0 failed, [0-9.]+ kB\n"
              "this run took .*, [0-9]+ % of it inside the networks\n"
              "([0-9]+ runs were timed again, as the process stood still meanwhile .*\n)?"));
}

TEST_F(ProfileCommand, LabelsFromAModelAreMarkedAsSuch) {
  std::filesystem::remove(data.labels);
  const std::vector<std::string> from = {"--limit", "50", "--labels", "from:large"};
  const CliRun run = run_cli(command(from));
  EXPECT_EQ(run.exit_code, 0) << run.err;
  EXPECT_TRUE(
      matches(run.out,
              "model +agreement +top-5 agreement +mean ms (.|\n)*"
              "small +0\\.[0-9]{4} (.|\n)*"
              "large +1\\.0000 +1\\.0000 (.|\n)*"
              "Labels are the answers of large: scores are agreement with it, not accuracy, and its own "
              "is 100 % by construction\\.\n"
              ".*out\\.profile: 50 inputs, 0 failed, .*\n(.|\n)*"));
  const CliRun none = run_cli(command({"--limit", "50"}));
  EXPECT_EQ(none.exit_code, 3);
  EXPECT_NE(none.err.find("no labels, expected a file"), std::string::npos) << none.err;
  const CliRun other = run_cli(command({"--limit", "50", "--labels", "from:small"}));
  EXPECT_EQ(other.exit_code, 3);
  EXPECT_NE(other.err.find("labels from model 'large', expected from model 'small'"), std::string::npos)
      << other.err;
  std::vector<std::string> more = from;
  more.emplace_back("--json");
  const nlohmann::json json = nlohmann::json::parse(run_cli(command(more)).out);
  EXPECT_EQ(json.at("labels_from"), "large");
  EXPECT_EQ(json.at("resumed"), 50);
  EXPECT_EQ(json.at("models").at(1).at("top1_rate"), 1.0);
}

TEST_F(ProfileCommand, PrintsOneJsonDocument) {
  const CliRun run = run_cli(command({"--limit", "50", "--json"}));
  ASSERT_EQ(run.exit_code, 0) << run.err;
  const nlohmann::json json = nlohmann::json::parse(run.out);
  EXPECT_EQ(json.at("inputs"), 50);
  EXPECT_TRUE(json.at("labels_from").is_null());
  EXPECT_EQ(json.at("failed").size(), 0U);
  ASSERT_EQ(json.at("models").size(), 2U);
  EXPECT_EQ(json["models"][1]["name"], "large");
  EXPECT_EQ(json["models"][1]["time"]["n"], 50);
  EXPECT_GE(json["models"][1]["time"]["mean_ms"], 0.3);
  EXPECT_GT(json.at("network_share"), 0.0);
}

TEST_F(ProfileCommand, ShardsMergeToTheWhole) {
  ASSERT_EQ(run_cli(command({"--limit", "50"})).exit_code, 0);
  const std::string whole = out;
  std::vector<std::string> merge = {"merge", "-o", (folder.path() / "merged").string()};
  for (const char* shard : {"0/2", "1/2"}) {
    out = (folder.path() / (std::string("shard") + shard[0])).string();
    ASSERT_EQ(run_cli(command({"--limit", "50", "--shard", shard})).exit_code, 0);
    merge.push_back(out);
  }
  const CliRun run = run_cli(merge);
  EXPECT_EQ(run.exit_code, 0) << run.err;
  EXPECT_TRUE(matches(run.out, ".*merged: 50 inputs of 2 profiles, 0 failed, .*\ntimed on .* cores, .*\n"));
  expect_same_content(read_records(whole), read_records(folder.path() / "merged"));
  EXPECT_EQ(run_cli(merge).exit_code, 2);  // it exists now
}

TEST_F(ProfileCommand, ShardsOfTwoMachinesAreRefusedWithTheWaysOut) {
  const std::string merged = (folder.path() / "merged").string();
  std::vector<std::string> merge = {"merge", "-o", merged};
  const std::string policy = (folder.path() / "p.triage").string();
  std::vector<std::string> train = {"train", "--policy", "cascade", "-o", policy};
  std::vector<std::string> evaluate = {"evaluate"};
  for (const char* shard : {"0/2", "1/2"}) {
    out = (folder.path() / (std::string("shard") + shard[0])).string();
    ASSERT_EQ(run_cli(command({"--limit", "60", "--shard", shard})).exit_code, 0);
    merge.push_back(out);
    train.push_back(out);
    evaluate.push_back(out);
  }
  Database(out, Database::Mode::kWrite).exec("UPDATE machine SET description = 'a board'");
  for (const std::vector<std::string>& refused : {merge, train, evaluate}) {
    const CliRun run = run_cli(refused);
    EXPECT_EQ(run.exit_code, 3);
    for (const char* part : {"shard1: was timed on 'a board'", "shard0", "--times", "--machines apart"}) {
      EXPECT_NE(run.err.find(part), std::string::npos) << run.err;
    }
  }
  std::vector<std::string> apart = merge;
  apart.insert(apart.end(), {"--machines", "apart"});
  const CliRun joined = run_cli(apart);
  ASSERT_EQ(joined.exit_code, 0) << joined.err;
  EXPECT_NE(joined.out.find("\ntimed on a board\n"), std::string::npos) << joined.out;
  EXPECT_NE(joined.out.find("times are kept as they are"), std::string::npos);
  const CliRun trained = run_cli({"train", "--policy", "cascade", "-o", policy, merged});
  ASSERT_EQ(trained.exit_code, 0) << trained.err;
  EXPECT_TRUE(std::regex_search(trained.out, std::regex("\n  timed on .* \\| a board\n"))) << trained.out;
  apart.insert(apart.end(), {"--times", out});
  EXPECT_EQ(run_cli(apart).exit_code, 2);
  apart[apart.size() - 3] = "together";
  EXPECT_EQ(run_cli(apart).exit_code, 2);
}

TEST_F(ProfileCommand, ExhaustiveSaysSoAndCountsWhatIsCutOff) {
  const CliRun run = run_cli(command(
      {"--limit", "5", "--exhaustive", "--bound", "10", "--min-runs", "2", "--max-runs", "4", "--json"}));
  ASSERT_EQ(run.exit_code, 0) << run.err;
  const nlohmann::json json = nlohmann::json::parse(run.out);
  EXPECT_EQ(json.at("timing").at("mode"), "exhaustive");
  EXPECT_EQ(json.at("timing").at("bound"), 0.1);
  EXPECT_EQ(json.at("timing").at("max_runs"), 4);
  EXPECT_EQ(json.at("timing").at("cells"), 5 * 4);
  EXPECT_LE(json.at("timing").at("capped"), 5 * 4);
}

TEST_F(ProfileCommand, VariantsAreOfThisMachineUnlessSaid) {
  const std::string out_file = (folder.path() / "variants.json").string();
  const auto variants = [&](std::vector<std::string> more) {
    more.insert(more.begin(), {"zoo", "variants", zoo.string(), "-o", out_file});
    return run_cli(more);
  };
  const CliRun device = variants({"--devices", "CPU,TPU"});
  EXPECT_EQ(device.exit_code, 2);
  EXPECT_TRUE(
      matches(device.err, "triage: --devices: this machine has no TPU, expected of CPU.*--elsewhere .*\n"))
      << device.err;
  const CliRun threads = variants({"--threads", "1,1024"});
  EXPECT_EQ(threads.exit_code, 2);
  EXPECT_TRUE(matches(threads.err, "triage: --threads: 1024, expected at most [0-9]+, the processors .*\n"))
      << threads.err;
  const CliRun precision = variants({"--devices", "NPU,CPU", "--precisions", "f32,bf16"});
  EXPECT_EQ(precision.exit_code, 2);
  EXPECT_EQ(
      precision.err,
      "triage: --precisions: CPU of this machine does not run bf16, expected of f32; --elsewhere writes a "
      "manifest for another machine\n");
  EXPECT_EQ(variants({"--precisions", "half"}).err,
            "triage: precision 'half': not known, expected one of f32, auto, bf16, f16, i8\n");
  EXPECT_TRUE(variants({"--precisions", "i8"})
                  .err.starts_with("triage: precisions: i8, which runs a network as f32"));
  EXPECT_FALSE(std::filesystem::exists(out_file));
  EXPECT_EQ(
      variants({"--devices", "CPU,TPU", "--threads", "1,1024", "--precisions", "f16,auto", "--elsewhere"})
          .exit_code,
      0);
  EXPECT_EQ(load_zoo(out_file).models[0].name, "small@CPUx1-f16");
}

TEST_F(ProfileCommand, SaysWhatRanInAnotherPrecision) {
  zoo = testing::write_fake_zoo(folder.path() / "precise",
                                {{.name = "small"}, {.name = "large", .devices = {{"NPU", 1}}}});
  Zoo precise = load_zoo(zoo);
  precise.models[1].device = "NPU";
  precise.models[1].precision = Precision::kAuto;
  save_zoo(precise, zoo);
  const CliRun list = run_cli({"zoo", "list", zoo.string(), "--json"});
  const nlohmann::json listed = nlohmann::json::parse(list.out).at("models");
  EXPECT_EQ(listed[0].at("precision"), "f32");
  EXPECT_EQ(listed[1].at("precision"), "auto");
  EXPECT_TRUE(listed[1].at("fingerprint").is_null());
  EXPECT_TRUE(std::regex_search(run_cli({"zoo", "list", zoo.string()}).out, std::regex("NPU x1 +auto")));
  const CliRun verify = run_cli({"zoo", "verify", zoo.string(), "--json"});
  EXPECT_EQ(nlohmann::json::parse(verify.out).at("models")[1].at("precision"), "bf16") << verify.err;
  const CliRun run = run_cli(command({"--limit", "20", "--labels", data.labels.string(), "--energy", "off"}));
  EXPECT_EQ(run.exit_code, 0) << run.err;
  EXPECT_NE(run.out.find("\nprecision bf16: large\n"), std::string::npos) << run.out;
  const std::string policy = (folder.path() / "large.triage").string();
  ASSERT_EQ(run_cli({"train", out, "--policy", "single:large", "-o", policy}).exit_code, 0);
  const std::vector<std::string> classify = {"classify", "--policy",   policy,
                                             "--zoo",    zoo.string(), "--range",
                                             "0:1",      "--explain",  data.images.string()};
  EXPECT_NE(run_cli(classify).out.find("  look      large in bf16: "), std::string::npos)
      << run_cli(classify).err;
  precise.models[1].device = "CPU";
  save_zoo(precise, zoo);
  const CliRun elsewhere = run_cli(classify);
  EXPECT_NE(elsewhere.exit_code, 0);
  EXPECT_NE(elsewhere.err.find("model 'large' runs in f32 here, expected bf16"), std::string::npos)
      << elsewhere.err;
}

// On a board without labels; its times over scores made elsewhere, with one network run in two ways.
TEST_F(ProfileCommand, TimesOfABoardOverScores) {
  ASSERT_EQ(run_cli(command({"--limit", "40"})).exit_code, 0);
  const std::string scores = out;
  const std::string variants = (folder.path() / "elsewhere" / "variants.json").string();
  std::filesystem::create_directories(folder.path() / "elsewhere");
  const CliRun devices = run_cli({"zoo", "variants", zoo.string(), "--threads", "1,2", "-o", variants});
  ASSERT_EQ(devices.exit_code, 0) << devices.err;
  EXPECT_TRUE(matches(devices.out, ".*variants.json: 4 models of 2 in .*\n"));
  std::filesystem::remove(data.labels);
  out = (folder.path() / "board.profile").string();
  const std::vector<std::string> on_board = {
      "profile",    "--zoo",    variants,   "--data", data.images.string(),
      "--features", "contrast", "--limit",  "10",     "--times-only",
      "-o",         out,        "--energy", "off"};
  const CliRun board = run_cli(on_board);
  ASSERT_EQ(board.exit_code, 0) << board.err;
  EXPECT_TRUE(std::regex_search(board.out, std::regex("\nsmall@CPUx2 +- +- "))) << board.out;
  EXPECT_NE(board.out.find("energy not measured: switched off with --energy off\n"), std::string::npos);
  const std::string merged = (folder.path() / "merged.profile").string();
  const CliRun run = run_cli({"merge", "--times", out, scores, "-o", merged});
  ASSERT_EQ(run.exit_code, 0) << run.err;
  EXPECT_TRUE(
      matches(run.out, ".*merged.profile: 40 inputs, 0 failed; 10 with their own times of .*, 30 with .*\n"));
  const std::vector<std::filesystem::path> paths = {merged};
  const Table table = load_table(paths);
  EXPECT_EQ(table.models[3].name, "large@CPUx2");
  EXPECT_EQ(table.models[3].threads, 2);
  EXPECT_EQ(run_cli({"train", out, "--policy", "cascade", "-o", merged + ".triage"}).exit_code, 3);
  EXPECT_EQ(run_cli({"merge", "--times", out, scores, scores, "-o", merged + "2"}).exit_code, 2);
  EXPECT_EQ(run_cli({"zoo", "variants", zoo.string(), "-o", variants}).exit_code, 2);  // it exists now
  std::vector<std::string> one_way = on_board;
  one_way.insert(one_way.end(), {"--threads", "1"});
  const CliRun same = run_cli(one_way);
  EXPECT_EQ(same.exit_code, 2);
  EXPECT_NE(same.err.find("'small@CPUx1' and 'small@CPUx2' are one network"), std::string::npos) << same.err;
}

TEST_F(ProfileCommand, MetersAreFoundBelowTheGivenRoot) {
  const testing::FakeSysfs sysfs;
  sysfs.zone("intel-rapl:0", "package-0", 5'000'000);
  const std::vector<std::string> metered = {
      "--limit",        "5",    "--energy",        "require", "--sysfs-root", sysfs.root().string(),
      "--idle-seconds", "0.01", "--block-seconds", "0.001"};
  const CliRun run = run_cli(command(metered));
  ASSERT_EQ(run.exit_code, 0) << run.err;
  // The counter stands still, so everything took 0 J.
  EXPECT_TRUE(std::regex_search(run.out, std::regex("\nlarge .* 0\n"))) << run.out;
  EXPECT_NE(run.out.find("energy measured: package-0; idle 0 W deducted\n"), std::string::npos) << run.out;
  const CliRun info = run_cli({"info", "--sysfs-root", sysfs.root().string()});
  EXPECT_TRUE(
      std::regex_search(info.out, std::regex("meter +package-0, readable\nenergy +measured: package-0\n")))
      << info.out;
}

TEST_F(ProfileCommand, AMeterThatIsRequiredMustBeThere) {
  const CliRun run = run_cli(command({"--energy", "require", "--sysfs-root", folder.path().string()}));
  EXPECT_EQ(run.exit_code, 2);
  EXPECT_NE(run.err.find("--energy require: not measured: no "), std::string::npos) << run.err;
  EXPECT_FALSE(std::filesystem::exists(out));
}

TEST_F(ProfileCommand, BadPicturesAreListed) {
  const std::filesystem::path pictures = folder.path() / "pictures" / "class 3";
  for (int i = 0; i < 9; ++i) {
    const auto file = pictures / ("p" + std::to_string(i) + ".pgm");
    testing::write_pnm(file, testing::fake_image(0, static_cast<std::uint64_t>(i)));
    if (i >= 2) write_text_atomic(file, "P5\n28 28\n255\nshort");
  }
  const CliRun run =
      run_cli({"profile", "--zoo", zoo.string(), "--data", pictures.parent_path().string(), "-o", out});
  EXPECT_EQ(run.exit_code, 1);
  EXPECT_NE(run.out.find("9 inputs, 7 failed"), std::string::npos) << run.out;
  EXPECT_NE(run.err.find("p2.pgm"), std::string::npos) << run.err;
  EXPECT_NE(run.err.find("triage: 2 more inputs failed"), std::string::npos) << run.err;
}

TEST_F(ProfileCommand, SurvivesKill9AtThreeRandomMoments) {
  const std::string undisturbed = out;
  ASSERT_EQ(run_cli(command()).exit_code, 0);
  out = (folder.path() / "killed.profile").string();
  Random random(20181104);
  int killed = 0;
  for (int kill = 0; kill < 3; ++kill) {
    const std::int64_t before = n_done();
    const pid_t child = start();
    wait_until_it_works(child);
    // Across the first commits: some kills meet an open transaction before, some after one.
    std::this_thread::sleep_for(std::chrono::milliseconds(100 + random.below(1200)));
    ::kill(child, SIGKILL);
    killed += wait_for(child) == 128 + SIGKILL ? 1 : 0;
    EXPECT_GE(n_done(), before);  // nothing committed is lost
  }
  EXPECT_GE(killed, 1);
  const CliRun run = run_cli(command());
  EXPECT_EQ(run.exit_code, 0) << run.err;
  expect_same_content(read_records(undisturbed), read_records(out));
  for (const auto& entry : std::filesystem::directory_iterator(folder.path())) {
    EXPECT_EQ(entry.path().string().find("killed.profile-"), std::string::npos) << entry.path();
  }
}

TEST_F(ProfileCommand, CtrlCKeepsWhatIsDone) {
  const pid_t child = start();
  wait_until_it_works(child);
  std::this_thread::sleep_for(std::chrono::milliseconds(200));
  ::kill(child, SIGINT);
  EXPECT_EQ(wait_for(child), 130);
  const std::string log = read_text(folder.path() / "log");
  EXPECT_NE(log.find("run the same command again to go on"), std::string::npos) << log;
  const std::int64_t done = n_done();
  EXPECT_LT(done, static_cast<std::int64_t>(kInputs));
  const CliRun run = run_cli(command({"--json"}));
  EXPECT_EQ(run.exit_code, 0) << run.err;
  EXPECT_EQ(nlohmann::json::parse(run.out).at("resumed"), done);
}

TEST_F(ProfileCommand, ASecondWriterIsToldAtOnce) {
  const pid_t child = start();
  wait_until_it_works(child);
  const CliRun second = run_cli(command());
  EXPECT_EQ(second.exit_code, 3);
  EXPECT_TRUE(matches(second.err, "triage: .*out\\.profile: another process is writing it, .*\n"));
  ::kill(child, SIGKILL);
  wait_for(child);
}

TEST_F(ProfileCommand, AnotherZooIsRefused) {
  ASSERT_EQ(run_cli(command({"--limit", "5"})).exit_code, 0);
  const CliRun run = run_cli(command({"--limit", "5", "--models", "large"}));
  EXPECT_EQ(run.exit_code, 3);
  EXPECT_NE(run.err.find("number of models 2, expected 1"), std::string::npos) << run.err;
  EXPECT_EQ(run_cli(command({"--limit", "6"})).exit_code, 3);
  EXPECT_EQ(run_cli(command({"--limit", "5", "--threads", "2"})).exit_code, 3);
  EXPECT_EQ(run_cli(command({"--limit", "5"})).exit_code, 0);
}

TEST_F(ProfileCommand, ArgumentsThatMakeNoSense) {
  const std::vector<std::pair<std::vector<std::string>, std::string>> cases = {
      {{"--shard", "4/4"}, "--shard: '4/4', expected i/n with i from 0 to n-1"},
      {{"--shard", "1"}, "--shard: '1', expected"},
      {{"--shard", "a/b"}, "--shard: 'a/b', expected"},
      {{"--range", "5"}, "--range: '5', expected a:b"},
      {{"--range", "x:9"}, "--range: 'x:9', expected a:b"},
      {{"--crop", "left"}, "left"},
      {{"--models", "small,tiny"}, "--models: 'tiny' is not in"},
      {{"--models", "small,small"}, "--models: 'small' is named twice"},
      {{"--features", "beauty"}, "beauty"},  // beside the command's own "contrast"
      {{"--working-size", "3"}, "3"},
      {{"--threads", "0"}, "--threads"},
      {{"--limit", "0"}, "--limit"},
      {{"--bound", "5"}, "given without --exhaustive"},
      {{"--exhaustive", "--min-runs", "20", "--max-runs", "10"}, "timing runs: 20 to 10"},
      {{"--energy", "maybe"}, "--energy"},
      {{"--max-pixels", "-1"}, "--max-pixels"},
      {{"--labels", "from:"}, "--labels: 'from:' without a name, expected from:MODEL"},
      {{"--labels", "from:huge"},
       "labels from 'huge': no such classifier among the models to profile, "
       "expected one of: small, large"},
      {{"--labels", "from:large", "--models", "small"}, "expected one of: small"},
      {{"--labels", "from:large", "--times-only"}, "labels from 'large': asked for with times alone"},
      {{"--labels", "a.csv", "--labels", "from:large"}, "--labels: from:large and other labels"},
  };
  for (const auto& [arguments, message] : cases) {
    const CliRun run = run_cli(command(arguments));
    EXPECT_EQ(run.exit_code, 2) << arguments[0];
    EXPECT_NE(run.err.find(message), std::string::npos) << run.err;
    EXPECT_FALSE(std::filesystem::exists(out));
  }
}

}  // namespace
}  // namespace triage
