# Finds the headers of CUDA and NCCL: NVIDIA's wheels in the project's own .venv (scripts/setup --cuda), else a
# CUDA Toolkit at CUDAToolkit_ROOT, $CUDA_PATH or /usr/local/cuda.
#
# In the place of CMake's own module, which in 3.25 fails for CUDA 13, where libnvToolsExt is gone, and which
# wants nvcc and libcudart.so. We compile no kernels, and LibTorch brings the libraries.
#
# Defines CUDAToolkit_INCLUDE_DIRS and CUDAToolkit_VERSION, such as 13.0.

file(GLOB _cuda_wheels ${CMAKE_SOURCE_DIR}/.venv/lib/python3*/site-packages/nvidia)
# PyTorch alone brings all of the wheels' headers but for crt/ and nv/.
find_path(CUDAToolkit_INCLUDE_DIR crt/host_defines.h
  HINTS ${_cuda_wheels}/cu13 ENV CUDA_PATH /usr/local/cuda PATH_SUFFIXES include)

if(EXISTS ${CUDAToolkit_INCLUDE_DIR}/cuda_runtime_api.h)
  file(STRINGS ${CUDAToolkit_INCLUDE_DIR}/cuda_runtime_api.h _cuda_version
    REGEX "^#define CUDART_VERSION +[0-9]+")
  string(REGEX MATCH "[0-9]+" _cuda_version "${_cuda_version}")
  math(EXPR _cuda_major "${_cuda_version} / 1000")
  math(EXPR _cuda_minor "${_cuda_version} % 1000 / 10")
  set(CUDAToolkit_VERSION ${_cuda_major}.${_cuda_minor})
endif()

include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(CUDAToolkit
  REQUIRED_VARS CUDAToolkit_INCLUDE_DIR
  VERSION_VAR CUDAToolkit_VERSION)
mark_as_advanced(CUDAToolkit_INCLUDE_DIR)

if(CUDAToolkit_FOUND)
  set(CUDAToolkit_INCLUDE_DIRS ${CUDAToolkit_INCLUDE_DIR})
  if(CUDAToolkit_INCLUDE_DIR STREQUAL "${_cuda_wheels}/cu13/include")
    list(APPEND CUDAToolkit_INCLUDE_DIRS ${_cuda_wheels}/nccl/include)
  endif()
endif()
