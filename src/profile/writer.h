// Writes a profile, input by input. What has been committed survives kill -9 and power loss.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "profile/header.h"
#include "profile/record.h"
#include "triage/tools/lock.h"

namespace triage {

class ProfileWriter {
 public:
  // Creates `path`, or opens it to continue. Throws kProfile when it is another profile than `header` says,
  // or another process writes it; a file that is there is then left alone.
  ProfileWriter(const std::filesystem::path& path, const ProfileHeader& header);
  ~ProfileWriter();

  // An input that failed in an earlier run is not there: add() replaces it. Until then the file keeps it, so
  // that it stays whole when this run ends early.
  [[nodiscard]] bool has(std::int64_t input) const { return done_.contains(input); }
  [[nodiscard]] const std::string& name() const { return database_->name(); }
  [[nodiscard]] std::size_t n_done() const { return n_done_; }
  // Of those: what failed since this writer was opened.
  [[nodiscard]] std::size_t n_failed() const { return n_failed_; }
  // Not done: what failed in earlier runs and has not been added anew.
  [[nodiscard]] std::size_t n_to_retry() const { return to_retry_.size(); }
  // Cells that ended at the cap.
  [[nodiscard]] std::size_t n_capped() const { return n_capped_; }
  // Size of the database, uncommitted pages included.
  [[nodiscard]] std::int64_t size_bytes() const;

  // Number of a machine for InputRecord::machine.
  std::int32_t machine(std::string_view description);
  // Machines that measured inputs in earlier runs.
  [[nodiscard]] std::vector<std::string> machines() const { return read_machines(*database_); }
  void add(const InputRecord& record);
  // Of a machine in the file; what was there before is replaced.
  void set_energy(std::int32_t machine, const ProfileEnergy& energy);
  [[nodiscard]] ProfileEnergy energy(std::int32_t machine) const {
    return read_energy(*database_, header_, machine);
  }
  // Corrects ProfilePart::n_inputs of every part, shape (header.parts).
  void set_part_sizes(const std::vector<std::int64_t>& n_inputs);
  void commit();
  // Commits, and leaves one plain file that needs no side files to be read.
  void finish();

 private:
  void create(const std::filesystem::path& path, const ProfileHeader& header);
  void read_done();
  void begin();
  void add_outputs(const InputRecord& record);
  void add_costs(const InputRecord& record);

  WriterLock lock_;
  ProfileHeader header_;
  std::optional<Database> database_;
  struct Statements;
  std::unique_ptr<Statements> statements_;
  std::unordered_set<std::int64_t> done_;  // positions; the header's may be far apart
  std::size_t n_done_ = 0;
  std::size_t n_failed_ = 0;
  std::unordered_set<std::int64_t> to_retry_;
  std::size_t n_capped_ = 0;
  bool in_transaction_ = false;
  std::vector<std::uint8_t> bytes_;
};

}  // namespace triage
