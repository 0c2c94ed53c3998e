// The parts of tenuto_bench: each measures one thing and adds its figures to the report.
#pragma once

#include "bench/macro/store_scratch.h"
#include "bench/options.h"
#include "bench/report.h"

namespace tenuto::bench {

using Measure = void (*)(const Options& options, Scratch& scratch, Report& report);

void measure_shapes(const Options& options, Scratch& scratch, Report& report);
void measure_throughput(const Options& options, Scratch& scratch, Report& report);
void measure_latency(const Options& options, Scratch& scratch, Report& report);
void measure_recovery(const Options& options, Scratch& scratch, Report& report);

}  // namespace tenuto::bench
