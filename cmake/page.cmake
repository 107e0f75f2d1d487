# SPDX-License-Identifier: Apache-2.0
# The page: web/ built by web/build.mjs (esbuild), packed, and embedded in weft_serve as
# serve::page_assets(). Without node or npm, or where npm cannot fetch what web/package-lock.json names, the
# build goes on with a page of one notice, and a warning says so; the next build tries again.

option(WEFT_PAGE "Build the page of web/ and embed it; OFF embeds a notice instead (needs no node)" ON)
set(WEFT_PAGE_DIR ${CMAKE_BINARY_DIR}/page)

find_program(WEFT_NODE node nodejs)
find_program(WEFT_NPM npm)
if(WEFT_PAGE AND (NOT WEFT_NODE OR NOT WEFT_NPM))
  message(WARNING "no node or no npm: the page is left out, a notice stands in its place "
                  "(tools/setup installs both)")
endif()

function(weft_page folder)
  file(GLOB_RECURSE inputs CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/web/src/* ${CMAKE_SOURCE_DIR}/web/static/*)
  set(source ${WEFT_PAGE_DIR}/page_assets.cpp)
  set(stage ${CMAKE_SOURCE_DIR}/cmake/page_assets.cmake)
  set(node "")
  if(WEFT_PAGE AND WEFT_NODE AND WEFT_NPM)
    set(node ${WEFT_NODE})
  endif()
  # The stamp is there only when the real page was built (or is not wanted), so that a notice is tried again.
  add_custom_command(
    OUTPUT ${source} ${WEFT_PAGE_DIR}/built.stamp
    COMMAND ${CMAKE_COMMAND} -DWEB=${CMAKE_SOURCE_DIR}/web -DOUT=${WEFT_PAGE_DIR} -DNODE=${node}
            -DWANTED=${WEFT_PAGE} -P ${stage}
    DEPENDS ${stage} ${inputs} ${CMAKE_SOURCE_DIR}/web/build.mjs ${CMAKE_SOURCE_DIR}/web/modules.mjs
            ${CMAKE_SOURCE_DIR}/web/package-lock.json ${CMAKE_SOURCE_DIR}/web/tsconfig.json
    COMMENT "Building the page"
    VERBATIM)
  target_sources(weft_${folder} PRIVATE ${source})
  # Its assembler lines name files of the build folder.
  set_source_files_properties(${source} PROPERTIES SKIP_UNITY_BUILD_INCLUSION ON)
endfunction()

# ctest entries of the page's own tests; a missing node or a fetch that failed is a counted skip (77).
function(weft_page_tests)
  if(NOT WEFT_PAGE OR NOT WEFT_TESTS OR WEFT_SANITIZE OR WEFT_FUZZ)
    return()
  endif()
  foreach(name unit types)
    add_test(NAME web.${name} COMMAND ${CMAKE_SOURCE_DIR}/web/check ${name}
             WORKING_DIRECTORY ${CMAKE_SOURCE_DIR}/web)
    set_tests_properties(web.${name} PROPERTIES LABELS unit SKIP_RETURN_CODE 77 TIMEOUT 300
                         ENVIRONMENT WEFT_WEB_OUT=${WEFT_PAGE_DIR})
  endforeach()
  # The page of a running rack in Debian's Chromium; in the optimised build only, for it takes a minute.
  if(TARGET weft AND CMAKE_BUILD_TYPE MATCHES "Rel")
    add_test(NAME web.e2e COMMAND ${CMAKE_SOURCE_DIR}/web/e2e/run --weft $<TARGET_FILE:weft>
             WORKING_DIRECTORY ${CMAKE_SOURCE_DIR}/web)
    set_tests_properties(web.e2e PROPERTIES LABELS e2e SKIP_RETURN_CODE 77 TIMEOUT 1800)
  endif()
endfunction()
