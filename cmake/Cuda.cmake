# SPDX-License-Identifier: MIT
# The CUDA backend: sources *_cuda.cu of every layer.
#   OFF       none of it
#   ON        compiled by nvcc for GPUs of compute capability 8.0, 9.0 and 10.0, and as PTX for newer ones
#   EMULATED  compiled by the host's compiler and run by threads of tests/support/cuda_emulation: for tests
set(KICKDRUM_CUDA OFF CACHE STRING "The CUDA backend: OFF, ON or EMULATED")
set_property(CACHE KICKDRUM_CUDA PROPERTY STRINGS OFF ON EMULATED)

if(KICKDRUM_CUDA STREQUAL "ON")
  set(CMAKE_CUDA_ARCHITECTURES "80-real;90-real;100-real;100-virtual" CACHE STRING "GPUs to compile for")
  find_program(KICKDRUM_NVCC nvcc HINTS $ENV{CUDA_PATH}/bin /usr/local/cuda/bin)
  if(NOT KICKDRUM_NVCC)
    message(FATAL_ERROR "nvcc wasn't found: install the CUDA toolkit 13.0 or newer, with cuDNN 9, and put its bin "
                        "folder on PATH, or configure the preset 'cpu'")
  endif()
  set(CMAKE_CUDA_COMPILER ${KICKDRUM_NVCC})
  enable_language(CUDA)
  # CMake 3.25 doesn't know how to ask nvcc for C++20.
  if(NOT DEFINED CMAKE_CUDA20_STANDARD_COMPILE_OPTION)
    set(CMAKE_CUDA20_STANDARD_COMPILE_OPTION -std=c++20)
  endif()
  set(CMAKE_CUDA_STANDARD 20)
  set(CMAKE_CUDA_STANDARD_REQUIRED ON)
  if(KICKDRUM_CCACHE)
    set(CMAKE_CUDA_COMPILER_LAUNCHER ${KICKDRUM_CCACHE})
  endif()
  find_package(CUDAToolkit 13.0 REQUIRED)
  find_path(KICKDRUM_CUDNN_INCLUDE cudnn.h HINTS ${CUDAToolkit_INCLUDE_DIRS} REQUIRED)
  find_library(KICKDRUM_CUDNN_LIBRARY cudnn HINTS ${CUDAToolkit_LIBRARY_DIR} REQUIRED)
elseif(KICKDRUM_CUDA STREQUAL "EMULATED")
  # Only the toolkit's headers are needed: types and declarations of the runtime.
  find_path(KICKDRUM_CUDA_INCLUDE cuda_runtime_api.h
    HINTS $ENV{CUDA_PATH}/include /usr/local/cuda/include REQUIRED)
elseif(KICKDRUM_CUDA)
  message(FATAL_ERROR "KICKDRUM_CUDA must be OFF, ON or EMULATED, not '${KICKDRUM_CUDA}'")
endif()

# Adds the *_cuda.cu below the current folder to the layer's library.
function(kickdrum_add_cuda_sources target)
  if(NOT KICKDRUM_CUDA)
    return()
  endif()
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/*_cuda.cu)
  target_compile_definitions(${target} PUBLIC KICKDRUM_WITH_CUDA)
  if(KICKDRUM_CUDA STREQUAL "EMULATED")
    # What calls NVIDIA's libraries has a plain reference in the emulation.
    list(FILTER sources EXCLUDE REGEX "_library_cuda\\.cu$")
    file(GLOB references CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/tests/support/cuda_emulation/${target}/*.cpp)
    target_sources(${target} PRIVATE ${references})
    # In some loops GCC 12's check for null takes the thread-local threadIdx for null; a real one is a fault anyway.
    set_source_files_properties(${sources} PROPERTIES LANGUAGE CXX COMPILE_OPTIONS
      "-x;c++;-Wno-unknown-pragmas;-Wno-cast-align;-Wno-old-style-cast;-fno-sanitize=null")
    target_include_directories(${target} BEFORE PUBLIC
      ${PROJECT_SOURCE_DIR}/tests/support/cuda_emulation/include)
    target_include_directories(${target} SYSTEM PUBLIC ${KICKDRUM_CUDA_INCLUDE})
    target_link_libraries(${target} PUBLIC cuda_emulation)
  else()
    target_include_directories(${target} SYSTEM PRIVATE ${KICKDRUM_CUDNN_INCLUDE})
    # cuDNN, cuBLASLt and cuFFT are loaded when they are first called (kernels/cuda/loaded_library.cuh), from here or
    # from where the system looks.
    target_link_libraries(${target} PUBLIC CUDA::cudart_static ${CMAKE_DL_LIBS})
    get_filename_component(cudnn_folder ${KICKDRUM_CUDNN_LIBRARY} DIRECTORY)
    target_link_options(${target} PUBLIC "LINKER:-rpath,${CUDAToolkit_LIBRARY_DIR}" "LINKER:-rpath,${cudnn_folder}")
    # fmt 9 takes nvcc for a compiler without constexpr, and its check of format strings with it.
    target_compile_definitions(${target} PRIVATE $<$<COMPILE_LANGUAGE:CUDA>:FMT_USE_CONSTEXPR=1>)
    target_compile_options(${target} PRIVATE $<$<COMPILE_LANGUAGE:CUDA>:
      --expt-relaxed-constexpr --extended-lambda -Werror=all-warnings
      -Xptxas=--warn-on-spills,--warn-on-local-memory-usage,--warning-as-error -Xcompiler=-Wall,-Wextra>)
  endif()
  target_sources(${target} PRIVATE ${sources})
endfunction()
