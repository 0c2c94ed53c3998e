// Those who run bodies: hosts that poll, native bodies on workers, and native bodies on threads, all of them unreliable.
#pragma once

#include <set>
#include <vector>

#include "tests/sim/world.h"

namespace tenuto::testing {

class Bodies {
 public:
  explicit Bodies(World& world) : world_(world) {}

  // Registers what is there from the beginning and what was registered before the process died.
  void register_again();
  void register_one_late();
  void register_all();
  [[nodiscard]] bool is_served(const std::string& action) const { return served_.contains(action); }

  // Each does one thing, or nothing and returns false.
  bool poll();
  bool begin_one();
  bool give_back_one();
  bool report_one();
  bool report_together();
  bool run_thread_body();
  // What a host must not do, and the engine must shrug off.
  void misuse();
  // Every body that is out comes back, one after the other.
  bool report_any();

  // The process died, and its hosts with it.
  void forget();
  [[nodiscard]] bool is_idle() const { return polled_.empty() && out_.empty(); }

 private:
  struct Out {
    TicketToken token;
    RunNumber run;
    int node;
    std::uint32_t attempt;
    MonoTime began;
    Nanos timeout;
    bool stuck;  // it comes back at the very end only
  };
  void add(const std::string& action);
  // True when the body may go on.
  BodyEntry* begin(const BodyCall& call);
  void decide(BodyEntry& entry, BodyReport& report);
  void run_native(const BodyCall& call, BodyReport& report);
  bool run_span(const SpanCall& span, BodyReport& report);
  // Its outcome is drawn; it is out no longer.
  BodyReport take_out(std::size_t index, Out& out, BodyEntry*& entry);
  void report(std::size_t index);
  [[nodiscard]] std::size_t padding();

  World& world_;
  std::set<std::string> served_;
  std::vector<TicketToken> polled_;
  std::vector<Out> out_;
  std::vector<TicketToken> returned_;
  std::size_t large_left_ = 4;
  Happening native_kind_ = Happening::bodies_inline;
};

}  // namespace tenuto::testing
