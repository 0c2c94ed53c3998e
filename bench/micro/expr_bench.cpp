// Conditions and arguments: compiled once per plan, evaluated in every run.
#include <benchmark/benchmark.h>

#include "core/expr/compile.h"
#include "core/expr/template.h"

namespace tenuto::bench {
namespace {

constexpr const char* kCondition = R"(input.person.role == "engineer" && input.person.grade > 3)";
const expr::Operand kInput{expr::Operand::Kind::value,
                           R"({"person":{"name":"Ada","role":"engineer","grade":5}})"};

void BM_ExpressionCompile(benchmark::State& state) {
  for (auto _ : state) benchmark::DoNotOptimize(expr::compile(kCondition));
}
BENCHMARK(BM_ExpressionCompile);

void BM_ExpressionCondition(benchmark::State& state) {
  const expr::Program program = *expr::compile(kCondition);
  expr::Evaluator evaluator;
  for (auto _ : state) benchmark::DoNotOptimize(evaluator.evaluate(program, std::span(&kInput, 1)).is_true());
}
BENCHMARK(BM_ExpressionCondition);

void BM_TemplateRender(benchmark::State& state) {
  const auto pattern =
      json::Document::parse(R"({"to": "${input.person.name}", "text": "Welcome ${input.person.name}!"})");
  const expr::Template compiled = *expr::compile_template(pattern->root());
  expr::Evaluator evaluator;
  Bytes out;
  for (auto _ : state) {
    out.clear();
    benchmark::DoNotOptimize(expr::render(compiled, std::span(&kInput, 1), evaluator, out).ok());
  }
}
BENCHMARK(BM_TemplateRender);

}  // namespace
}  // namespace tenuto::bench
