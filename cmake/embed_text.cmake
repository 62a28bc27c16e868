# cmake -D IN=style.css -D OUT=style.cpp -D HEADER=report/page.h -D NAME=kReportStyle -P embed_text.cmake
# Writes a source file that defines triage::NAME, a string_view that HEADER declares, with the text of IN.
file(READ "${IN}" text)
file(WRITE "${OUT}" "#include \"${HEADER}\"\n\nnamespace triage {\n\nconst std::string_view ${NAME} = R\"text(${text})text\";\n\n}  // namespace triage\n")
