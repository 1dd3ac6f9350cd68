# One folder, one target, one include root.
#
# Each library sees only the headers of the targets that it depends on, itself or through others: its include root is a folder of
# the build tree that holds nothing but a link to the library's own source folder. So
# `#include "text/clip_tokenizer.h"` compiles only in a target that depends on imprint::text.

# imprint_library(NAME [TORCH] [SOURCES a.cc ...] DEPS imprint::base ... [TEST_DEPS ...] [TESTS a_test.cc ...])
# The folder it is called from becomes imprint::NAME; without sources, its headers do. Tests, where given, are
# linked into NAME_test. TORCH gives it LibTorch.
function(imprint_library name)
  cmake_parse_arguments(arg "TORCH" "" "SOURCES;DEPS;TESTS;TEST_DEPS" ${ARGN})
  set(target imprint_${name})
  if(arg_SOURCES)
    add_library(${target} STATIC ${arg_SOURCES})
    imprint_include_root(${target} PUBLIC)
    target_link_libraries(${target} PUBLIC ${arg_DEPS} PRIVATE imprint_compile_options)
    imprint_libraries_and_headers(${target} "${arg_TORCH}" "${arg_DEPS}")
  else()
    add_library(${target} INTERFACE)
    imprint_include_root(${target} INTERFACE)
    target_link_libraries(${target} INTERFACE ${arg_DEPS})
  endif()
  add_library(imprint::${name} ALIAS ${target})
  if(IMPRINT_TESTS AND arg_TESTS)
    imprint_test(${name}_test SOURCES ${arg_TESTS} DEPS imprint::${name} ${arg_TEST_DEPS})
    imprint_libraries_and_headers(${name}_test "${arg_TORCH}" "${arg_DEPS}")
  endif()
endfunction()

function(imprint_include_root target scope)
  file(RELATIVE_PATH folder ${CMAKE_SOURCE_DIR} ${CMAKE_CURRENT_SOURCE_DIR})
  set(root ${CMAKE_BINARY_DIR}/include-roots/${target})
  cmake_path(GET folder PARENT_PATH parent)
  file(MAKE_DIRECTORY ${root}/${parent})
  file(CREATE_LINK ${CMAKE_CURRENT_SOURCE_DIR} ${root}/${folder} SYMBOLIC)
  target_include_directories(${target} ${scope} ${root})
endfunction()

# A GoogleTest binary as one ctest: to begin a program for every TEST, with LibTorch and all, takes longer
# than most of them do. build/release/bin/NAME --gtest_filter=... runs some.
function(imprint_test name)
  cmake_parse_arguments(arg "" "" "SOURCES;DEPS" ${ARGN})
  add_executable(${name} ${arg_SOURCES})
  target_link_libraries(${name} PRIVATE
    ${arg_DEPS} imprint_compile_options GTest::gmock GTest::gtest_main)
  target_compile_definitions(${name} PRIVATE IMPRINT_SOURCE_DIR="${CMAKE_SOURCE_DIR}")
  # What runs long is in the libraries: a test itself takes a quarter less to compile than at their -O2 and -O3.
  target_compile_options(${name} PRIVATE $<$<CONFIG:Release>:-O1>)
  # A third of the files, and it is the others that ship: clang-tidy takes longer than the compiler.
  set_target_properties(${name} PROPERTIES CXX_CLANG_TIDY "")
  add_test(NAME ${name} COMMAND ${name} --gtest_brief=1)
  # One thread for each test's kernels: ctest runs several tests at once.
  set_tests_properties(${name} PROPERTIES TIMEOUT 900
    ENVIRONMENT "OMP_NUM_THREADS=1;XDG_CACHE_HOME=${CMAKE_BINARY_DIR}/cache")
endfunction()

# Files of pytest tests as one ctest, in one process; IMPRINT_BIN tells it where the binaries are.
function(imprint_python_test name)
  add_test(NAME ${name}
    COMMAND ${CMAKE_SOURCE_DIR}/.venv/bin/python -m pytest -q -rs --no-header -p no:cacheprovider ${ARGN})
  set_tests_properties(${name} PROPERTIES TIMEOUT 1800
    ENVIRONMENT "IMPRINT_BIN=${CMAKE_RUNTIME_OUTPUT_DIRECTORY};IMPRINT_THREADS=1;OMP_NUM_THREADS=1;XDG_CACHE_HOME=${CMAKE_BINARY_DIR}/cache;PYTHONDONTWRITEBYTECODE=1")
endfunction()

# imprint_program(NAME [TORCH] SOURCES main.cc ... DEPS imprint::base ...)
function(imprint_program name)
  cmake_parse_arguments(arg "TORCH" "" "SOURCES;DEPS" ${ARGN})
  add_executable(${name} ${arg_SOURCES})
  target_link_libraries(${name} PRIVATE ${arg_DEPS} imprint_compile_options)
  imprint_libraries_and_headers(${name} "${arg_TORCH}" "${arg_DEPS}")
endfunction()

# Gives a target LibTorch, where it is one that computes, and the precompiled headers that suit it.
function(imprint_libraries_and_headers target torch deps)
  if(torch)
    target_link_libraries(${target} PRIVATE LibTorch::LibTorch)
    imprint_use_headers(${target} torch)
  elseif(imprint::proto IN_LIST deps)
    imprint_use_headers(${target} rpc)
  else()
    imprint_use_headers(${target} plain)
  endif()
endfunction()
