// What would a policy have done? Trains a cascade on one half of a profile and replays it on the other,
// without running a model. Needs triage::tools. Usage: replay_policy X.profile
#include <triage/error.h>
#include <triage/tools/evaluate.h>
#include <triage/tools/learn.h>
#include <triage/tools/profile.h>

#include <filesystem>
#include <iostream>

int main(int argc, char** argv) {
  if (argc != 2) {
    std::cerr << "usage: replay_policy X.profile\n";
    return 2;
  }
  try {
    const std::filesystem::path profiles[] = {argv[1]};
    const triage::Table table = triage::load_table(profiles);
    const auto rows = triage::all_rows(table);
    const triage::Rows all = rows;
    const triage::Rows training = all.first(rows.size() / 2);
    const triage::Rows test = all.subspan(rows.size() / 2);

    const auto policy = triage::train_cascade(table, training);
    triage::Replay replay = triage::make_replay("cascade", table.n_inputs());
    triage::replay_policy(table, test, *policy, triage::steady_clock(), replay);

    double right = 0;
    double ms = 0;
    for (const std::uint32_t row : test) {
      right += replay.top1[row];
      ms += replay.ms[row];
    }
    const auto n = static_cast<double>(test.size());
    std::cout << test.size() << " inputs: top-1 " << right / n << ", " << ms / n << " ms on average\n";
    return 0;
  } catch (const triage::Error& error) {
    std::cerr << error.what() << '\n';
    return 1;
  }
}
