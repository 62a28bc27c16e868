// `--cost`: time, energy and sums of both, as a user asks for them, on a profile with measured energy.
#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "base/files.h"
#include "cli/run_cli.h"
#include "support/fake_zoo.h"
#include "triage/engine.h"
#include "triage/policy.h"
#include "triage/tools/dataset.h"
#include "triage/tools/energy.h"
#include "triage/tools/profile.h"

namespace triage::testing {
namespace {

// Twelve watts while the fake clock runs.
class TwelveWatts final : public EnergyMeter {
 public:
  explicit TwelveWatts(FakeClock& clock) : clock_(&clock) {}
  [[nodiscard]] std::string description() const override { return "twelve watts"; }
  void begin() override { start_ = clock_->now_ns(); }
  [[nodiscard]] EnergyReading end() override {
    EnergyReading reading;
    reading.seconds = static_cast<double>(clock_->now_ns() - start_) * 1e-9;
    reading.joules = idle_done_ ? 12 * reading.seconds : 0;
    idle_done_ = true;
    return reading;
  }

 private:
  FakeClock* clock_;
  std::int64_t start_ = 0;
  bool idle_done_ = false;
};

class CostOption : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    folder_ = new TempFolder;
    const auto zoo =
        load_zoo(write_fake_zoo(folder_->path() / "zoo", {{.name = "small", .accuracy = 0.7, .ms = 1},
                                                          {.name = "large", .accuracy = 0.95, .ms = 20}}));
    const auto data = write_fake_data(folder_->path() / "data", 120);
    FakeClock clock;
    TwelveWatts meter(clock);
    EngineOptions engine;
    engine.clock = unowned(clock);
    EngineSet engines(engine);
    ProfileOptions options;
    options.clock = unowned(clock);
    options.energy.meter = &meter;
    options.energy.block = {.seconds = 0.5, .max_runs = 500};
    options.energy.wait = [&](double seconds) { clock.pass_ns(std::llround(seconds * 1e9)); };
    measure_profile(zoo, engines,
                    *open_dataset({.data = {data.images}, .labels = {data.labels}, .range = {}}), options,
                    profile());
  }
  static void TearDownTestSuite() { delete folder_; }

  static std::string profile() { return (folder_->path() / "fake.profile").string(); }
  static std::string out() { return (folder_->path() / "out.triage").string(); }
  static CliRun train(const std::string& kind, const std::string& cost) {
    return run_cli({"train", profile(), "-o", out(), "--policy", kind, "--cost", cost});
  }
  // What is written and what is said.
  static std::string trained(const std::string& kind, const std::string& cost) {
    const CliRun run = train(kind, cost);
    EXPECT_EQ(run.exit_code, 0) << run.err;
    const auto bytes = read_file(out(), 1 << 24);
    return run.out + std::string(bytes.begin(), bytes.end());
  }

 private:
  static TempFolder* folder_;
};
TempFolder* CostOption::folder_ = nullptr;

TEST_F(CostOption, ASumOfOneIsThatOneToTheByte) {
  for (const std::string kind : {"auto", "adaptive", "cascade", "premodel"}) {
    EXPECT_TRUE(trained(kind, "1 ms") == trained(kind, "time")) << kind;
    EXPECT_TRUE(trained(kind, "j") == trained(kind, "energy")) << kind;
    EXPECT_FALSE(trained(kind, "ms + 40 j") == trained(kind, "time")) << kind;
  }
}

TEST_F(CostOption, ReportsSayTheUnit) {
  const CliRun adaptive = train("adaptive", "ms+40j");
  EXPECT_EQ(adaptive.exit_code, 0) << adaptive.err;
  EXPECT_EQ(load_policy(out())->price_unit(), (CostWeights{1, 40}));
  EXPECT_TRUE(matches(adaptive.out,
                      "(.|\n)*price per \\(ms \\+ 40 j\\)  score %  ms \\+ 40 j  order\n"
                      "(.|\n)*least ms \\+ 40 j at the score of large(.|\n)*"
                      "expected ms \\+ 40 j(.|\n)*"));
  const CliRun cascade = train("cascade", "energy");
  EXPECT_TRUE(matches(cascade.out, "(.|\n)*least energy at a score(.|\n)*J in training(.|\n)*"));
  const CliRun chosen = train("auto", "0.5 j + ms");
  EXPECT_TRUE(matches(chosen.out, "(.|\n)*times its ms \\+ 0.5 j(.|\n)*"));
}

// 12 W: 12 mJ a millisecond, so that 1000 j weigh twelve times as much as the time.
TEST_F(CostOption, ExpectedCostsAreOfTheSum) {
  (void)train("adaptive", "time");
  const double ms = load_policy(out())->price_settings().back().cost;
  (void)train("adaptive", "ms + 1000 j");
  EXPECT_NEAR(load_policy(out())->price_settings().back().cost / ms, 13, 0.2);
}

TEST_F(CostOption, EvaluateTakesItToo) {
  const CliRun run =
      run_cli({"evaluate", profile(), "--cv", "3", "--bootstrap", "0", "--cost", "40 J + ms", "--json"});
  EXPECT_EQ(run.exit_code, 0) << run.err;
  const auto document = nlohmann::json::parse(run.out);
  EXPECT_NE(document["command"].get<std::string>().find(" --cost 'ms + 40 j'"), std::string::npos)
      << document["command"];
}

TEST_F(CostOption, SaysWhatIsWrongWithIt) {
  const CliRun unit = train("adaptive", "ms + 40 eur");
  EXPECT_EQ(unit.exit_code, 2);
  EXPECT_EQ(unit.err, "triage: cost: 'ms + 40 eur', expected ms or j at 'eur'\n");
  EXPECT_EQ(train("adaptive", "ms - 40 j").err,
            "triage: cost: 'ms - 40 j', expected '+' or the end at '- 40 j'\n");
}

}  // namespace
}  // namespace triage::testing
