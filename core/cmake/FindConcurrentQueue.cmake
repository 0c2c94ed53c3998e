# moodycamel ConcurrentQueue is headers only. Defines ConcurrentQueue::ConcurrentQueue.
find_path(ConcurrentQueue_INCLUDE_DIR concurrentqueue/concurrentqueue.h PATH_SUFFIXES . moodycamel)
include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(ConcurrentQueue REQUIRED_VARS ConcurrentQueue_INCLUDE_DIR
  REASON_FAILURE_MESSAGE "install it with: apt-get install libconcurrentqueue-dev (or: make setup)")
if(ConcurrentQueue_FOUND AND NOT TARGET ConcurrentQueue::ConcurrentQueue)
  add_library(ConcurrentQueue::ConcurrentQueue INTERFACE IMPORTED)
  target_include_directories(ConcurrentQueue::ConcurrentQueue SYSTEM INTERFACE "${ConcurrentQueue_INCLUDE_DIR}")
endif()
