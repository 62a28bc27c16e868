// Describes this machine and its load. No host or user name: profiles are passed on.
#include <fmt/format.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <set>
#include <string>
#include <string_view>
#include <thread>

#include "triage/tools/profile.h"

namespace triage {
namespace {

// x86 has "model name"; boards with ARM processors name themselves in the device tree.
std::string cpu_name() {
  std::ifstream cpus("/proc/cpuinfo");
  for (std::string line; std::getline(cpus, line);) {
    if (line.rfind("model name", 0) != 0) continue;
    const std::size_t at = line.find(": ");
    if (at != std::string::npos) return line.substr(at + 2);
  }
  std::string board;
  std::ifstream tree("/proc/device-tree/model");
  std::getline(tree, board, '\0');
  return board.empty() ? "unknown processor" : board;
}

// As in machine_description() and Table::machine.
constexpr std::string_view kCores = " cores";
constexpr std::string_view kNextMachine = " | ";

// What is the same for as long as the machine is, of each machine once.
std::set<std::string_view> hardware(std::string_view machines) {
  std::set<std::string_view> all;
  while (true) {
    const std::size_t end = machines.find(kNextMachine);
    const std::string_view one = machines.substr(0, end);
    const std::size_t cores = one.find(kCores);
    all.insert(cores == std::string_view::npos ? one : one.substr(0, cores));
    if (end == std::string_view::npos) return all;
    machines.remove_prefix(end + kNextMachine.size());
  }
}

unsigned int n_cores() { return std::max(1U, std::thread::hardware_concurrency()); }

}  // namespace

std::string machine_description() {
  struct utsname system {};
  ::uname(&system);
  const double memory =
      static_cast<double>(::sysconf(_SC_PHYS_PAGES)) * static_cast<double>(::sysconf(_SC_PAGE_SIZE));
  std::string text =
      fmt::format("{}, {} cores, {:.1f} GiB, {} {} {}", cpu_name(), n_cores(),
                  memory / (1024.0 * 1024.0 * 1024.0), system.sysname, system.release, system.machine);
  // One line, whatever the system says.
  std::replace_if(
      text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 0x20; }, ' ');
  return text;
}

bool same_machine(std::string_view a, std::string_view b) { return hardware(a) == hardware(b); }

double load_per_core() {
  double load = 0;
  return ::getloadavg(&load, 1) == 1 ? load / static_cast<double>(n_cores()) : 0.0;
}

}  // namespace triage
