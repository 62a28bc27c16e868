// Times choose_rows on rows of a file, for bench/python/speed.py: choose_rows_bench POLICY ROWS.f32 REPEATS
// prints milliseconds, a line each.
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <vector>

#include "triage/choose.h"

int main(int argc, char** argv) {
  if (argc != 4) return 2;
  const auto policy = triage::load_policy(argv[1]);
  std::ifstream file(argv[2], std::ios::binary | std::ios::ate);
  std::vector<float> rows(static_cast<std::size_t>(file.tellg()) / sizeof(float));
  file.seekg(0);
  file.read(reinterpret_cast<char*>(rows.data()), static_cast<std::streamsize>(rows.size() * sizeof(float)));
  std::vector<triage::ModelIndex> models(rows.size() / policy->info().schema.size());
  for (int i = 0; i < std::atoi(argv[3]); ++i) {
    const auto start = std::chrono::steady_clock::now();
    triage::choose_rows(*policy, rows, models);
    const std::chrono::duration<double, std::milli> ms = std::chrono::steady_clock::now() - start;
    std::printf("%.3f\n", ms.count());
  }
}
