# SPDX-License-Identifier: MIT
# Run by the build (cmake -P): writes the sources' commit into OUTPUT as a header, touching it only when it changes.
execute_process(
  COMMAND git describe --always --dirty --abbrev=12 --exclude=*
  WORKING_DIRECTORY ${SOURCE_DIR}
  OUTPUT_VARIABLE commit
  OUTPUT_STRIP_TRAILING_WHITESPACE
  ERROR_QUIET
  RESULT_VARIABLE failed)
if(failed)
  set(commit "")
endif()
file(CONFIGURE OUTPUT ${OUTPUT} CONTENT "#define KICKDRUM_GIT_COMMIT \"${commit}\"\n")
