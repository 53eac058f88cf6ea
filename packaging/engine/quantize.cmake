# Adds localr1's quantization kernels (quantize/) to libggml-base; docs/decisions says why.
# Included in llama.cpp's project "ggml" before its targets exist, hence the deferred calls.
# Only where they can repeat ggml's arithmetic: GCC or Clang, and x86-64, for which a compiler
# fuses no multiplications with additions by itself.
if(MSVC OR CMAKE_OSX_ARCHITECTURES OR CMAKE_VERSION VERSION_LESS 3.19)
    return()
endif()
if(NOT CMAKE_CXX_COMPILER_ID MATCHES "GNU|Clang")
    return()
endif()
if(NOT CMAKE_SYSTEM_PROCESSOR MATCHES "^(x86_64|amd64|AMD64)$")
    return()
endif()

set(LOCALR1_KERNELS ${CMAKE_CURRENT_LIST_DIR}/quantize)
set(LOCALR1_KERNEL_FILES
    ${LOCALR1_KERNELS}/baseline.cpp ${LOCALR1_KERNELS}/avx2.cpp ${LOCALR1_KERNELS}/row_kernels.cpp)
cmake_language(DEFER CALL target_sources ggml-base PRIVATE ${LOCALR1_KERNEL_FILES})
cmake_language(DEFER CALL set_source_files_properties ${LOCALR1_KERNEL_FILES}
    TARGET_DIRECTORY ggml-base PROPERTIES COMPILE_OPTIONS "-ffp-contract=off;-fno-math-errno")
cmake_language(DEFER CALL set_property SOURCE ${LOCALR1_KERNELS}/avx2.cpp
    TARGET_DIRECTORY ggml-base APPEND PROPERTY COMPILE_OPTIONS -mavx2)
