# Flags every target of ours is built with; nothing directory-wide reaches users of the installed package.
add_library(triage_options INTERFACE)
target_compile_features(triage_options INTERFACE cxx_std_20)
target_compile_options(triage_options INTERFACE
  -Wall -Wextra -Wconversion -Wshadow -Wpedantic -Wmissing-declarations $<$<BOOL:${TRIAGE_WERROR}>:-Werror>
  # Messages of what is shipped name src/..., not the folder that it was built in.
  $<$<CONFIG:Release>:-fmacro-prefix-map=${PROJECT_SOURCE_DIR}/=>)
if(TRIAGE_SANITIZE)
  target_compile_options(triage_options INTERFACE -fsanitize=${TRIAGE_SANITIZE} -fno-omit-frame-pointer
    -fno-sanitize-recover=all)
  # An RPATH, which unlike RUNPATH holds for OpenCV's libraries too, so that they share the TBB of OpenVINO's wheel: Debian's is too
  # old for TBB_ENABLE_SANITIZERS, without which AddressSanitizer refuses how it loads its plug-ins.
  target_link_options(triage_options INTERFACE -fsanitize=${TRIAGE_SANITIZE} -Wl,--disable-new-dtags)
endif()

# Heavy headers are parsed once a target instead of once a file: a third off the whole build. Every file still includes what it
# uses; the dev preset builds without this.
set(triage_precompiled <algorithm> <array> <cmath> <cstdint> <filesystem> <functional> <map> <memory> <optional> <span> <string>
  <string_view> <vector>
  <fmt/format.h>)

# For the command line and the tests, where the templates of CLI11, JSON and GoogleTest make the compilation long and nothing that
# takes time or reaches into memory is computed: not sanitized, unlike the libraries under them, and compiled with the -O that they set themselves. Halves CI.
add_library(triage_compile_fast INTERFACE)
target_link_libraries(triage_compile_fast INTERFACE triage_options)
if(TRIAGE_SANITIZE AND NOT TRIAGE_SANITIZE MATCHES "thread")  # which has to see what the tests' own threads do
  # Nor with lines for the debugger, which stack traces of what is sanitized have.
  target_compile_options(triage_compile_fast INTERFACE -fno-sanitize=all -g0)
endif()
