// Random trees and mutated texts. A failure prints its seed.
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <string>

#include "core/base/random.h"
#include "core/payload/json.h"
#include "core/payload/json_scan.h"

namespace tenuto::json {
namespace {

Bytes random_text(Random& random) {
  Bytes text;
  for (std::uint64_t n = random.below(20); n > 0; --n) {
    switch (random.below(4)) {
      case 0:
        append_utf8(text, static_cast<std::uint32_t>(random.below(0x20)));
        break;
      case 1:
        append_utf8(text, static_cast<std::uint32_t>(0xE000 + random.below(0x102000)));
        break;
      default:
        append_utf8(text, static_cast<std::uint32_t>(' ' + random.below(0x60)));
    }
  }
  return text;
}

double random_double(Random& random) {
  double v;
  do {
    const std::uint64_t bits = random.next();
    std::memcpy(&v, &bits, sizeof v);
  } while (!std::isfinite(v));
  return random.chance(1, 3) ? std::floor(std::fmod(v, 1e6)) : v;
}

// Writes a random tree and, in a form of its own, what it wrote.
void write_random(Random& random, int depth, Writer& writer, Bytes& trace) {
  switch (random.below(depth > 0 ? 8 : 5)) {
    case 0:
      writer.null();
      trace += "n";
      return;
    case 1:
      writer.boolean(true);
      trace += "t";
      return;
    case 2: {
      const auto v = static_cast<std::int64_t>(random.next() >> random.below(64));
      writer.integer(v);
      trace += "i" + std::to_string(v);
      return;
    }
    case 3: {
      const double v = random_double(random);
      writer.number(v);
      trace.append("d").append(reinterpret_cast<const char*>(&v), sizeof v);
      return;
    }
    case 4: {
      const Bytes text = random_text(random);
      writer.string(text);
      trace += "s" + std::to_string(text.size()) + ":" + text;
      return;
    }
    case 5: {
      writer.begin_array();
      trace += "[";
      for (std::uint64_t n = random.below(5); n > 0; --n) write_random(random, depth - 1, writer, trace);
      writer.end_array();
      trace += "]";
      return;
    }
    default: {
      writer.begin_object();
      trace += "{";
      const std::uint64_t count = random.chance(1, 10) ? 50 : random.below(5);
      for (std::uint64_t n = 0; n < count; ++n) {
        Bytes key = std::to_string(n);
        if (random.chance(1, 4)) key += "." + random_text(random);
        writer.key(key);
        trace += "k" + std::to_string(key.size()) + ":" + key;
        write_random(random, depth - 1, writer, trace);
      }
      writer.end_object();
      trace += "}";
    }
  }
}

void trace_of(const Value& v, Bytes& trace) {
  switch (v.kind()) {
    case Kind::null:
      trace += "n";
      return;
    case Kind::boolean:
      trace += "t";
      return;
    case Kind::integer:
      trace += "i" + std::to_string(v.as_integer());
      return;
    case Kind::number: {
      const double d = v.as_double();
      trace.append("d").append(reinterpret_cast<const char*>(&d), sizeof d);
      return;
    }
    case Kind::string:
      trace += "s" + std::to_string(v.as_string().size()) + ":" + Bytes(v.as_string());
      return;
    case Kind::big:
      trace += "big";
      return;
    case Kind::array:
      trace += "[";
      for (const Value& item : v.elements()) trace_of(item, trace);
      trace += "]";
      return;
    case Kind::object:
      trace += "{";
      for (const Member m : v.members()) {
        trace += "k" + std::to_string(m.key().size()) + ":" + Bytes(m.key());
        trace_of(m.value, trace);
      }
      trace += "}";
  }
}

Bytes random_document(Random& random, Bytes& trace) {
  Bytes text;
  Writer writer(text);
  write_random(random, 5, writer, trace);
  return text;
}

TEST(JsonProperty, WhatIsWrittenReadsBackTheSame) {
  Parser parser;
  for (std::uint64_t seed = 1; seed <= 3000; ++seed) {
    Random random(seed);
    Bytes trace;
    const Bytes text = random_document(random, trace);
    const auto root = parser.parse(text, Duplicates::reject);
    ASSERT_TRUE(root.ok()) << "seed=" << seed << " " << root.status().message();
    Bytes read;
    trace_of(**root, read);
    ASSERT_EQ(read, trace) << "seed=" << seed;
    ASSERT_EQ((*root)->raw(), text) << "seed=" << seed;
  }
}

TEST(JsonProperty, AMutatedTextIsReadOrRefusedWithAPlaceInIt) {
  Parser parser;
  for (std::uint64_t seed = 1; seed <= 10'000; ++seed) {
    Random random(seed * 7919);
    Bytes trace;
    Bytes text = random_document(random, trace);
    for (std::uint64_t n = 1 + random.below(4); n > 0 && !text.empty(); --n) {
      const std::size_t at = random.below(text.size());
      switch (random.below(4)) {
        case 0:
          text.erase(at, 1 + random.below(4));
          break;
        case 1:
          text.insert(at, 1, "{}[]\",:\\u0e-.tn \xFF\xC3"[random.below(17)]);
          break;
        case 2:
          text[at] = static_cast<char>(random.next());
          break;
        default:
          text.resize(at);
      }
    }
    // A copy of exact size lets a sanitizer see any read behind the end.
    const std::string exact(text);
    const auto root = parser.parse(exact);
    if (root.ok()) {
      Bytes read;
      trace_of(**root, read);
      ASSERT_TRUE(is_utf8(exact)) << "seed=" << seed;
    } else {
      ASSERT_FALSE(root.status().message().empty()) << "seed=" << seed;
      ASSERT_GE(parser.error_at().line, 1u);
    }
    ByteView member;
    static_cast<void>(find_member(exact, "0", member));
  }
}

TEST(JsonProperty, AScanAgreesWithTheTree) {
  Parser parser;
  int found = 0;
  for (std::uint64_t seed = 1; seed <= 3000; ++seed) {
    Random random(seed * 104'729);
    Bytes trace;
    const Bytes text = random_document(random, trace);
    const auto root = parser.parse(text);
    ASSERT_TRUE(root.ok());
    if (!(*root)->is_object()) continue;
    ByteView member;
    ASSERT_NE(find_member(text, "no such key", member), Scan::found) << "seed=" << seed;
    for (const Member m : (*root)->members()) {
      const Scan scan = find_member(text, m.key(), member);
      ASSERT_NE(scan, Scan::absent) << "seed=" << seed;
      if (scan != Scan::found) continue;
      ++found;
      ASSERT_EQ(member, m.value.raw()) << "seed=" << seed;
    }
  }
  EXPECT_GT(found, 500);
}

}  // namespace
}  // namespace tenuto::json
