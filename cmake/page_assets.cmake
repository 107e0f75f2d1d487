# SPDX-License-Identifier: Apache-2.0
# Run by cmake/page.cmake at build time: WEB (web/) and NODE (empty: none) -> OUT/page_assets.cpp and the
# packed files that it includes. WANTED is WEFT_PAGE: OFF means that the notice is what is asked for.

file(REMOVE_RECURSE ${OUT}/files ${OUT}/packed)
file(REMOVE ${OUT}/built.stamp)
file(MAKE_DIRECTORY ${OUT}/files ${OUT}/packed)

set(built FALSE)
if(NODE)
  execute_process(COMMAND ${NODE} ${WEB}/build.mjs --out ${OUT}/files
                  RESULT_VARIABLE code OUTPUT_VARIABLE said ERROR_VARIABLE said)
  if(code EQUAL 0)
    set(built TRUE)
  elseif(code EQUAL 69)  # EX_UNAVAILABLE: npm could not fetch
    message(WARNING "the page is left out, a notice stands in its place: ${said}")
  else()
    message(FATAL_ERROR "web/build.mjs failed:\n${said}")
  endif()
endif()
if(NOT built)
  file(REMOVE_RECURSE ${OUT}/files)
  file(COPY ${WEB}/notice/ DESTINATION ${OUT}/files)
endif()
if(built OR NOT WANTED)
  file(TOUCH ${OUT}/built.stamp)
endif()

set(type_html "text/html; charset=utf-8")
set(type_js "text/javascript; charset=utf-8")
set(type_css "text/css; charset=utf-8")
set(type_svg "image/svg+xml")
set(type_png "image/png")
set(type_json "application/json")
set(type_webmanifest "application/manifest+json")
set(type_woff2 "font/woff2")

file(GLOB_RECURSE names RELATIVE ${OUT}/files ${OUT}/files/*)
list(SORT names)
set(number 0)
set(blocks "")
set(symbols "")
set(rows "")
foreach(name IN LISTS names)
  string(REGEX REPLACE ".*\\." "" extension ${name})
  if(NOT DEFINED type_${extension})
    message(FATAL_ERROR "no content type for ${name}; add a line to cmake/page_assets.cmake")
  endif()
  file(SHA256 ${OUT}/files/${name} hash)
  execute_process(COMMAND gzip -9nc ${OUT}/files/${name} OUTPUT_FILE ${OUT}/packed/${number}.gz
                  COMMAND_ERROR_IS_FATAL ANY)
  set(immutable false)
  if(name MATCHES "^assets/")
    set(immutable true)
  endif()
  string(APPEND blocks "    WEFT_PAGE_FILE(${number}, \"${OUT}/packed/${number}.gz\")\n")
  string(APPEND symbols "extern const std::byte weft_page_${number}_begin[];\n")
  string(APPEND symbols "extern const std::byte weft_page_${number}_end[];\n")
  string(APPEND rows "      {\"/${name}\", \"${type_${extension}}\",\n       \"${hash}\", ${immutable},\n"
                     "       {weft_page_${number}_begin, weft_page_${number}_end}},\n")
  math(EXPR number "${number} + 1")
endforeach()

file(WRITE ${OUT}/page_assets.cpp.new
"// Made by cmake/page_assets.cmake.
#include \"serve/page/assets.h\"

#include <array>

#define WEFT_PAGE_FILE(number, path)            \\
  \".global weft_page_\" #number \"_begin\\n\"       \\
  \"weft_page_\" #number \"_begin:\\n\"              \\
  \".incbin \\\"\" path \"\\\"\\n\"                    \\
  \".global weft_page_\" #number \"_end\\n\"         \\
  \"weft_page_\" #number \"_end:\\n\"                \\
  \".byte 0\\n\"

asm(\".pushsection .rodata.weft_page,\\\"a\\\"\\n\"
${blocks}    \".popsection\\n\");

extern \"C\" {
${symbols}}

namespace weft::serve {

std::span<const Asset> page_assets() {
  static const std::array<Asset, ${number}> kAssets = {{
${rows}  }};
  return kAssets;
}

}  // namespace weft::serve
")
file(COPY_FILE ${OUT}/page_assets.cpp.new ${OUT}/page_assets.cpp ONLY_IF_DIFFERENT)
file(TOUCH_NOCREATE ${OUT}/page_assets.cpp)
