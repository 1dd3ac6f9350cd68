# Library headers that are compiled once and shared by every target that reads them: parsing them again and
# again is a third of a build.
#
#   plain  the standard library, Abseil and JSON
#   rpc    these, gRPC and our protos
#   torch  LibTorch
#
# Where clang-tidy reads along nothing is precompiled: it cannot read GCC's, and so that build also proves that
# every file includes what it uses.

option(IMPRINT_PRECOMPILE "Precompile headers of libraries" ON)

# imprint_headers(NAME LIBRARIES... HEADERS...): makes the set NAME.
function(imprint_headers name)
  cmake_parse_arguments(arg "" "" "LIBRARIES;HEADERS" ${ARGN})
  if(NOT IMPRINT_PRECOMPILE)
    return()
  endif()
  # CMake precompiles for a target that has a source.
  set(source ${CMAKE_BINARY_DIR}/headers/${name}.cc)
  file(CONFIGURE OUTPUT ${source} CONTENT "")
  add_library(imprint_${name}_headers OBJECT ${source})
  target_link_libraries(imprint_${name}_headers PRIVATE ${arg_LIBRARIES} imprint_compile_options)
  target_precompile_headers(imprint_${name}_headers PRIVATE ${arg_HEADERS})
endfunction()

# imprint_use_headers(TARGET NAME): lets the target read the set NAME precompiled.
function(imprint_use_headers target name)
  if(IMPRINT_PRECOMPILE)
    target_precompile_headers(${target} REUSE_FROM imprint_${name}_headers)
  endif()
endfunction()
