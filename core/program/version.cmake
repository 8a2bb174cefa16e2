# The git commit for core/program/version.cpp, looked up at every build (a commit made after configuring
# must not go unnoticed), written only when it changed. Included by CMakeLists.txt to declare the
# target, and run by it as a script to write the header.
if(CMAKE_SCRIPT_MODE_FILE)
  execute_process(COMMAND git describe --always --dirty --abbrev=10 --exclude=*
    WORKING_DIRECTORY ${SOURCE_DIR} OUTPUT_VARIABLE commit ERROR_QUIET RESULT_VARIABLE failed
    OUTPUT_STRIP_TRAILING_WHITESPACE)
  if(failed)
    set(commit unknown)
  endif()
  file(CONFIGURE OUTPUT ${HEADER} CONTENT
    "#define DENOVO_VERSION \"${VERSION}\"\n#define DENOVO_GIT_COMMIT \"${commit}\"\n")
else()
  set(header ${CMAKE_BINARY_DIR}/generated/denovo_commit.h)
  add_custom_target(denovo_commit BYPRODUCTS ${header}
    COMMAND ${CMAKE_COMMAND} -DSOURCE_DIR=${CMAKE_SOURCE_DIR} -DHEADER=${header}
            -DVERSION=${PROJECT_VERSION} -P ${CMAKE_CURRENT_LIST_FILE}
    COMMENT "Looking up the git commit")
  add_dependencies(denovo_core denovo_commit)
  target_include_directories(denovo_core PRIVATE ${CMAKE_BINARY_DIR}/generated)
endif()
