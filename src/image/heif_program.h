// The program that decodes AVIF and HEIC apart from ours (heif_program.cpp), and what it says. Its arguments
// are the most bytes of memory and the most seconds of processor time; the picture's file is its standard
// input.
#pragma once

#include <cstdint>
#include <span>

namespace triage {

enum class HeifAnswerKind : std::uint32_t {
  kSize,     // of the picture as the file states it, before it is decoded
  kPicture,  // decoded; (height, width, channels) bytes follow
  kRefused,  // why follows, to the end
  kNoRoom,   // it takes more memory than there is
};

// The program writes kSize and kPicture, or one of the others instead of either.
struct HeifAnswer {
  HeifAnswerKind kind = HeifAnswerKind::kRefused;
  std::int32_t width = 0;
  std::int32_t height = 0;
  std::int32_t channels = 0;  // 3: RGB, 4: RGBA
};

// The program itself, an executable file.
extern const std::span<const std::uint8_t> kHeifProgram;

}  // namespace triage
