// Compiled networks on disk, so that not every start compiles them. The bytes are the engine's own, which
// checks none of them, so that a damaged file would answer wrongly in silence: here each file says what it
// was made of and has a checksum (docs/formats.md, "Compiled network").
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <mutex>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace triage {

// What a compiled network was made of: `name: value` lines, compared as a whole.
struct CompiledKey {
  std::string network;  // checksums, input, device, options: they choose the file
  std::string build;    // of the engine, in one line: a newer one replaces the older one's file
};

// A file's content, checked; `payload` is a part of `file`.
struct CompiledFile {
  std::vector<std::uint8_t> file;
  std::span<const std::uint8_t> payload;
};

// The bytes of such a file, and back. Opening throws kIo, saying what does not fit.
[[nodiscard]] std::vector<std::uint8_t> seal_compiled(const CompiledKey& key,
                                                      std::span<const std::uint8_t> payload);
[[nodiscard]] CompiledFile open_compiled(std::vector<std::uint8_t> file, const CompiledKey& key);

// A folder of them. Nothing here throws Error: what cannot be used is said through `remark`, each kind of
// fault once, and the caller compiles. Safe concurrently, also with other processes.
class CompileCache {
 public:
  using Remark = std::function<void(std::string_view)>;
  // An empty folder: no cache.
  CompileCache(std::filesystem::path folder, Remark remark);

  [[nodiscard]] bool on() const { return !folder_.empty(); }
  [[nodiscard]] std::filesystem::path path_of(const CompiledKey& key) const;
  // Nothing where there is no file, or none that fits.
  [[nodiscard]] std::optional<CompiledFile> find(const CompiledKey& key);
  // Once writing has failed, nothing more is written.
  void keep(const CompiledKey& key, std::span<const std::uint8_t> payload);
  // What find() gave is of no use to the engine for that reason.
  void refuse(const CompiledKey& key, std::string_view reason);

 private:
  void say_unusable(std::string_view what);
  void say(const std::string& kind, std::string_view text);

  std::filesystem::path folder_;
  Remark remark_;
  std::mutex mutex_;            // guards what follows
  bool writes_ = true;          // writing has not failed
  std::set<std::string> said_;  // kinds of remark
};

}  // namespace triage
