#include "core/plan/canonical.h"

#include <xxhash.h>

#include <algorithm>
#include <string>
#include <vector>

#include "core/plan/duration.h"

namespace tenuto {
namespace {

// Keys are written in the order of their bytes.
class CanonicalWriter {
 public:
  CanonicalWriter(const WorkflowSpec& spec, NormalTexts& texts, Bytes& out)
      : spec_(spec), texts_(texts), writer_(out) {}

  void workflow() {
    writer_.begin_object();
    value("input", spec_.input_schema);
    value("labels", spec_.labels);
    writer_.key("name").string(spec_.name);
    if (spec_.output && normal(spec_.output->text) != "null")
      writer_.key("output").raw(normal(spec_.output->text));
    nodes(spec_.nodes);
    writer_.key("tenuto").integer(1);
    writer_.end_object();
  }

 private:
  ByteView normal(const std::string& text) {
    const Result<ByteView> normal = texts_.normal(text);
    TN_CHECK(normal.ok());
    return *normal;
  }

  // An object that may be left out when it is empty.
  void value(ByteView key, const std::string& text) {
    if (!text.empty() && normal(text) != "{}") writer_.key(key).raw(normal(text));
  }

  void nodes(const std::vector<NodeSpec>& nodes) {
    writer_.key("tasks").begin_object();
    for (const NodeSpec& node : nodes) {
      writer_.key(node.name).begin_object();
      if (node.is_switch()) {
        needs(node);
        arms(node);
      } else {
        task(node);
      }
      writer_.end_object();
    }
    writer_.end_object();
  }

  void task(const NodeSpec& node) {
    if (node.condition) writer_.key("if").string(node.condition->text);
    value("labels", node.labels);
    needs(node);
    write_policy(writer_, effective_policy(node.policy, spec_.defaults));
    writer_.key("use").string(node.action);
    value("with", node.with.text);
  }

  void arms(const NodeSpec& node) {
    writer_.key("switch").begin_array();
    for (const ArmSpec& arm : node.arms) {
      writer_.begin_object();
      if (arm.condition) writer_.key("if").string(arm.condition->text);
      nodes(arm.nodes);
      writer_.end_object();
    }
    writer_.end_array();
  }

  void needs(const NodeSpec& node) {
    if (node.needs.empty()) return;
    std::vector<ByteView> names(node.needs.size());
    std::transform(node.needs.begin(), node.needs.end(), names.begin(),
                   [](const NameRef& need) -> ByteView { return need.name; });
    std::sort(names.begin(), names.end());
    names.erase(std::unique(names.begin(), names.end()), names.end());
    writer_.key("needs").begin_array();
    for (const ByteView name : names) writer_.string(name);
    writer_.end_array();
  }

  const WorkflowSpec& spec_;
  NormalTexts& texts_;
  json::Writer writer_;
};

}  // namespace

Bytes canonical_form(const WorkflowSpec& spec, NormalTexts& texts) {
  Bytes out;
  CanonicalWriter(spec, texts, out).workflow();
  return out;
}

void write_policy(json::Writer& writer, const EffectivePolicy& policy) {
  if (policy.pool != kDefaultPool) writer.key("pool").string(policy.pool);
  if (policy.pure) writer.key("pure").boolean(true);
  if (policy.retry.attempts > 0) {
    writer.key("retry").begin_object();
    writer.key("attempts").integer(policy.retry.attempts);
    writer.key("backoff").string(duration_text(policy.retry.backoff));
    writer.key("factor").number(policy.retry.factor);
    writer.key("jitter").string(policy.retry.full_jitter ? "full" : "none");
    writer.key("max").string(duration_text(policy.retry.max));
    writer.end_object();
  }
  if (policy.timeout_ns > 0) writer.key("timeout").string(duration_text(policy.timeout_ns));
}

WorkflowHash hash_of(ByteView canonical_form) {
  const XXH128_hash_t hash = XXH3_128bits(canonical_form.data(), canonical_form.size());
  return {hash.high64, hash.low64};
}

}  // namespace tenuto
