# Run at install time: writes the man pages and the completions with the program that is being installed. Given VIGIL (the
# program), VIGIL_DATE, SHARE (the folder share/ to fill) and COMMANDS_C (the registry, for the names of the commands).
function(vigil_writes OUTPUT)
  execute_process(COMMAND ${VIGIL} ${ARGN} OUTPUT_FILE ${OUTPUT} COMMAND_ERROR_IS_FATAL ANY)
  message(STATUS "Installing: ${OUTPUT}")
endfunction()

file(MAKE_DIRECTORY ${SHARE}/man/man1 ${SHARE}/bash-completion/completions ${SHARE}/zsh/vendor-completions
  ${SHARE}/fish/vendor_completions.d)
vigil_writes(${SHARE}/man/man1/vigil.1 --now ${VIGIL_DATE} help --man)
file(STRINGS ${COMMANDS_C} LINES REGEX "^extern ")
foreach(LINE ${LINES})
  string(REGEX MATCH "vg_command_([a-z_]+)" _ ${LINE})
  vigil_writes(${SHARE}/man/man1/vigil-${CMAKE_MATCH_1}.1 --now ${VIGIL_DATE} help --man ${CMAKE_MATCH_1})
endforeach()
vigil_writes(${SHARE}/bash-completion/completions/vigil completion bash)
vigil_writes(${SHARE}/zsh/vendor-completions/_vigil completion zsh)
vigil_writes(${SHARE}/fish/vendor_completions.d/vigil.fish completion fish)
