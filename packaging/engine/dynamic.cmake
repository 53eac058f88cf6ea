# The engine with backends as modules, loaded at run time: a build that picks the right
# instructions on any x86-64 or Arm processor. Given like slim.cmake, together with
#   -DCMAKE_INSTALL_BINDIR=llama_cpp/lib -DCMAKE_INSTALL_LIBDIR=llama_cpp/lib
# because llama.cpp installs modules into the program folder, where nothing looks for them.
include(${CMAKE_CURRENT_LIST_DIR}/slim.cmake)
set(GGML_NATIVE OFF)
set(GGML_BACKEND_DL ON)
