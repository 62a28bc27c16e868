# Flags every target of ours is built with; nothing directory-wide reaches users of the installed package.
add_library(triage_options INTERFACE)
target_compile_features(triage_options INTERFACE cxx_std_20)
target_compile_options(triage_options INTERFACE
  -Wall -Wextra -Wconversion -Wshadow -Wpedantic $<$<BOOL:${TRIAGE_WERROR}>:-Werror>
  # Messages of what is shipped name src/..., not the folder that it was built in.
  $<$<CONFIG:Release>:-fmacro-prefix-map=${PROJECT_SOURCE_DIR}/=>)
if(TRIAGE_SANITIZE)
  target_compile_options(triage_options INTERFACE -fsanitize=${TRIAGE_SANITIZE} -fno-omit-frame-pointer
    -fno-sanitize-recover=all
    -Wno-maybe-uninitialized)  # GCC 12 sees ghosts in std::function when sanitizing
  target_link_options(triage_options INTERFACE -fsanitize=${TRIAGE_SANITIZE})
endif()
