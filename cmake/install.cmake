# What `cmake --install` and the Debian packages hold: the program with its man pages, completions, documentation
# and example (component `program`), and the library with its headers and pkg-config file (component `development`).
#
# Pages and completions are written at install time by the program itself, off its table of commands. Every room's header
# is installed unchanged as vigil/ROOM/ROOM.h, which is how headers name each other, with a link vigil/ROOM.h beside it
# for those who use it.

set(VIGIL_LIBRARY_ROOMS ${VIGIL_ROOMS})
set(VIGIL_OBJECTS)
set(VIGIL_REQUIRES)
set(VIGIL_DEB_DEV)
foreach(ROOM ${VIGIL_LIBRARY_ROOMS})
  list(APPEND VIGIL_OBJECTS $<TARGET_OBJECTS:${ROOM}>)
endforeach()
add_library(vigil_library STATIC ${VIGIL_OBJECTS})
set_target_properties(vigil_library PROPERTIES OUTPUT_NAME vigil LINKER_LANGUAGE C)

get_property(VIGIL_MODULES GLOBAL PROPERTY VIGIL_MODULES)
list(JOIN VIGIL_MODULES " " VIGIL_REQUIRES)
file(RELATIVE_PATH VIGIL_PREFIX /${CMAKE_INSTALL_LIBDIR}/pkgconfig /)
file(CONFIGURE OUTPUT ${CMAKE_BINARY_DIR}/generated/vigil.pc @ONLY CONTENT
"prefix=\${pcfiledir}/@VIGIL_PREFIX@
libdir=\${prefix}/@CMAKE_INSTALL_LIBDIR@
includedir=\${prefix}/@CMAKE_INSTALL_INCLUDEDIR@

Name: vigil
Description: @PROJECT_DESCRIPTION@
Version: @PROJECT_VERSION@
Requires: @VIGIL_REQUIRES@
Cflags: -I\${includedir} -I\${includedir}/vigil
Libs: -L\${libdir} -lvigil -lpthread -lm
")

install(TARGETS vigil COMPONENT program)
install(TARGETS vigil_library COMPONENT development)
install(FILES ${CMAKE_BINARY_DIR}/generated/vigil.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig COMPONENT development)
foreach(ROOM ${VIGIL_LIBRARY_ROOMS})
  string(REPLACE "vg_" "" ROOM ${ROOM})
  # A room's header may stand in parts of the same room, which it includes.
  file(STRINGS src/${ROOM}/${ROOM}.h PARTS REGEX "^#include \"${ROOM}/")
  list(TRANSFORM PARTS REPLACE "^#include \"(.*)\".*" "src/\\1")
  install(FILES src/${ROOM}/${ROOM}.h ${PARTS} DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/vigil/${ROOM} COMPONENT development)
  install(CODE "file(CREATE_LINK ${ROOM}/${ROOM}.h
    \"\$ENV{DESTDIR}\${CMAKE_INSTALL_PREFIX}/${CMAKE_INSTALL_INCLUDEDIR}/vigil/${ROOM}.h\" SYMBOLIC)" COMPONENT development)
endforeach()
# What the README and --help refer to, in the same places.
install(FILES README.md CHANGELOG.md SECURITY.md DESTINATION ${CMAKE_INSTALL_DOCDIR} COMPONENT program)
install(DIRECTORY docs examples DESTINATION ${CMAKE_INSTALL_DOCDIR} COMPONENT program)

# The pages carry the date of the newest version in CHANGELOG.md, so that a build tomorrow gives the same bytes.
file(STRINGS CHANGELOG.md CHANGELOG_DATES REGEX "^## .*[0-9]+-[0-9]+-[0-9]+")
string(REGEX MATCH "[0-9]+-[0-9]+-[0-9]+" VIGIL_DATE "${CHANGELOG_DATES}")
install(CODE "set(VIGIL_DATE ${VIGIL_DATE})
  set(VIGIL $<TARGET_FILE:vigil>)
  set(SHARE \"\$ENV{DESTDIR}\${CMAKE_INSTALL_PREFIX}/${CMAKE_INSTALL_DATADIR}\")
  set(COMMANDS_C ${COMMANDS_C})
  include(${CMAKE_SOURCE_DIR}/cmake/pages.cmake)" COMPONENT program)

# ---- Debian packages: cpack -G DEB --------------------------------------------------------------------------------------
set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME vigil)
set(CPACK_PACKAGE_CONTACT "Vigil maintainers <maintainers@vigil.invalid>")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "${PROJECT_DESCRIPTION}")
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES ON)
set(CPACK_COMPONENTS_ALL program development)
set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SECTION admin)
set(CPACK_DEBIAN_PROGRAM_PACKAGE_NAME vigil)
set(CPACK_DEBIAN_PROGRAM_PACKAGE_SHLIBDEPS ON)
set(CPACK_COMPONENT_PROGRAM_DESCRIPTION
  "Vigil reads what AWS itself exports about an organisation and answers, with\nevidence, how securely it is operated and what to do first.")
set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_NAME libvigil-dev)
set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_SECTION libdevel)
set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_DEPENDS
  "libssl-dev, libyaml-dev, libdeflate-dev, libmaxminddb-dev, libisal-dev, zlib1g-dev, libzstd-dev, libarchive-dev, libpcre2-dev, libsqlite3-dev")
set(CPACK_COMPONENT_DEVELOPMENT_DESCRIPTION "The engines of Vigil as a static C library, with headers and pkg-config file.")
include(CPack)
