# SPDX-License-Identifier: Apache-2.0
# Third-party libraries, under the names that the table of folders uses: WEFT_FMT, WEFT_YAML, WEFT_ZSTD, WEFT_SNAPPY,
# WEFT_EIGEN, WEFT_PNG, WEFT_FUSE, Boost::headers, tl::expected, nlohmann_json::nlohmann_json, CLI11::CLI11. Reasons:
# docs/DEPENDENCIES.md.
find_package(tl-expected REQUIRED)
find_package(nlohmann_json REQUIRED)
find_package(CLI11 REQUIRED)

if(NOT WEFT_STATIC)
  find_package(fmt REQUIRED)
  find_package(yaml-cpp REQUIRED)
  find_package(Boost 1.74 REQUIRED)
  set(WEFT_FMT fmt::fmt)
  set(WEFT_YAML yaml-cpp)
  find_package(Eigen3 3.4 REQUIRED)
  find_package(PNG REQUIRED)
  set(WEFT_ZSTD zstd)
  set(WEFT_SNAPPY snappy)
  set(WEFT_EIGEN Eigen3::Eigen)
  set(WEFT_PNG PNG::PNG)
  # Optional: without it a twin's files cannot be mounted, and the program says so.
  find_path(WEFT_FUSE_INCLUDE fuse3/fuse.h)
  find_library(WEFT_FUSE_LIBRARY fuse3)
  set(WEFT_FUSE "")
  if(WEFT_FUSE_INCLUDE AND WEFT_FUSE_LIBRARY AND NOT CMAKE_CROSSCOMPILING)
    add_library(weft_fuse INTERFACE)
    target_compile_definitions(weft_fuse INTERFACE WEFT_HAVE_FUSE=1)
    target_link_libraries(weft_fuse INTERFACE ${WEFT_FUSE_LIBRARY})
    set(WEFT_FUSE weft_fuse)
  endif()
  return()
endif()

# The static program links archives by their path, for this machine's architecture or another's
# (cmake/aarch64.cmake sets WEFT_SYSROOT). fmt has no archive in Debian and is used as headers only.
if(NOT WEFT_SYSROOT)
  set(WEFT_SYSROOT /usr)
endif()
set(WEFT_YAML ${WEFT_SYSROOT}/lib/${CMAKE_LIBRARY_ARCHITECTURE}/libyaml-cpp.a)
# No physics and no drawing in the read-only program.
set(WEFT_EIGEN "")
set(WEFT_PNG "")
set(WEFT_FUSE "")
set(WEFT_SNAPPY "")
set(WEFT_ZSTD ${WEFT_SYSROOT}/lib/${CMAKE_LIBRARY_ARCHITECTURE}/libzstd.a)
foreach(archive ${WEFT_YAML} ${WEFT_ZSTD})
  if(NOT EXISTS ${archive})
    message(FATAL_ERROR "${archive} is missing (for aarch64: tools/arm64_sysroot build/sysroot-arm64)")
  endif()
endforeach()
add_library(weft_fmt INTERFACE)
target_compile_definitions(weft_fmt INTERFACE FMT_HEADER_ONLY=1)
set(WEFT_FMT weft_fmt)
add_library(Boost::headers INTERFACE IMPORTED)
