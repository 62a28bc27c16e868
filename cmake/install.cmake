# What `cmake --install` makes: a tree that runs and links without this clone, its build or its virtual environment.
#   bin/triage                      finds OpenVINO relative to itself
#   lib/libtriage*.a, include/      static: one program to ship, and the linker drops what it does not use
#   lib/triage/openvino/            OpenVINO's shared libraries: core, CPU plugin, the readers we use, its TBB
#   lib/cmake/triage/               find_package(triage) -> triage::triage, triage::tools
include(CMakePackageConfigHelpers)

set(triage_cmake_dir ${CMAKE_INSTALL_LIBDIR}/cmake/triage)
set(triage_openvino_dir ${CMAKE_INSTALL_LIBDIR}/triage/openvino)
set(triage_openvino_library "")

install(TARGETS triage EXPORT triageTargets ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR}
  FILE_SET HEADERS DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
if(TRIAGE_BUILD_TOOLS)
  install(TARGETS triage_tools triage_imagenet EXPORT triageTargets ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR}
    FILE_SET HEADERS DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
  if(TRIAGE_WITH_SERVE)
    install(TARGETS triage_serve EXPORT triageTargets ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR}
      FILE_SET HEADERS DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
  endif()
  set_target_properties(triage_cli PROPERTIES INSTALL_RPATH "$ORIGIN/../${triage_openvino_dir}")
  install(TARGETS triage_cli RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
endif()

if(TRIAGE_WITH_OPENVINO)
  get_target_property(triage_openvino_core openvino::runtime IMPORTED_LOCATION_RELEASE)
  get_filename_component(triage_openvino_source "${triage_openvino_core}" DIRECTORY)
  get_filename_component(triage_openvino_library "${triage_openvino_core}" NAME)
  # The wheel keeps them all in one folder, and each finds the others beside itself.
  file(GLOB triage_openvino_files
    "${triage_openvino_source}/libopenvino_*_cpu_plugin.so"
    "${triage_openvino_source}/libopenvino_ir_frontend.so.*"
    "${triage_openvino_source}/libopenvino_onnx_frontend.so.*"
    "${triage_openvino_source}/libopenvino_tensorflow_lite_frontend.so.*"
    "${triage_openvino_source}/libtbb.so.*"
    "${triage_openvino_source}/libtbbbind_*.so.*"
    "${triage_openvino_source}/libtbbmalloc.so.*"
    "${triage_openvino_source}/libhwloc.so.*")
  if(NOT triage_openvino_files MATCHES "cpu_plugin")
    message(WARNING "OpenVINO's CPU plugin is not in ${triage_openvino_source}: an installed triage will not run models")
  endif()
  install(FILES ${triage_openvino_core} ${triage_openvino_files} DESTINATION ${triage_openvino_dir})
  file(GLOB triage_openvino_licenses "${triage_openvino_source}/../../openvino-*.dist-info/licenses")
  if(triage_openvino_licenses)
    install(DIRECTORY ${triage_openvino_licenses}/ DESTINATION ${CMAKE_INSTALL_DOCDIR}/openvino)
  endif()
endif()

install(EXPORT triageTargets NAMESPACE triage:: DESTINATION ${triage_cmake_dir})
configure_package_config_file(cmake/triageConfig.cmake.in ${PROJECT_BINARY_DIR}/triageConfig.cmake
  INSTALL_DESTINATION ${triage_cmake_dir} PATH_VARS triage_openvino_dir)
write_basic_package_version_file(${PROJECT_BINARY_DIR}/triageConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/triageConfig.cmake ${PROJECT_BINARY_DIR}/triageConfigVersion.cmake
  ${PROJECT_SOURCE_DIR}/cmake/FindTriageOpenCV.cmake DESTINATION ${triage_cmake_dir})
