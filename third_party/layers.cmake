# denovo_layer(NAME DEPENDS ...): static library denovo_NAME from the sources of NAME/.
# denovo_programs(DIR): one program per .cpp that stands directly in DIR; subfolders are a library.

add_library(denovo_flags INTERFACE)
target_include_directories(denovo_flags INTERFACE ${CMAKE_SOURCE_DIR})
target_link_libraries(denovo_flags INTERFACE OpenMP::OpenMP_CXX Threads::Threads)
# -ffp-contract=off: boxes, IoU and rasters must agree to the last bit on every machine.
# x86-64-v3 as a whole: flags per file would break inline functions; oneDNN picks AVX-512 itself.
# -fno-trapping-math: nothing here reads exception flags, and g++ vectorises selects only without them.
set(host_flags -std=c++20 -Wall -Wextra -Werror -ffp-contract=off -fno-math-errno -fno-trapping-math
    -march=x86-64-v3)
target_compile_options(denovo_flags INTERFACE "$<$<COMPILE_LANGUAGE:CXX>:${host_flags}>")
# The standard is an option, not CMAKE_CXX_STANDARD: CMake 3.25 hands that on to CUDA, where it does not know 20.
target_compile_options(denovo_flags INTERFACE
  "$<$<COMPILE_LANGUAGE:CUDA>:-std=c++20;--expt-relaxed-constexpr;--fmad=false;-Xcompiler=-Wall;-Xcompiler=-ffp-contract=off>")
if(DENOVO_SANITIZE)
  target_compile_options(denovo_flags INTERFACE
    "$<$<COMPILE_LANGUAGE:CXX>:-fsanitize=${DENOVO_SANITIZE};-fno-omit-frame-pointer;-fno-sanitize-recover=all>")
  target_link_options(denovo_flags INTERFACE -fsanitize=${DENOVO_SANITIZE})
endif()

function(denovo_layer name)
  cmake_parse_arguments(ARG "" "" "DEPENDS" ${ARGN})
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/${name}/*.cpp)
  list(FILTER sources EXCLUDE REGEX "_cuda\\.cpp$|/cuda/")
  if(NOT sources)
    add_library(denovo_${name} INTERFACE)
    target_link_libraries(denovo_${name} INTERFACE ${ARG_DEPENDS})
    return()
  endif()
  add_library(denovo_${name} STATIC ${sources})
  target_link_libraries(denovo_${name} PUBLIC ${ARG_DEPENDS})
  if(NOT DENOVO_HAVE_CUDA)
    return()
  endif()
  # Single-source kernels are compiled a second time by nvcc, through a one-line file that includes them.
  file(GLOB_RECURSE device_sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/${name}/*.cu
       ${CMAKE_SOURCE_DIR}/${name}/*_cuda.cpp)
  foreach(source ${sources})
    if(source MATCHES "_kernels\\.cpp$")
      file(RELATIVE_PATH relative ${CMAKE_SOURCE_DIR} ${source})
      string(REPLACE ".cpp" ".cu" wrapper ${CMAKE_BINARY_DIR}/single_source/${relative})
      file(CONFIGURE OUTPUT ${wrapper} CONTENT "#include \"${relative}\"\n")
      list(APPEND device_sources ${wrapper})
    endif()
  endforeach()
  if(device_sources)
    add_library(denovo_${name}_cuda STATIC ${device_sources})
    target_link_libraries(denovo_${name}_cuda PUBLIC denovo_flags)
  endif()
endfunction()

function(denovo_programs folder)
  file(GLOB_RECURSE library_sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/${folder}/*/*.cpp)
  set(libraries denovo_detection)
  if(library_sources)
    add_library(denovo_${folder} STATIC ${library_sources})
    target_link_libraries(denovo_${folder} PUBLIC denovo_detection)
    set(libraries denovo_${folder})
  endif()
  file(GLOB mains CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/${folder}/*.cpp)
  foreach(main ${mains})
    get_filename_component(program ${main} NAME_WE)
    add_executable(${program} ${main})
    target_link_libraries(${program} PRIVATE ${libraries})
  endforeach()
endfunction()
