// Fuzzing without clang: runs a target on its kept inputs, then on mutations of them, for a time or a number
// of inputs, the same ones for the same seed. What brings a message that was not seen yet is kept to go on
// from. The first input that does what a target may not is written to a file and ends it with status 1.
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/resource.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "mutator.h"
#include "triage/clock.h"

// The sanitizers' own name, null where there is none.
// NOLINTNEXTLINE(bugprone-reserved-identifier,readability-identifier-naming)
extern "C" void __sanitizer_set_death_callback(void (*callback)()) __attribute__((weak));

namespace {

namespace fs = std::filesystem;
using triage::fuzz::Bytes;

struct Options {
  std::string target;
  std::vector<std::string> inputs;  // files, folders
  std::string save = ".";
  double seconds = 0;
  std::uint64_t iterations = 0;
  std::uint64_t seed = 1;
  unsigned input_seconds = 20;
  long memory_mb = 1024;
};

// What is being read, for handlers that may do little.
struct {
  const std::uint8_t* data = nullptr;
  std::size_t size = 0;
  char path[4096] = {};
} now;

void save_now() {
  const int fd = ::open(now.path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  if (fd < 0) return;
  (void)!::write(fd, now.data, now.size);
  ::close(fd);
  constexpr char kText[] = "fuzz: the input is in ";
  (void)!::write(2, kText, sizeof kText - 1);
  (void)!::write(2, now.path, std::char_traits<char>::length(now.path));
  (void)!::write(2, "\n", 1);
}

void on_signal(int signal) {
  save_now();
  std::signal(signal, SIG_DFL);
  ::raise(signal);
}

void on_alarm(int) {
  constexpr char kText[] = "fuzz: an input takes too long\n";
  (void)!::write(2, kText, sizeof kText - 1);
  save_now();
  ::_exit(1);
}

void watch() {
  std::signal(SIGALRM, on_alarm);
  if (__sanitizer_set_death_callback != nullptr) return __sanitizer_set_death_callback(save_now);
  for (const int signal : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT}) std::signal(signal, on_signal);
}

Bytes read(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in) throw std::runtime_error(path.string() + ": cannot be read");
  return {std::istreambuf_iterator<char>(in), {}};
}

std::vector<fs::path> files_of(const std::vector<std::string>& inputs) {
  std::vector<fs::path> files;
  for (const fs::path input : inputs) {
    if (!fs::is_directory(input)) files.push_back(input);
    if (!fs::is_directory(input)) continue;
    for (const auto& entry : fs::recursive_directory_iterator(input)) {
      if (entry.is_regular_file()) files.push_back(entry.path());
    }
  }
  std::sort(files.begin(), files.end());
  return files;
}

// By this process, or by one that it started and that has ended.
long used_mb() {
  struct rusage self {
  }, children{};
  ::getrusage(RUSAGE_SELF, &self);
  ::getrusage(RUSAGE_CHILDREN, &children);
  return std::max(self.ru_maxrss, children.ru_maxrss) / 1024;
}

// The beginning of a message, of letters alone: without the numbers and names of this one input.
std::string kind_of(std::string_view outcome) {
  constexpr std::size_t kLetters = 60;
  const std::size_t colon = outcome.find(": ");
  if (colon != std::string_view::npos) outcome.remove_prefix(colon);
  std::string kind;
  bool quoted = false;
  for (const char c : outcome) {
    if (c == '\'' || c == '"' || c == '`') quoted = !quoted;
    if (!quoted && ((c >= 'a' && c <= 'z') || c == '.')) kind += c;
    if (kind.size() == kLetters) break;
  }
  return kind;
}

class Fuzzer {
 public:
  Fuzzer(const triage::fuzz::Target& target, const Options& options)
      : target_(&target), options_(&options), mutator_(options.seed) {}

  // False: the input did what it may not.
  bool run(const Bytes& bytes, const std::string& name) {
    now.data = bytes.data();
    now.size = bytes.size();
    ::alarm(options_->input_seconds);
    std::string outcome;
    try {
      outcome = target_->read(bytes);
    } catch (const std::exception& error) {
      return fail(name, error.what());
    } catch (...) {
      return fail(name, "something that is no exception was thrown");
    }
    ::alarm(0);
    ++n_run_;
    if (outcome == "read") ++n_read_;
    if (used_mb() > options_->memory_mb) return fail(name, fmt::format("{} MB are used", used_mb()));
    if (kinds_.insert(kind_of(outcome)).second && kinds_.size() <= kMostKinds) corpus_.push_back(bytes);
    return true;
  }

  bool run_kept(const std::vector<fs::path>& files) {
    for (const fs::path& file : files) {
      if (!run(read(file), file.string())) return false;
      corpus_.push_back(read(file));
    }
    return true;
  }

  bool run_mutations() {
    if (corpus_.empty()) corpus_.emplace_back();
    const triage::Stopwatch watch(triage::steady_clock());
    for (std::uint64_t i = 0; options_->iterations == 0 || i < options_->iterations; ++i) {
      if (options_->seconds > 0 && watch.ms() > 1000 * options_->seconds) break;
      if (!run(mutator_.mutate(corpus_), fmt::format("mutation {}", i))) return false;
    }
    return true;
  }

  void report() const {
    fmt::print("{}: {} inputs, {} of them read, {} kinds of message, {} MB at most\n", target_->name, n_run_,
               n_read_, kinds_.size(), used_mb());
  }

 private:
  bool fail(const std::string& name, const std::string& what) const {
    fmt::print(stderr, "fuzz: {}, {}, seed {}: {}\n", target_->name, name, options_->seed, what);
    save_now();
    return false;
  }

  static constexpr std::size_t kMostKinds = 1000;

  const triage::fuzz::Target* target_;
  const Options* options_;
  triage::fuzz::Mutator mutator_;
  std::vector<Bytes> corpus_;
  std::set<std::string> kinds_;
  std::uint64_t n_run_ = 0;
  std::uint64_t n_read_ = 0;
};

int fuzz(const Options& options) {
  const auto targets = triage::fuzz::targets();
  const auto target =
      std::find_if(targets.begin(), targets.end(), [&](const auto& t) { return t.name == options.target; });
  if (target == targets.end()) {
    fmt::print(stderr, "fuzz: no target '{}', expected one of:", options.target);
    for (const auto& known : targets) fmt::print(stderr, " {}", known.name);
    fmt::print(stderr, "\n");
    return 2;
  }
  const std::string path = (fs::path(options.save) / (options.target + ".crash")).string();
  path.copy(now.path, sizeof now.path - 1);
  watch();
  Fuzzer fuzzer(*target, options);
  const bool replays = options.seconds == 0 && options.iterations == 0;
  const bool good = fuzzer.run_kept(files_of(options.inputs)) && (replays || fuzzer.run_mutations());
  fuzzer.report();
  return good ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  // Most readers take files, which are quickest in memory.
  if (fs::is_directory("/dev/shm")) ::setenv("TMPDIR", "/dev/shm", 0);
  Options options;
  CLI::App app{"Runs a reader on kept inputs and on mutations of them."};
  app.add_option("target", options.target, "Which reader; a wrong name lists them")->required();
  app.add_option("inputs", options.inputs, "Files and folders: run first, mutated then");
  app.add_option("--seconds", options.seconds, "How long to mutate");
  app.add_option("--iterations", options.iterations, "How many mutations; neither: the inputs alone");
  app.add_option("--seed", options.seed, "Of the mutations")->capture_default_str();
  app.add_option("--save", options.save, "Folder for the input that fails")->capture_default_str();
  app.add_option("--input-seconds", options.input_seconds, "Longest for one input")->capture_default_str();
  app.add_option("--memory-mb", options.memory_mb, "Most memory")->capture_default_str();
  CLI11_PARSE(app, argc, argv);
  try {
    return fuzz(options);
  } catch (const std::exception& error) {
    fmt::print(stderr, "fuzz: {}\n", error.what());
    return 2;
  }
}
