# denovo_layer(NAME DEPENDS ...): static library denovo_NAME from the sources of NAME/.
# denovo_programs(DIR DEPENDS ...): one program per .cpp that stands directly in DIR; subfolders are a library.

add_library(denovo_flags INTERFACE)
target_include_directories(denovo_flags INTERFACE ${CMAKE_SOURCE_DIR})
target_link_libraries(denovo_flags INTERFACE OpenMP::OpenMP_CXX Threads::Threads)
if(DENOVO_HAVE_CUDA)
  string(REPLACE ";" ", " architectures "${CMAKE_CUDA_ARCHITECTURES}")
  target_compile_definitions(denovo_flags INTERFACE
    DENOVO_WITH_CUDA DENOVO_CUDA_ARCHITECTURES="${architectures}")
  # The runtime is linked statically and opens the driver when it is first used, so that a program
  # starts on a machine that has none.
  target_link_libraries(denovo_flags INTERFACE CUDA::cudart_static CUDA::cublasLt denovo::cudnn denovo::nccl)
  set(CMAKE_CUDA_COMPILER_LAUNCHER ${CMAKE_SOURCE_DIR}/third_party/nvcc_report.sh ${CMAKE_CUDA_COMPILER_LAUNCHER})
endif()
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
    "$<$<COMPILE_LANGUAGE:CXX>:-fsanitize=${DENOVO_SANITIZE};-fno-omit-frame-pointer;-fno-sanitize-recover=all;-g1>")  # lines are enough of a trace
  # g++ 12 takes instrumented std::function moves (std::regex) for uninitialised reads.
  target_compile_options(denovo_flags INTERFACE "$<$<COMPILE_LANGUAGE:CXX>:-Wno-maybe-uninitialized>")
  target_link_options(denovo_flags INTERFACE -fsanitize=${DENOVO_SANITIZE})
endif()

function(denovo_layer name)
  cmake_parse_arguments(ARG "" "" "DEPENDS" ${ARGN})
  # Relative to the layer: what the source tree's own path holds must not decide.
  set(folder ${CMAKE_SOURCE_DIR}/${name})
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS RELATIVE ${folder} ${folder}/*.cpp)
  set(device_sources ${sources})
  list(FILTER sources EXCLUDE REGEX "_cuda\\.cpp$|^cuda/")
  if(NOT DENOVO_HAVE_MPI)
    list(FILTER sources EXCLUDE REGEX "_mpi\\.cpp$")
  endif()
  list(TRANSFORM sources PREPEND ${folder}/ OUTPUT_VARIABLE paths)
  if(NOT sources)
    add_library(denovo_${name} INTERFACE)
    target_link_libraries(denovo_${name} INTERFACE ${ARG_DEPENDS})
    return()
  endif()
  add_library(denovo_${name} STATIC ${paths})
  target_link_libraries(denovo_${name} PUBLIC ${ARG_DEPENDS})
  if(NOT DENOVO_HAVE_CUDA)
    return()
  endif()
  # The device half goes into the same library: a kernel that is missing is a link error.
  list(FILTER device_sources INCLUDE REGEX "_cuda\\.cpp$|^cuda/")
  file(GLOB_RECURSE cuda_sources CONFIGURE_DEPENDS RELATIVE ${folder} ${folder}/*.cu)
  list(APPEND device_sources ${cuda_sources})
  list(TRANSFORM device_sources PREPEND ${folder}/)
  # Single-source kernels are compiled a second time by nvcc, through a one-line file that includes them.
  foreach(source ${sources})
    if(source MATCHES "_kernels\\.cpp$")
      string(REPLACE ".cpp" ".cu" wrapper ${CMAKE_BINARY_DIR}/single_source/${name}/${source})
      file(CONFIGURE OUTPUT ${wrapper} CONTENT "#include \"${name}/${source}\"\n")
      list(APPEND device_sources ${wrapper})
    endif()
  endforeach()
  target_sources(denovo_${name} PRIVATE ${device_sources})
endfunction()

function(denovo_programs folder)
  cmake_parse_arguments(ARG "" "" "DEPENDS" ${ARGN})
  file(GLOB_RECURSE library_sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/${folder}/*/*.cpp)
  set(libraries ${ARG_DEPENDS})
  if(library_sources)
    add_library(denovo_${folder} STATIC ${library_sources})
    target_link_libraries(denovo_${folder} PUBLIC ${ARG_DEPENDS})
    set(libraries denovo_${folder})
  endif()
  file(GLOB mains CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/${folder}/*.cpp)
  foreach(main ${mains})
    get_filename_component(program ${main} NAME_WE)
    add_executable(${program} ${main})
    target_link_libraries(${program} PRIVATE ${libraries})
  endforeach()
endfunction()
