# SPDX-License-Identifier: MIT
# Compiles sources once for each instruction set into `target`; the program picks one at run time.
# Inside, KICKDRUM_SIMD_NAMESPACE is portable, avx2 or avx512 and KICKDRUM_SIMD_BYTES the vector's size. Such a source
# must define everything inside that namespace and must not instantiate templates of other headers that aren't inlined:
# the linker could take their AVX-512 copy for everybody.
function(kickdrum_add_simd_sources target)
  set(flags_portable "")
  set(flags_avx2 -mavx2 -mfma -mf16c)
  set(flags_avx512 -mavx512f -mavx512bw -mavx512dq -mavx512vl -mavx2 -mfma -mf16c -mprefer-vector-width=512)
  set(bytes_portable 16)
  set(bytes_avx2 32)
  set(bytes_avx512 64)
  set(levels portable)
  if(CMAKE_SYSTEM_PROCESSOR MATCHES "^(x86_64|AMD64)$")
    list(APPEND levels avx2 avx512)
  endif()
  # GCC 12 sees uninitialised variables in its own avx512fintrin.h. (A source's options come after its target's.)
  set_source_files_properties(${ARGN} PROPERTIES COMPILE_OPTIONS "-Wno-uninitialized;-Wno-maybe-uninitialized")
  foreach(level IN LISTS levels)
    set(library ${target}_${level})
    add_library(${library} OBJECT ${ARGN})
    target_include_directories(${library} PRIVATE ${PROJECT_SOURCE_DIR})
    target_compile_definitions(${library} PRIVATE
      KICKDRUM_SIMD_NAMESPACE=${level} KICKDRUM_SIMD_BYTES=${bytes_${level}})
    # Contraction on: a fused multiply-add is what these kernels are made of. No fast-math: NaN and infinity stay.
    target_compile_options(${library} PRIVATE
      ${flags_${level}} -O3 -ffp-contract=fast -fno-math-errno -fno-trapping-math)
    target_link_libraries(${library} PRIVATE kickdrum_warnings fmt::fmt)
    target_sources(${target} PRIVATE $<TARGET_OBJECTS:${library}>)
  endforeach()
endfunction()
