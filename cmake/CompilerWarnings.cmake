# SPDX-License-Identifier: MIT
# Warnings of every target of ours; they are errors. Designated initialisers may leave members to their defaults.
add_library(kickdrum_warnings INTERFACE)
target_compile_options(kickdrum_warnings INTERFACE $<$<COMPILE_LANGUAGE:CXX>:
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wnon-virtual-dtor -Wold-style-cast -Wcast-align -Wunused
  -Woverloaded-virtual -Wdouble-promotion -Wformat=2
  -Wno-missing-field-initializers
  -Werror>
  # GCC 12 sees overlapping copies in "literal" + std::string (its bug 105651).
  $<$<COMPILE_LANG_AND_ID:CXX,GNU>:-Wno-restrict>)

# Declares a library of one layer: every .cpp below its folder, but for those that are compiled apart.
# A new file is picked up by the next build; there is no list to forget.
function(kickdrum_add_layer name)
  cmake_parse_arguments(ARG "" "" "LINK;EXCLUDE" ${ARGN})
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/*.cpp)
  foreach(pattern IN LISTS ARG_EXCLUDE)
    list(FILTER sources EXCLUDE REGEX "${pattern}")
  endforeach()
  add_library(${name} STATIC ${sources})
  target_include_directories(${name} PUBLIC ${PROJECT_SOURCE_DIR})
  target_link_libraries(${name} PUBLIC ${ARG_LINK} PRIVATE kickdrum_warnings)
endfunction()
