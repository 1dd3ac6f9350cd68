# Warnings, sanitizers, ccache and mold, the same for every target of ours.

if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE Release CACHE STRING "" FORCE)
endif()
# -O3 takes an eighth longer than -O2, and only loops over numbers and pixels are the faster for it.
string(REPLACE "-O3" "-O2" CMAKE_CXX_FLAGS_RELEASE "${CMAKE_CXX_FLAGS_RELEASE}")
# For the folders with such loops, and all below them.
macro(imprint_optimise_loops)
  add_compile_options($<$<CONFIG:Release>:-O3>)
endmacro()

find_program(CCACHE_PROGRAM ccache)
if(CCACHE_PROGRAM)
  # The sloppiness lets ccache serve files that use a precompiled header; without this checkout's place in
  # its keys it serves other checkouts, too.
  set(CMAKE_CXX_COMPILER_LAUNCHER
      ${CMAKE_COMMAND} -E env CCACHE_SLOPPINESS=pch_defines,time_macros
      CCACHE_BASEDIR=${CMAKE_SOURCE_DIR} CCACHE_NOHASHDIR=1 ${CCACHE_PROGRAM})
endif()

find_program(MOLD_PROGRAM mold)
if(MOLD_PROGRAM)
  # Starts each segment on a page of its own. Without it, mold before 2.4.0 may place the beginning of RELRO in
  # a page that no segment maps, and the program cannot start
  # (findings/mold-relro-begins-in-an-unmapped-page.sh).
  add_link_options(-fuse-ld=mold -Wl,-z,separate-code)
endif()

add_library(imprint_compile_options INTERFACE)
target_compile_options(imprint_compile_options INTERFACE
  -Wall -Wextra -Werror -Wno-missing-field-initializers
  # For all alike: a precompiled header serves only equal options (but for the level of optimising), and libvips
  # asks for it.
  -pthread)
if(IMPRINT_PRECOMPILE AND CMAKE_CXX_COMPILER_ID STREQUAL GNU)
  # GCC 12 takes libstdc++'s strings for ours where they are precompiled, and warns of what it thinks that they
  # overflow. The strict build, without precompiled headers, keeps these warnings.
  target_compile_options(imprint_compile_options INTERFACE
    -Wno-array-bounds -Wno-restrict -Wno-stringop-overflow)
endif()
if(IMPRINT_PRECOMPILE AND CCACHE_PROGRAM)
  # ccache wants it where headers are precompiled; clang-tidy does not know it.
  target_compile_options(imprint_compile_options INTERFACE -fpch-preprocess)
endif()
if(IMPRINT_SANITIZE)
  target_compile_options(imprint_compile_options INTERFACE
    -fsanitize=${IMPRINT_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer
    # SOCI's library hides the type information that this check needs.
    -fno-sanitize=vptr)
  target_link_options(imprint_compile_options INTERFACE -fsanitize=${IMPRINT_SANITIZE})
endif()
if(IMPRINT_FUZZ)
  # What was reached, for libFuzzer; its main is linked into the targets of tests/fuzz alone.
  target_compile_options(imprint_compile_options INTERFACE -fsanitize=fuzzer-no-link)
endif()
