# Build options for llama-cpp-python, given as
#   CMAKE_ARGS="-DCMAKE_PROJECT_INCLUDE=$PWD/packaging/engine/slim.cmake"
# localr1 loads libllama and libggml only. llama-common, mtmd (images, audio) and
# the HTTP client are never opened, and are more than half of the compile time.
# A normal variable wins over the cache entries that llama-cpp-python's own
# CMakeLists.txt forces (CMake policy CMP0126).
set(LLAMA_BUILD_COMMON OFF)
set(LLAVA_BUILD OFF)
set(LLAMA_OPENSSL OFF)
set(GGML_CCACHE OFF)

if(PROJECT_NAME STREQUAL "ggml")
    include(${CMAKE_CURRENT_LIST_DIR}/quantize.cmake)
endif()
