# cmake -D IN=program -D OUT=program.cpp -D HEADER=image/heif_program.h -D NAME=kHeifProgram -P embed_program.cmake
# Writes a source file that defines triage::NAME, a span of bytes that HEADER declares, with the content of IN.
file(READ "${IN}" bytes HEX)
string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes "${bytes}")
file(WRITE "${OUT}" "#include \"${HEADER}\"\n\nnamespace triage {\nnamespace {\nconstexpr std::uint8_t kBytes[] = {${bytes}};\n}\n\n"
  "const std::span<const std::uint8_t> ${NAME} = kBytes;\n\n}  // namespace triage\n")
