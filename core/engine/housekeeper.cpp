#include "core/engine/housekeeper.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include "core/engine/thread.h"

namespace tenuto {
namespace {

itimerspec at(Nanos ns) {
  itimerspec spec{};
  // Zero would disarm it: what is due already is due one nanosecond after the clock's start.
  ns = std::max<Nanos>(ns, 1);
  spec.it_value.tv_sec = ns / kSecond;
  spec.it_value.tv_nsec = ns % kSecond;
  return spec;
}

// Empties a descriptor; false when there was nothing to read.
bool drain(int fd) {
  std::array<char, 4096> buffer;
  bool any = false;
  while (::read(fd, buffer.data(), buffer.size()) > 0) any = true;
  return any;
}

}  // namespace

Housekeeper::Housekeeper(TimerService& timers, Duties duties) : timers_(timers), duties_(std::move(duties)) {}

Housekeeper::~Housekeeper() {
  stop();
  for (const int fd : {wake_fd_, wall_fd_, mono_fd_, watch_fd_}) {
    if (fd >= 0) ::close(fd);
  }
}

Status Housekeeper::open_descriptors() {
  wake_fd_ = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  wall_fd_ = ::timerfd_create(CLOCK_REALTIME, TFD_CLOEXEC | TFD_NONBLOCK);
  mono_fd_ = ::timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
  bool opened = wake_fd_ >= 0 && wall_fd_ >= 0 && mono_fd_ >= 0;
  if (opened && !duties_.inbox.empty()) {
    watch_fd_ = ::inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
    opened = watch_fd_ >= 0 && ::inotify_add_watch(watch_fd_, duties_.inbox.c_str(), IN_MOVED_TO) >= 0;
  }
  if (opened) return {};
  return {Code::storage_error,
          std::string("no descriptor for timers and the inbox: ") + std::strerror(errno)};
}

Status Housekeeper::start() {
  TN_TRY(open_descriptors());
  timers_.set_earlier_callback([this] { wake(); });
  return start_thread(thread_, "tenuto-house", [this] { run(); });
}

void Housekeeper::stop() {
  if (!thread_.joinable()) return;
  stopping_.store(true, std::memory_order_release);
  wake();
  thread_.join();
}

void Housekeeper::wake() {
  const std::uint64_t one = 1;
  // Fails only when the counter is full: then it is readable already.
  [[maybe_unused]] const ssize_t written = ::write(wake_fd_, &one, sizeof one);
}

void Housekeeper::arm() {
  const auto wall = timers_.next_wall();
  const itimerspec wall_spec = wall.has_value() ? at(wall->ns) : itimerspec{};
  // CANCEL_ON_SET: a jump of the clock makes the descriptor readable, with ECANCELED.
  ::timerfd_settime(wall_fd_, TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET, &wall_spec, nullptr);
  const auto mono = timers_.next_mono();
  const itimerspec mono_spec = mono.has_value() ? at(mono->ns) : itimerspec{};
  ::timerfd_settime(mono_fd_, TFD_TIMER_ABSTIME, &mono_spec, nullptr);
}

void Housekeeper::run() {
  if (duties_.read_inbox) duties_.read_inbox();
  while (!stopping_.load(std::memory_order_acquire)) {
    arm();
    std::array<pollfd, 4> fds = {pollfd{wake_fd_, POLLIN, 0}, pollfd{wall_fd_, POLLIN, 0},
                                 pollfd{mono_fd_, POLLIN, 0}, pollfd{watch_fd_, POLLIN, 0}};
    if (::poll(fds.data(), watch_fd_ >= 0 ? 4 : 3, -1) < 0 && errno != EINTR) return;
    drain(wake_fd_);
    drain(wall_fd_);
    drain(mono_fd_);
    duties_.fire_timers();
    if (watch_fd_ >= 0 && drain(watch_fd_)) duties_.read_inbox();
  }
}

}  // namespace tenuto
