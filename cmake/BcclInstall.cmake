# What `cmake --install` lays down. The prefix may be moved afterwards: nothing in it names its own place.
include(CMakePackageConfigHelpers)

set(package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/bccl)
set(generated_dir ${PROJECT_BINARY_DIR}/install)

install(TARGETS bccl LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(DIRECTORY include/bccl DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} FILES_MATCHING PATTERN *.h)
if(TARGET bccl_tool)
  install(TARGETS bccl_tool RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
  get_property(perf_programs GLOBAL PROPERTY BCCL_PERF_PROGRAMS)
  list(TRANSFORM perf_programs PREPEND $<TARGET_FILE_DIR:bccl_tool>/)
  install(FILES ${perf_programs} DESTINATION ${CMAKE_INSTALL_BINDIR})  # links
endif()
install(FILES LICENSE README.md DESTINATION ${CMAKE_INSTALL_DOCDIR})
install(DIRECTORY docs examples DESTINATION ${CMAKE_INSTALL_DOCDIR})

# The package is written by hand rather than exported: an export would ask users for the libraries that ours is made
# with, and the C API needs none of them.
configure_package_config_file(cmake/bcclConfig.cmake.in ${generated_dir}/bcclConfig.cmake
  INSTALL_DESTINATION ${package_dir} PATH_VARS CMAKE_INSTALL_INCLUDEDIR CMAKE_INSTALL_LIBDIR
  NO_CHECK_REQUIRED_COMPONENTS_MACRO)
# Before 1.0 a minor version may change the interface.
write_basic_package_version_file(${generated_dir}/bcclConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${generated_dir}/bcclConfig.cmake ${generated_dir}/bcclConfigVersion.cmake DESTINATION ${package_dir})

set(pkgconfig_dir ${CMAKE_INSTALL_FULL_LIBDIR}/pkgconfig)
file(RELATIVE_PATH libdir_from_pc ${pkgconfig_dir} ${CMAKE_INSTALL_FULL_LIBDIR})
file(RELATIVE_PATH includedir_from_pc ${pkgconfig_dir} ${CMAKE_INSTALL_FULL_INCLUDEDIR})
configure_file(cmake/bccl.pc.in ${generated_dir}/bccl.pc @ONLY)
install(FILES ${generated_dir}/bccl.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
