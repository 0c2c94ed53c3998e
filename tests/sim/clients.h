// Those who start runs, wait for them, ask for their state and cancel them, and hold every answer against the disk.
#pragma once

#include <vector>

#include "core/query/load.h"
#include "tests/sim/senders.h"

namespace tenuto::testing {

class Clients {
 public:
  Clients(World& world, std::vector<SimWorkflow>& workflows, std::size_t runs_max)
      : world_(world), workflows_(workflows), runs_left_(runs_max) {}

  // Each makes one request, or nothing and returns false.
  bool start();
  bool start_many();
  bool ask_for_end(RunNumber number, const WaiterRef& waiter);
  bool await();
  bool ask();
  bool ask_often();
  bool cancel();
  // Looks at the store as it is.
  bool read(Senders& senders);
  // Looks at every request that was answered.
  void look();
  // Calls for all runs at once, at the end.
  void await_all();
  // A run that is no longer live must be in the tables, as it ended, unless retention forgot it.
  std::string check_gone(RunRecord& record);
  [[nodiscard]] bool has_open_requests() const { return !pending_.empty(); }
  void start_at_most(std::size_t runs) { runs_left_ = std::min(runs_left_, runs); }

  // The process died: nothing will be answered.
  void forget() { pending_.clear(); }

 private:
  enum class Kind : std::uint8_t { start, refusal, end, state, cancel };
  struct Request {
    Kind kind;
    RunNumber run;
    WaiterRef waiter;
    bool is_new = false;  // a start that made its run
  };
  RunRecord* any_run();
  void check(const Request& request, const RunAnswer& answer);
  std::string check_start(const RunRecord& record, const RunAnswer& answer) const;
  std::string check_end(RunRecord& record, RunAnswer answer) const;
  std::string check_state(RunRecord& record, RunAnswer answer) const;
  std::string check_cancel(RunRecord& record, const RunAnswer& answer) const;
  [[nodiscard]] bool runs_ahead() const { return world_.setting().runs_ahead(); }
  std::string check_read(const View& view, RunRecord& record);
  // The tables can be read and have no end of it.
  [[nodiscard]] bool is_out_of_the_tables(const RunRecord& record);
  void start_as(const std::string& id, const SimWorkflow& workflow, const SimValue& input);
  SimValue draw_input();
  [[nodiscard]] bool is_excused(Code code) const;

  World& world_;
  std::vector<SimWorkflow>& workflows_;
  std::size_t runs_left_;
  std::vector<Request> pending_;
  PlanCache plans_;
};

}  // namespace tenuto::testing
