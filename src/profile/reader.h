// Reads a profile, input by input, checking every value. Sees one consistent state, also while it is being
// written.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "profile/header.h"
#include "profile/record.h"

namespace triage {

class ProfileReader {
 public:
  // Throws kIo, kProfile.
  explicit ProfileReader(const std::filesystem::path& path);
  ~ProfileReader();

  [[nodiscard]] const ProfileHeader& header() const { return header_; }
  [[nodiscard]] const std::vector<std::string>& machines() const { return machines_; }
  [[nodiscard]] ProfileEnergy energy(std::int32_t machine) const {
    return read_energy(database_, header_, machine);
  }
  [[nodiscard]] const std::string& name() const { return database_.name(); }
  [[nodiscard]] std::uint64_t size_bytes() const;
  // Inputs that are there, failed ones included.
  [[nodiscard]] std::int64_t n_done() const { return n_done_; }
  [[nodiscard]] bool finished() const { return n_done_ == header_.n_inputs(); }

  // The next input in the order of their positions; false after the last. Throws kProfile.
  bool next(InputRecord& record);

 private:
  void read_outputs(InputRecord& record);
  void read_costs(InputRecord& record);
  [[noreturn]] void fail(const InputRecord& record, std::string_view what) const;
  void expect_end(Statement& statement, std::string_view table) const;

  Database database_;
  ProfileHeader header_;
  std::vector<std::string> machines_;
  std::int64_t n_done_ = 0;
  struct Cursors;
  std::unique_ptr<Cursors> cursors_;
};

}  // namespace triage
