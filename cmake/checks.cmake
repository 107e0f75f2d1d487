# SPDX-License-Identifier: Apache-2.0
# ctest entries that check sources instead of running the program: tools/check NAME for each of its names,
# formatting, shell scripts, manual pages, the documents' commands, clang-tidy, the Debian package, the static
# programs. A check that ends in 77 is counted as skipped, and its last line is the reason.

function(weft_check name labels)
  add_test(NAME ${name} COMMAND ${ARGN} WORKING_DIRECTORY ${CMAKE_SOURCE_DIR})
  set_tests_properties(${name} PROPERTIES LABELS "${labels}" SKIP_RETURN_CODE 77 TIMEOUT 1200)
endfunction()

if(WEFT_CHECKS)
  foreach(name dependencies layers licence links readmes tables text)
    weft_check(check.${name} check python3 ${CMAKE_SOURCE_DIR}/tools/check ${name})
  endforeach()
  weft_check(check.tools check ${CMAKE_SOURCE_DIR}/tools/selftest)
  weft_check(check.format check ${CMAKE_SOURCE_DIR}/tools/format --check)
  weft_check(check.shell check ${CMAKE_SOURCE_DIR}/tools/check_shell)
  weft_check(check.man check ${CMAKE_SOURCE_DIR}/tools/check_man $<TARGET_FILE:weft>)
  weft_check(check.completion check ${CMAKE_SOURCE_DIR}/tools/check_completion $<TARGET_FILE:weft>)
  weft_check(check.packaging check python3 ${CMAKE_SOURCE_DIR}/tools/check_packaging $<TARGET_FILE:weft>)
  # Runs every command of the documents; its last line says how many ran as written.
  weft_check(docs.commands docs python3 ${CMAKE_SOURCE_DIR}/tools/check_commands $<TARGET_FILE:weft>)
  weft_check(package.deb package ${CMAKE_SOURCE_DIR}/tools/check_deb ${CMAKE_BINARY_DIR})
endif()

# Reads each source by itself, so it also finds includes that unity builds hide.
if(WEFT_TIDY)
  weft_check(check.tidy tidy ${CMAKE_SOURCE_DIR}/tools/tidy ${CMAKE_BINARY_DIR})
  set_tests_properties(check.tidy PROPERTIES TIMEOUT 2700)  # where nothing is remembered
endif()

if(WEFT_STATIC)
  weft_check(static.${CMAKE_SYSTEM_PROCESSOR} static ${CMAKE_SOURCE_DIR}/tools/check_static
             $<TARGET_FILE:weft-readonly> ${CMAKE_SYSTEM_PROCESSOR}
             ${CMAKE_SOURCE_DIR}/build/release/bin/weft-readonly)
endif()
