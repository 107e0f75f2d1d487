# SPDX-License-Identifier: Apache-2.0
# Cross-compiles for aarch64 with Debian's compiler. Libraries that must be linked come from
# build/sysroot-arm64 (tools/arm64_sysroot); headers without code (fmt, tl-expected, nlohmann, CLI11, Boost)
# are the machine's own, which are the same for every architecture.
set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_SYSTEM_PROCESSOR aarch64)
set(CMAKE_C_COMPILER aarch64-linux-gnu-gcc-12)
set(CMAKE_CXX_COMPILER aarch64-linux-gnu-g++-12)
set(CMAKE_LIBRARY_ARCHITECTURE aarch64-linux-gnu)
set(WEFT_SYSROOT ${CMAKE_CURRENT_LIST_DIR}/../build/sysroot-arm64/usr)
find_program(WEFT_QEMU qemu-aarch64-static)
if(WEFT_QEMU)
  set(CMAKE_CROSSCOMPILING_EMULATOR ${WEFT_QEMU})
endif()
