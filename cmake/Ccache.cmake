# SPDX-License-Identifier: MIT
find_program(KICKDRUM_CCACHE ccache)
if(KICKDRUM_CCACHE)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${KICKDRUM_CCACHE})
endif()
