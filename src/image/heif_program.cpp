// Decodes AVIF or HEIC by libheif, in a process of its own: what a file makes libheif and its decoders
// allocate, start and compute is not to be told from its headers, and they have no limits of their own that
// hold. Here the system's limits do, and a crash is a picture that is not read.
#include "image/heif_program.h"

#include <libheif/heif.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <new>
#include <string>
#include <string_view>
#include <system_error>

namespace triage {
namespace {

void limit(decltype(RLIMIT_CPU) what, rlim_t most) {
  struct rlimit now {};
  if (::getrlimit(what, &now) != 0) std::_Exit(1);
  now.rlim_max = std::min(now.rlim_max, most);
  now.rlim_cur = std::min(now.rlim_cur, now.rlim_max);
  if (::setrlimit(what, &now) != 0) std::_Exit(1);
}

// Decoders start a thread for each processor, and take memory for each thread: with four of them a picture
// takes as much on every machine.
void use_few_processors() {
  constexpr int kMost = 4;
  cpu_set_t allowed, few;
  CPU_ZERO(&few);
  if (::sched_getaffinity(0, sizeof allowed, &allowed) != 0) return;
  // From where it runs, so that several of these do not all take the first ones.
  const int first = std::max(0, ::sched_getcpu());
  for (int i = 0; i < CPU_SETSIZE && CPU_COUNT(&few) < kMost; ++i) {
    const auto cpu = static_cast<std::size_t>((first + i) % CPU_SETSIZE);
    if (CPU_ISSET(cpu, &allowed)) CPU_SET(cpu, &few);
  }
  (void)::sched_setaffinity(0, sizeof few, &few);
}

void write_all(const void* data, std::size_t size) {
  const auto* at = static_cast<const char*>(data);
  while (size > 0) {
    const ssize_t n = ::write(STDOUT_FILENO, at, size);
    if (n <= 0) std::_Exit(1);  // nobody reads
    at += n;
    size -= static_cast<std::size_t>(n);
  }
}

void answer(const HeifAnswer& what) { write_all(&what, sizeof what); }

[[noreturn]] void end(HeifAnswerKind kind, std::string_view why = {}) {
  answer({kind});
  write_all(why.data(), why.size());
  std::_Exit(0);  // what is still held need not be freed
}

void check(const heif_error& error) {
  if (error.code == heif_error_Ok) return;
  end(error.code == heif_error_Memory_allocation_error ? HeifAnswerKind::kNoRoom : HeifAnswerKind::kRefused,
      error.message);
}

void write_picture(const heif_image* image, int channels) {
  int stride = 0;
  const std::uint8_t* plane = heif_image_get_plane_readonly(image, heif_channel_interleaved, &stride);
  const int width = heif_image_get_width(image, heif_channel_interleaved);
  const int height = heif_image_get_height(image, heif_channel_interleaved);
  if (plane == nullptr) end(HeifAnswerKind::kRefused, "no pixels");
  answer({HeifAnswerKind::kPicture, width, height, channels});
  for (int y = 0; y < height; ++y) {
    write_all(plane + static_cast<std::ptrdiff_t>(y) * stride,
              static_cast<std::size_t>(width) * static_cast<std::size_t>(channels));
  }
}

void decode(const void* bytes, std::size_t size) {
  heif_context* context = heif_context_alloc();
  check(heif_context_read_from_memory_without_copy(context, bytes, size, nullptr));
  heif_image_handle* handle = nullptr;
  check(heif_context_get_primary_image_handle(context, &handle));
  const int channels = heif_image_handle_has_alpha_channel(handle) != 0 ? 4 : 3;
  answer({HeifAnswerKind::kSize, heif_image_handle_get_width(handle), heif_image_handle_get_height(handle),
          channels});
  heif_image* image = nullptr;
  check(heif_decode_image(handle, &image, heif_colorspace_RGB,
                          channels == 4 ? heif_chroma_interleaved_RGBA : heif_chroma_interleaved_RGB,
                          nullptr));
  write_picture(image, channels);
}

}  // namespace
}  // namespace triage

int main(int argc, char** argv) {
  using namespace triage;
  if (argc != 3) return 1;
  // Of all memory that is written to, the stacks of threads included; not of addresses, of which
  // malloc reserves 64 MB a thread.
  limit(RLIMIT_DATA, std::strtoull(argv[1], nullptr, 10));
  limit(RLIMIT_CPU, std::strtoull(argv[2], nullptr, 10));
  limit(RLIMIT_STACK, rlim_t{8} << 20);
  limit(RLIMIT_CORE, 0);
  use_few_processors();
  struct stat info {};
  if (::fstat(STDIN_FILENO, &info) != 0) return 1;
  const auto size = static_cast<std::size_t>(info.st_size);
  const void* bytes = ::mmap(nullptr, size, PROT_READ, MAP_SHARED, STDIN_FILENO, 0);
  if (bytes == MAP_FAILED) return 1;
  try {
    decode(bytes, size);
  } catch (const std::bad_alloc&) {
    end(HeifAnswerKind::kNoRoom);
  } catch (const std::system_error&) {  // no room for a further thread
    end(HeifAnswerKind::kNoRoom);
  } catch (const std::exception& error) {
    end(HeifAnswerKind::kRefused, error.what());
  }
  std::_Exit(0);
}
