// Who waits for an answer before it writes on gets it; who does not is read in blocks.
#include "cli/input_stream.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <istream>
#include <string>
#include <string_view>
#include <vector>

namespace triage::cli {
namespace {

class Pipe {
 public:
  Pipe() { EXPECT_EQ(pipe2(ends_.data(), O_CLOEXEC), 0); }
  ~Pipe() {
    end();
    close(ends_[0]);
  }
  Pipe(const Pipe&) = delete;
  Pipe& operator=(const Pipe&) = delete;
  void put(std::string_view text) const {
    EXPECT_EQ(write(ends_[1], text.data(), text.size()), static_cast<ssize_t>(text.size()));
  }
  void end() {
    if (ends_[1] >= 0) close(ends_[1]);
    ends_[1] = -1;
  }
  [[nodiscard]] int source() const { return ends_[0]; }

 private:
  std::array<int, 2> ends_{-1, -1};
};

TEST(InputStream, CallsBeforeItWaitsAndNotElse) {
  Pipe pipe;
  std::vector<std::string> read;
  std::vector<std::size_t> waits;  // how many lines were read by then
  InputStream buffer(pipe.source(), [&] {
    waits.push_back(read.size());
    // The writer had its answers: it goes on with half a line, then with the rest and another.
    if (waits.size() == 1) return pipe.put("thi");
    if (waits.size() == 2) return pipe.put("rd\nfourth\n");
    pipe.end();
  });
  pipe.put("first\nsecond\n");
  std::istream in(&buffer);
  for (std::string line; std::getline(in, line);) read.push_back(line);
  EXPECT_EQ(read, (std::vector<std::string>{"first", "second", "third", "fourth"}));
  EXPECT_EQ(waits, (std::vector<std::size_t>{2, 2, 4}));
}

TEST(InputStream, ReadsAFileWithoutWaiting) {
  Pipe pipe;
  const std::string text = std::string(40'000, 'x') + "\nlast";
  pipe.put(text);
  pipe.end();
  InputStream buffer(pipe.source(), [] { ADD_FAILURE() << "nothing to wait for"; });
  std::istream in(&buffer);
  std::string line, last;
  std::getline(in, line);
  std::getline(in, last);
  EXPECT_EQ(line.size(), 40'000U);
  EXPECT_EQ(last, "last");
  EXPECT_FALSE(std::getline(in, line));
}

}  // namespace
}  // namespace triage::cli
