// The parts of tenuto_bench: each measures one thing and adds its figures to the report. A part makes its stores in scratch
// directories below `options.dir` and removes them before the next round.
#pragma once

#include "bench/options.h"
#include "bench/report.h"

namespace tenuto::bench {

using Measure = void (*)(const Options& options, Report& report);

void measure_shapes(const Options& options, Report& report);
void measure_throughput(const Options& options, Report& report);
void measure_chain(const Options& options, Report& report);
void measure_latency(const Options& options, Report& report);
void measure_offered_load(const Options& options, Report& report);
void measure_crowd(const Options& options, Report& report);
void measure_recovery(const Options& options, Report& report);
void measure_waiting(const Options& options, Report& report);
void measure_listing(const Options& options, Report& report);
void measure_space(const Options& options, Report& report);
void measure_history(const Options& options, Report& report);
void measure_idle(const Options& options, Report& report);

}  // namespace tenuto::bench
