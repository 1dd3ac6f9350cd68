# Finds LibTorch in PyPI's wheel or in an unzipped libtorch, from -DLIBTORCH_ROOT.
#
# Defines LibTorch::LibTorch: the headers (as SYSTEM) and libtorch_cpu + libc10. libtorch.so is left
# out on purpose: it would bring libtorch_cuda.so and with it every CUDA library.
#
# LIBTORCH_ROOT is the folder that holds include/ and lib/ (for the wheel, site-packages/torch).
# Default: the wheel in the project's own .venv.

if(NOT LIBTORCH_ROOT)
  file(GLOB _libtorch_wheels ${CMAKE_SOURCE_DIR}/.venv/lib/python3*/site-packages/torch)
  list(APPEND _libtorch_wheels ${CMAKE_SOURCE_DIR}/.venv/no-libtorch)
  list(GET _libtorch_wheels 0 _libtorch_wheel)
  set(LIBTORCH_ROOT ${_libtorch_wheel} CACHE PATH "Folder that holds LibTorch's include/ and lib/")
endif()

find_library(LibTorch_CPU_LIBRARY torch_cpu PATHS ${LIBTORCH_ROOT}/lib NO_DEFAULT_PATH)
find_library(LibTorch_C10_LIBRARY c10 PATHS ${LIBTORCH_ROOT}/lib NO_DEFAULT_PATH)
# LibTorch brings the OpenMP runtime that it was built with, sometimes under a name of its own. Another
# one beside it would mean twice the threads.
file(GLOB LibTorch_OPENMP_LIBRARY ${LIBTORCH_ROOT}/lib/libgomp*.so*)
find_path(LibTorch_INCLUDE_DIR ATen/ATen.h PATHS ${LIBTORCH_ROOT}/include NO_DEFAULT_PATH)

if(EXISTS ${LIBTORCH_ROOT}/version.py)
  file(STRINGS ${LIBTORCH_ROOT}/version.py _libtorch_version REGEX "^__version__")
elseif(EXISTS ${LIBTORCH_ROOT}/build-version)
  file(STRINGS ${LIBTORCH_ROOT}/build-version _libtorch_version)
endif()
string(REGEX MATCH "[0-9]+\\.[0-9]+\\.[0-9]+" LibTorch_VERSION "${_libtorch_version}")

include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(LibTorch
  REQUIRED_VARS LibTorch_CPU_LIBRARY LibTorch_C10_LIBRARY LibTorch_OPENMP_LIBRARY
    LibTorch_INCLUDE_DIR
  VERSION_VAR LibTorch_VERSION
  REASON_FAILURE_MESSAGE "set -DLIBTORCH_ROOT to the folder that holds LibTorch's include/ and lib/, or run scripts/setup")

if(LibTorch_FOUND AND NOT TARGET LibTorch::LibTorch)
  # The wheel's include folder also holds headers of its own protobuf, which break any file that
  # includes both. The compiler gets a folder of links to what is LibTorch's alone.
  set(_libtorch_headers ${CMAKE_BINARY_DIR}/include-roots/libtorch)
  file(MAKE_DIRECTORY ${_libtorch_headers})
  foreach(_folder torch ATen c10 caffe2)
    file(CREATE_LINK ${LibTorch_INCLUDE_DIR}/${_folder} ${_libtorch_headers}/${_folder} SYMBOLIC)
  endforeach()

  add_library(LibTorch::LibTorch INTERFACE IMPORTED)
  target_include_directories(LibTorch::LibTorch SYSTEM INTERFACE
    ${_libtorch_headers} ${_libtorch_headers}/torch/csrc/api/include)
  # at::parallel_for is a template: without OpenMP in our own files it runs on one thread.
  target_compile_options(LibTorch::LibTorch INTERFACE -fopenmp)
  target_link_libraries(LibTorch::LibTorch INTERFACE
    ${LibTorch_CPU_LIBRARY} ${LibTorch_C10_LIBRARY} ${LibTorch_OPENMP_LIBRARY})
  target_link_options(LibTorch::LibTorch INTERFACE
    -Wl,-rpath,${LIBTORCH_ROOT}/lib -Wl,--allow-shlib-undefined)
endif()
