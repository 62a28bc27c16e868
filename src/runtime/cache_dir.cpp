// Where compiled models are cached.
#include <cstdlib>

#include "triage/runtime.h"

namespace triage {

std::filesystem::path default_cache_dir() {
  std::filesystem::path base;
  if (const char* cache = std::getenv("XDG_CACHE_HOME"); cache != nullptr && *cache == '/') {
    base = cache;
  } else if (const char* home = std::getenv("HOME"); home != nullptr && *home == '/') {
    base = std::filesystem::path(home) / ".cache";
  } else {
    return {};
  }
  return base / "triage";
}

}  // namespace triage
