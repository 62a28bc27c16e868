// The main object: the largest closed outline of the edges.
#include <algorithm>
#include <opencv2/imgproc.hpp>

#include "features/graph.h"

namespace triage {

void compute_object(FeatureWork& work) {
  work.values[kAreaByPerim] = 0;
  work.values[kAspectRatio] = 1;
  const int width = work.gray.width;
  const int height = work.gray.height;
  const cv::Mat edges(height, width, CV_8UC1, work.edges.data());
  cv::Mat closed;
  cv::morphologyEx(edges, closed, cv::MORPH_CLOSE, cv::getStructuringElement(cv::MORPH_ELLIPSE, {5, 5}));
  std::vector<std::vector<cv::Point>> contours;
  cv::findContours(closed, contours, cv::RETR_EXTERNAL, cv::CHAIN_APPROX_NONE);
  const std::vector<cv::Point>* object = nullptr;
  double area = -1;
  for (const std::vector<cv::Point>& contour : contours) {
    const double contour_area = cv::contourArea(contour);
    if (contour_area <= area) continue;
    area = contour_area;
    object = &contour;
  }
  if (object == nullptr) return;
  const double perimeter = cv::arcLength(*object, true);
  const cv::Rect box = cv::boundingRect(*object);
  // A single point has no perimeter.
  if (perimeter > 0)
    work.values[kAreaByPerim] = static_cast<float>(area / perimeter / std::min(width, height));
  work.values[kAspectRatio] = static_cast<float>(static_cast<double>(box.width) / box.height);
}

}  // namespace triage
