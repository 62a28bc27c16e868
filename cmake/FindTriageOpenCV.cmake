# OpenCV's modules one by one: Debian's OpenCVConfig.cmake comes only with libopencv-dev, which pulls in GUI and GDAL.
# Defines TriageOpenCV::{core,imgproc,features2d}.
include(FindPackageHandleStandardArgs)
find_path(TriageOpenCV_INCLUDE_DIR opencv2/core.hpp PATH_SUFFIXES opencv4)
set(TriageOpenCV_required TriageOpenCV_INCLUDE_DIR)
foreach(module core imgproc features2d)
  find_library(TriageOpenCV_${module}_LIBRARY opencv_${module})
  list(APPEND TriageOpenCV_required TriageOpenCV_${module}_LIBRARY)
  if(TriageOpenCV_${module}_LIBRARY AND NOT TARGET TriageOpenCV::${module})
    add_library(TriageOpenCV::${module} UNKNOWN IMPORTED)
    set_target_properties(TriageOpenCV::${module} PROPERTIES
      IMPORTED_LOCATION "${TriageOpenCV_${module}_LIBRARY}"
      INTERFACE_INCLUDE_DIRECTORIES "${TriageOpenCV_INCLUDE_DIR}")
  endif()
endforeach()
find_package_handle_standard_args(TriageOpenCV REQUIRED_VARS ${TriageOpenCV_required})
