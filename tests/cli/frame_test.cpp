// What every command shares: help, version, usage errors, exit codes, output that cannot be written.
#include <gtest/gtest.h>

#include "cli/run_cli.h"

namespace triage::testing {
namespace {

TEST(Frame, Version) {
  const CliRun run = run_cli({"--version"});
  EXPECT_EQ(run.exit_code, 0);
  EXPECT_TRUE(matches(run.out, "triage [0-9]+\\.[0-9]+\\.[0-9]+\n"));
  EXPECT_EQ(run.err, "");
}

TEST(Frame, HelpListsEveryCommand) {
  const CliRun run = run_cli({"--help"});
  EXPECT_EQ(run.exit_code, 0);
  for (const char* command : {"info", "zoo", "profile", "merge", "train", "evaluate", "classify", "time"}) {
    EXPECT_NE(run.out.find(command), std::string::npos) << command;
    EXPECT_EQ(run_cli({command, "--help"}).exit_code, 0) << command;
  }
}

TEST(Frame, UsageErrorsAreOneLineAndExitCode2) {
  const std::vector<std::vector<std::string>> bad = {
      {}, {"fly"}, {"--fly"}, {"zoo"}, {"classify", "--fly"}, {"info", "extra"}};
  for (const auto& arguments : bad) {
    const CliRun run = run_cli(arguments);
    EXPECT_EQ(run.exit_code, 2);
    EXPECT_TRUE(matches(run.err, "triage: [^\n]*; try 'triage[a-z ]* --help'\n"));
    EXPECT_EQ(run.out, "");
  }
}

TEST(Frame, StrangeCharactersInArgumentsArePrintedSafely) {
  const CliRun run = run_cli({"fly\n\x1b[31mred"});
  EXPECT_EQ(run.exit_code, 2);
  EXPECT_TRUE(matches(run.err, "triage: [^\n\x1b]*\n"));
}

TEST(Frame, OutputThatCannotBeWrittenIsAnError) {
  const CliRun run = run_cli({"--help"}, {.input = "", .folder = "", .stdout_path = "/dev/full"});
  EXPECT_EQ(run.exit_code, 5);
  EXPECT_TRUE(matches(run.err, "triage: stdout: .*; free some space or write them elsewhere\n"));
}

}  // namespace
}  // namespace triage::testing
