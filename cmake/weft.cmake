# SPDX-License-Identifier: Apache-2.0
# What a folder of src/ becomes: library weft_<name> from its *.cpp, and beside it
#   x_test.cpp  -> program weft_<name>_test (one ctest entry per folder: starting a program per case costs
#                  more than the cases; tools/report counts cases from the XML that each run writes)
#   x_bench.cpp -> program weft_<name>_bench (run by ./bench, never by ctest)
#   x_fuzz.cpp  -> program x_fuzz (libFuzzer with WEFT_FUZZ; else replays its corpus in ctest)
# main.cpp files of cli/ are left to weft_programs().

find_program(WEFT_CCACHE ccache)
if(WEFT_CCACHE)
  # Checkouts at different paths share the cache.
  set(launcher env CCACHE_BASEDIR=${CMAKE_SOURCE_DIR} CCACHE_NOHASHDIR=1 ${WEFT_CCACHE})
  set(CMAKE_CXX_COMPILER_LAUNCHER ${launcher})
  set(CMAKE_C_COMPILER_LAUNCHER ${launcher})
endif()

add_library(weft_flags INTERFACE)
target_compile_options(weft_flags INTERFACE -Wall -Wextra -Wpedantic -Wnon-virtual-dtor -Werror)
# What these two find in GoogleTest's and rapidcheck's macros is not ours to mend.
target_compile_options(weft_flags INTERFACE
                       $<$<NOT:$<BOOL:$<TARGET_PROPERTY:WEFT_IS_TEST>>>:-Wconversion;-Wshadow>)
# File names in binaries and messages start at the project's root, on any machine.
target_compile_options(weft_flags INTERFACE -ffile-prefix-map=${CMAKE_SOURCE_DIR}/=)
target_include_directories(weft_flags INTERFACE ${CMAKE_SOURCE_DIR}/src)
target_compile_definitions(weft_flags INTERFACE WEFT_VERSION="${PROJECT_VERSION}")
if(WEFT_STATIC)
  # A static program has no loader: whoever would dlopen() must say "not available" instead.
  target_compile_definitions(weft_flags INTERFACE WEFT_NO_DLOPEN)
endif()
if(WEFT_SANITIZE)
  target_compile_options(weft_flags INTERFACE -fsanitize=${WEFT_SANITIZE} -fno-sanitize-recover=all
                         -fno-omit-frame-pointer)
  target_link_options(weft_flags INTERFACE -fsanitize=${WEFT_SANITIZE} -fuse-ld=lld)
endif()
if(WEFT_FUZZ)
  target_compile_options(weft_flags INTERFACE -fsanitize=fuzzer-no-link)
endif()

set(WEFT_TESTS ON)
if(WEFT_STATIC)
  set(WEFT_TESTS OFF)
else()
  find_package(GTest QUIET)
  find_package(benchmark QUIET)
  find_package(rapidcheck QUIET)
  if(NOT GTest_FOUND OR NOT benchmark_FOUND OR NOT rapidcheck_FOUND)
    set(WEFT_TESTS OFF)
    message(STATUS "no test libraries: building the program only (./test installs them)")
  endif()
endif()

# Tests need not be fast, they need to compile fast: -O1 costs half of -O2 on GoogleTest's templates.
set(WEFT_TEST_FLAGS "")
if(CMAKE_BUILD_TYPE MATCHES "Rel")
  set(WEFT_TEST_FLAGS -O1 -g1)
endif()

# The fuzzers' seed inputs; each fuzzer reads data/fuzz/<name>/ where it exists.
set(WEFT_FUZZ_SECONDS 10 CACHE STRING "Seconds that each libFuzzer target runs in ctest")

function(weft_fuzzer name folder source)
  add_executable(${name} ${source})
  target_link_libraries(${name} PRIVATE weft_${folder})
  set(corpus ${CMAKE_SOURCE_DIR}/data/fuzz/${name})
  set(test fuzz.${name})
  if(WEFT_FUZZ)
    target_link_options(${name} PRIVATE -fsanitize=fuzzer)
    file(MAKE_DIRECTORY ${CMAKE_BINARY_DIR}/corpus/${name})
    add_test(NAME ${test} COMMAND ${name} -max_total_time=${WEFT_FUZZ_SECONDS} -timeout=10 -seed=1
             -rss_limit_mb=2048 -print_final_stats=1
             -artifact_prefix=${CMAKE_BINARY_DIR}/${name}-
             ${CMAKE_BINARY_DIR}/corpus/${name} ${corpus})
  else()
    target_sources(${name} PRIVATE ${CMAKE_SOURCE_DIR}/tools/fuzz_replay.cpp)
    add_test(NAME ${test} COMMAND ${name} ${corpus})
  endif()
  math(EXPR timeout "${WEFT_FUZZ_SECONDS} + 300")
  set_tests_properties(${test} PROPERTIES LABELS fuzz TIMEOUT ${timeout})
endfunction()

# NOT_READONLY names what the static read-only program leaves out: files (without .cpp), sub-folders and used
# folders.
function(weft_folder name)
  cmake_parse_arguments(arg "" "" "USES;LINK;PRIVATE;NOT_READONLY" ${ARGN})
  set(dir ${CMAKE_SOURCE_DIR}/src/${name})
  file(GLOB_RECURSE all CONFIGURE_DEPENDS ${dir}/*.cpp)
  set(tests ${all})
  list(FILTER tests INCLUDE REGEX "_test\\.cpp$")
  set(benches ${all})
  list(FILTER benches INCLUDE REGEX "_bench\\.cpp$")
  set(fuzzers ${all})
  list(FILTER fuzzers INCLUDE REGEX "_fuzz\\.cpp$")
  set(sources ${all})
  list(FILTER sources EXCLUDE REGEX "(_test|_bench|_fuzz|main)\\.cpp$")
  if(WEFT_STATIC)
    list(REMOVE_ITEM arg_USES ${arg_NOT_READONLY})
    foreach(left_out IN LISTS arg_NOT_READONLY)
      list(FILTER sources EXCLUDE REGEX "^${dir}/${left_out}(\\.cpp|/.*)$")
    endforeach()
  endif()
  if(NOT sources)
    file(WRITE ${CMAKE_BINARY_DIR}/empty_${name}.cpp "")
    set(sources ${CMAKE_BINARY_DIR}/empty_${name}.cpp)
  endif()
  # Built when a program needs it: a fuzz build has no use for cli.
  add_library(weft_${name} STATIC EXCLUDE_FROM_ALL ${sources})
  list(TRANSFORM arg_USES PREPEND weft_)
  target_link_libraries(weft_${name} PUBLIC weft_flags ${arg_USES} ${arg_LINK} PRIVATE ${arg_PRIVATE})
  if(WEFT_FUZZ)
    set(tests "")
    set(benches "")
  endif()
  if(NOT WEFT_TESTS)
    return()
  endif()
  if(WEFT_SANITIZE)
    set(benches "")
  endif()
  if(tests)
    add_executable(weft_${name}_test ${tests})
    set_target_properties(weft_${name}_test PROPERTIES UNITY_BUILD OFF WEFT_IS_TEST ON)
    target_link_libraries(weft_${name}_test PRIVATE weft_${name} ${arg_PRIVATE} rapidcheck
                          GTest::gmock GTest::gtest_main)
    target_compile_definitions(weft_${name}_test PRIVATE WEFT_SOURCE_DIR="${CMAKE_SOURCE_DIR}"
                               WEFT_BINARY_DIR="${CMAKE_BINARY_DIR}")
    target_compile_options(weft_${name}_test PRIVATE ${WEFT_TEST_FLAGS})
    add_test(NAME unit.${name} COMMAND weft_${name}_test --gtest_brief=1
             --gtest_output=xml:${CMAKE_BINARY_DIR}/cases/unit.${name}.xml)
    set_tests_properties(unit.${name} PROPERTIES LABELS unit TIMEOUT 600)
  endif()
  if(benches)
    add_executable(weft_${name}_bench ${benches})
    set_target_properties(weft_${name}_bench PROPERTIES UNITY_BUILD OFF)
    target_link_libraries(weft_${name}_bench PRIVATE weft_${name} benchmark::benchmark_main)
    target_compile_definitions(weft_${name}_bench PRIVATE WEFT_SOURCE_DIR="${CMAKE_SOURCE_DIR}")
  endif()
  foreach(source IN LISTS fuzzers)
    get_filename_component(stem ${source} NAME_WE)
    weft_fuzzer(${stem} ${name} ${source})
  endforeach()
endfunction()

# The *.yaml of `data` become constants of folder's library: weft::<folder>::embedded_<name>().
function(weft_embed folder name data)
  file(GLOB files CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/${data}/*.yaml)
  set(rows "")
  foreach(file IN LISTS files)
    get_filename_component(stem ${file} NAME_WE)
    file(READ ${file} text)
    string(APPEND rows "    {\"${stem}\", R\"__embed__(${text})__embed__\"},\n")
    set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${file})
  endforeach()
  list(LENGTH files count)
  set(source ${CMAKE_BINARY_DIR}/embedded/${folder}_${name}.cpp)
  file(CONFIGURE OUTPUT ${source} @ONLY CONTENT
"// Made by weft_embed() from ${data}/*.yaml.
#include \"${folder}/embedded.h\"

#include <array>

namespace weft::${folder} {

std::span<const base::EmbeddedFile> embedded_${name}() {
  static constexpr std::array<base::EmbeddedFile, ${count}> kFiles = {{
@rows@  }};
  return kFiles;
}

}  // namespace weft::${folder}
")
  target_sources(weft_${folder} PRIVATE ${source})
endfunction()

function(weft_programs)
  if(WEFT_FUZZ)
    return()
  endif()
  if(NOT WEFT_STATIC AND EXISTS ${CMAKE_SOURCE_DIR}/src/cli/main.cpp)
    add_executable(weft ${CMAKE_SOURCE_DIR}/src/cli/main.cpp)
    target_link_libraries(weft PRIVATE weft_cli)
    install(TARGETS weft RUNTIME)
    if(TARGET weft_cli_test)
      add_dependencies(weft_cli_test weft)  # its tests run the program from outside
    endif()
    if(TARGET weft_cli_bench)
      add_dependencies(weft_cli_bench weft)
    endif()
  endif()
  if(NOT WEFT_SANITIZE AND EXISTS ${CMAKE_SOURCE_DIR}/src/cli/readonly_main.cpp)
    add_executable(weft-readonly ${CMAKE_SOURCE_DIR}/src/cli/readonly_main.cpp)
    target_link_libraries(weft-readonly PRIVATE weft_cli)
    if(WEFT_STATIC)
      target_link_options(weft-readonly PRIVATE -static -s)
    endif()
  endif()
endfunction()
