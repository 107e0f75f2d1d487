# SPDX-License-Identifier: Apache-2.0
# What `cmake --install` lays down and what CPack packs: the program, its manual pages and completions (made
# by the program itself), the systemd units, racks and data. Only the release build packs.
if(WEFT_STATIC OR WEFT_SANITIZE OR NOT TARGET weft)
  return()
endif()

set(docs ${CMAKE_BINARY_DIR}/generated)
set(stamp ${docs}/stamp)
add_custom_command(
  OUTPUT ${stamp}
  COMMAND ${CMAKE_COMMAND} -E rm -rf ${docs}
  COMMAND ${CMAKE_COMMAND} -E make_directory ${docs}/man
  COMMAND $<TARGET_FILE:weft> man --all ${docs}/man
  COMMAND gzip -9n -r ${docs}/man
  COMMAND $<TARGET_FILE:weft> completion bash > ${docs}/weft.bash
  COMMAND $<TARGET_FILE:weft> completion zsh > ${docs}/_weft
  COMMAND $<TARGET_FILE:weft> completion fish > ${docs}/weft.fish
  COMMAND ${CMAKE_COMMAND} -E touch ${stamp}
  DEPENDS weft
  COMMENT "Manual pages and completions"
  VERBATIM)
add_custom_target(weft_docs ALL DEPENDS ${stamp})

install(DIRECTORY ${docs}/man/ DESTINATION ${CMAKE_INSTALL_MANDIR}/man1)
install(FILES ${docs}/weft.bash RENAME weft
        DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions)
install(FILES ${docs}/_weft DESTINATION ${CMAKE_INSTALL_DATADIR}/zsh/vendor-completions)
install(FILES ${docs}/weft.fish DESTINATION ${CMAKE_INSTALL_DATADIR}/fish/vendor_completions.d)
install(FILES packaging/weft-scan.service packaging/weft-scan.timer packaging/weft-serve.service
        DESTINATION lib/systemd/system)
install(DIRECTORY packaging/grafana packaging/prometheus packaging/kubernetes
        DESTINATION ${CMAKE_INSTALL_DATADIR}/weftline)
install(PROGRAMS packaging/slurm/prolog.sh DESTINATION ${CMAKE_INSTALL_DATADIR}/weftline/slurm)
install(FILES packaging/copyright DESTINATION ${CMAKE_INSTALL_DATADIR}/doc/weftline)
if(EXISTS ${CMAKE_SOURCE_DIR}/racks)
  install(DIRECTORY racks/ DESTINATION ${CMAKE_INSTALL_DATADIR}/weftline/racks
          FILES_MATCHING PATTERN "*.yaml" PATTERN "*.json")
endif()

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME weftline)
set(CPACK_PACKAGE_CONTACT "The Weftline project <weftline@example.org>")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "every lane of every link of a rack, and which one is wrong")
set(CPACK_DEBIAN_PACKAGE_DESCRIPTION
    "Weftline reads the links between processors, accelerators, network cards, memory
 and switches of this machine (PCIe, CXL, Ethernet, InfiniBand, NVLink) and says
 which one is up but wrong. It only reads, and needs no root.")
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SECTION admin)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_OUTPUT_FILE_PREFIX ${CMAKE_BINARY_DIR}/packages)
include(CPack)
