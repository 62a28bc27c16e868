#include "cli/flags.h"

#include <gtest/gtest.h>

namespace triage::cli {
namespace {

class Flags : public ::testing::Test {
 protected:
  Flags() {
    app_.add_subcommand("train")->add_option("--max-models,-m", number_);
    CLI::App* zoo = app_.add_subcommand("zoo");
    zoo->add_subcommand("add")->add_option("--names", text_);
    app_.add_subcommand("classify")->add_option("--price", number_);
  }
  std::string shown(std::string_view message) { return with_flags(message, app_); }

  CLI::App app_{"", "triage"};
  int number_ = 0;
  std::string text_;
};

TEST_F(Flags, StandForFieldsWithAnUnderscore) {
  EXPECT_EQ(shown("max_models: 9, expected at most 8"), "--max-models: 9, expected at most 8");
  EXPECT_EQ(shown("use max_models."), "use --max-models.");
  EXPECT_EQ(shown("use max_models. Or not"), "use --max-models. Or not");
  EXPECT_EQ(shown("(max_models)"), "(--max-models)");
}

TEST_F(Flags, StandForFieldsInBackticks) {
  EXPECT_EQ(shown("`price`: -1, expected 0 or more"), "--price: -1, expected 0 or more");
  EXPECT_EQ(shown("pass `names` FILE"), "pass --names FILE");
  EXPECT_EQ(shown("`max_models`"), "--max-models");
}

TEST_F(Flags, StandForWhatIsCalledOtherwise) {
  EXPECT_EQ(shown("or use label_by_model"), "or use --labels from:MODEL");
  EXPECT_EQ(shown("state the classes in label_names"), "state the classes in --names");
}

TEST_F(Flags, LeaveOrdinaryWordsAlone) {
  for (const std::string text :
       {"the price of names", "max models", "spent_ms: -1, expected 0 or more", "`cost` energy",
        "a lone ` and `", "``", "", "`price", "Max_models", "xmax_models", "max_models_2"}) {
    EXPECT_EQ(shown(text), text);
  }
}

TEST_F(Flags, LeaveQuotesAndPathsAlone) {
  for (const std::string text :
       {"model 'max_models': unknown", "data/max_models: is missing", "max_models/zoo.json: is missing",
        "max_models.profile: is missing", "x.max_models", "a-max_models", "max_models-2",
        "'triage train --max-models'"}) {
    EXPECT_EQ(shown(text), text);
  }
}

}  // namespace
}  // namespace triage::cli
