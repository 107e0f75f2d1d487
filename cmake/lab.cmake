# SPDX-License-Identifier: Apache-2.0
# lab.qemu: the program inside a real Linux kernel that QEMU boots with an emulated PCIe and CXL topology
# (tests/lab). It takes about 40 s on two idle cores and skips where its packages cannot be had. Only where
# the other checks run, so that one preset boots, not each.

if(WEFT_CHECKS AND NOT CMAKE_CROSSCOMPILING AND TARGET weft)
  add_test(NAME lab.qemu COMMAND ${CMAKE_SOURCE_DIR}/tests/lab/qemu_lab $<TARGET_FILE:weft>)
  set_tests_properties(lab.qemu PROPERTIES LABELS lab TIMEOUT 180 SKIP_RETURN_CODE 77 RUN_SERIAL ON)
endif()
