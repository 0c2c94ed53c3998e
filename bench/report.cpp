#include "bench/report.h"

#include <cinttypes>
#include <cstdio>

#include "bench/machine.h"

namespace tenuto::bench {

namespace {

std::string quoted(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    if (static_cast<unsigned char>(c) >= 0x20) out += c;
  }
  return out + '"';
}

void write_object(std::FILE* out, const std::map<std::string, std::string>& entries) {
  const char* separator = "{";
  for (const auto& [name, value] : entries) {
    std::fprintf(out, "%s%s: %s", separator, quoted(name).c_str(), quoted(value).c_str());
    separator = ", ";
  }
  std::fputs(entries.empty() ? "{}" : "}", out);
}

void write_figure(std::FILE* out, const std::string& group, const Figure& f) {
  std::fprintf(out, "{\"group\": %s, \"name\": %s, \"value\": %.9g, \"unit\": %s", quoted(group).c_str(),
               quoted(f.name).c_str(), f.median(), quoted(f.unit).c_str());
  std::fprintf(
      out, ", \"vs\": %s, \"against\": %.9g, \"ratio\": %.6g, \"min\": %.9g, \"median\": %.9g, \"runs\": [",
      quoted(f.vs).c_str(), median_of(f.vs_runs), f.ratio(), f.min(), f.median());
  for (std::size_t i = 0; i < f.runs.size(); ++i) std::fprintf(out, "%s%.9g", i == 0 ? "" : ", ", f.runs[i]);
  const auto reached = f.reached();
  std::fprintf(out, "], \"goal\": %s, \"reached\": %s}", quoted(f.goal_text()).c_str(),
               !reached   ? "null"
               : *reached ? "true"
                          : "false");
}

void print_head(const std::string& group) {
  std::printf("\n%-50s %11s %11s  %-10s %-26s %9s %7s  goal\n", group.c_str(), "median", "min", "unit",
              "held against", "at", "ratio");
}

void print_line(const Figure& f) {
  std::printf("%-50s %11.4g %11.4g  %-10s", f.name.c_str(), f.median(), f.min(), f.unit.c_str());
  if (!f.vs.empty()) {
    std::printf(" %-26s %9.4g %7.3g", f.vs.c_str(), median_of(f.vs_runs), f.ratio());
  } else if (f.goal) {
    std::printf(" %-26s %9s %7s", "", "", "");
  }
  if (const auto reached = f.reached()) {
    std::printf("  %-16s %s", f.goal_text().c_str(), *reached ? "reached" : "not reached");
  }
  std::printf("\n");
}

}  // namespace

void Report::begin(std::string_view group) {
  group_ = group;
  std::fprintf(stderr, "%s …\n", group_.c_str());
}

void Report::add(Figure figure) {
  if (smoke_) figure.goal.reset();
  entries_.push_back({group_, std::move(figure)});
}

void Report::worked(std::string_view what, std::uint64_t count) {
  const auto mix = [this](unsigned char byte) { work_ = (work_ ^ byte) * 0x100000001b3; };
  for (const char c : what) mix(static_cast<unsigned char>(c));
  for (int shift = 0; shift < 64; shift += 8) mix(static_cast<unsigned char>(count >> shift));
}

void Report::print() {
  std::string group;
  for (; printed_ < entries_.size(); ++printed_) {
    const Entry& entry = entries_[printed_];
    if (entry.figure.detail) continue;
    if (entry.group != group) {
      group = entry.group;
      print_head(group);
    }
    print_line(entry.figure);
  }
  std::fflush(stdout);
}

bool Report::write_json(const std::string& path) const {
  std::FILE* out = std::fopen(path.c_str(), "w");
  if (out == nullptr) return false;
  std::fputs("{\"machine\": ", out);
  write_object(out, this_machine());
  std::fputs(",\n \"peers\": ", out);
  write_object(out, peers_);
  std::fprintf(out, ",\n \"smoke\": %s,\n \"work\": \"%016" PRIx64 "\",\n \"figures\": [",
               smoke_ ? "true" : "false", work_);
  const char* separator = "\n  ";
  for (const Entry& entry : entries_) {
    std::fputs(separator, out);
    write_figure(out, entry.group, entry.figure);
    separator = ",\n  ";
  }
  std::fputs("\n]}\n", out);
  return std::fclose(out) == 0;
}

}  // namespace tenuto::bench
