#include "tests/model/expect.h"

#include <algorithm>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <regex>
#include <set>

#include "tests/model/site_list.h"

namespace tenuto::testing {
namespace {

// The lines of a file of core/, from 1.
std::vector<std::string> lines_of(const std::string& file) {
  std::ifstream in(std::string(TENUTO_SOURCE_DIR) + "/" + file);
  EXPECT_TRUE(in.good()) << file;
  std::vector<std::string> lines(1);
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

class Weakenings {
 public:
  Weakenings(const std::vector<std::string>& files, const Cases& cases, const std::vector<Exempt>& exempt)
      : files_(files), exempt_(exempt) {
    std::copy_if(cases.begin(), cases.end(), std::back_inserter(cases_),
                 [](const Case& one) { return !one.is_large; });
    for (const std::string& file : files_) lines_.push_back(lines_of(file));
  }

  void run() {
    record();
    for (std::uint32_t i = 0; i < site_list().sites().size(); ++i) {
      const Site site = site_list().sites()[i];
      if (!is_ours(site)) continue;
      ++sites_;
      if (site.kind == SiteKind::wake_up) weaken(i, std::memory_order_relaxed, to_text(site) + " left out");
      for (const std::memory_order order : one_step_weaker(site))
        weaken(i, order, to_text(site) + " -> " + to_text(order));
    }
    expect_all_met();
    for (std::size_t i = 0; i < exempt_.size(); ++i)
      EXPECT_TRUE(used_.count(i) > 0) << "exempt for nothing: " << exempt_[i].file << ": " << exempt_[i].text;
    std::printf("%llu places, %llu weakenings: %llu noticed, %llu exempt; %llu executions\n", sites_,
                weakenings_, noticed_, weakenings_ - noticed_, runs_);
  }

 private:
  using Count = unsigned long long;

  void record() {
    site_list().record(true);
    for (const Case& one : cases_) runs_ += explore(one.make, one.options).runs;
    site_list().record(false);
  }

  void weaken(std::uint32_t site, std::memory_order order, const std::string& what) {
    ++weakenings_;
    const std::string* by = nullptr;
    bool was_endless = false;
    site_list().weaken(site, order);
    // The case that noticed the last one first: neighbours are often noticed together.
    for (std::size_t i = 0; i < cases_.size() && by == nullptr; ++i) {
      const Case& one = cases_[(last_ + i) % cases_.size()];
      const Exploration result = explore(one.make, one.options);
      runs_ += result.runs;
      was_endless |= result.endless;
      if (!result.failed || result.endless) continue;
      by = &one.name;
      last_ = (last_ + i) % cases_.size();
    }
    site_list().restore();
    noticed_ += by != nullptr ? 1 : 0;
    const bool may_pass = is_exempt(site_list().sites()[site], what);
    EXPECT_TRUE(by != nullptr || may_pass)
        << what << ": nothing notices" << (was_endless ? ", but a run doesn't end" : "");
    EXPECT_FALSE(by != nullptr && may_pass) << what << ": noticed by " << *by << " although exempt";
  }

  [[nodiscard]] bool is_ours(const Site& site) const {
    return std::find(files_.begin(), files_.end(), site.file) != files_.end();
  }
  [[nodiscard]] const std::vector<std::string>& lines(const std::string& file) const {
    return lines_[static_cast<std::size_t>(std::find(files_.begin(), files_.end(), file) - files_.begin())];
  }
  bool is_exempt(const Site& site, const std::string& what) {
    bool result = false;
    for (std::size_t i = 0; i < exempt_.size(); ++i) {
      const std::vector<std::string>& text = lines(site.file);
      if (exempt_[i].file != site.file || text[site.line].find(exempt_[i].text) == std::string::npos)
        continue;
      if (what.find(exempt_[i].which) == std::string::npos) continue;
      used_.insert(i);
      result = true;
    }
    return result;
  }

  void expect_all_met() {
    static const std::regex kAccess(
        R"([.>](load|store|exchange|fetch_add|fetch_sub|compare_exchange_strong|compare_exchange_weak)\(|unpark\(\)|wake_one\(|notify_(one|all)\(\))");
    static const std::regex kOrdered("acquire|release|acq_rel|seq_cst");
    for (const std::string& file : files_) {
      const std::vector<std::string>& text = lines(file);
      for (std::uint32_t line = 1; line < text.size(); ++line) {
        const std::string code = text[line].substr(0, text[line].find("//"));
        const bool is_relaxed =
            code.find("relaxed") != std::string::npos && !std::regex_search(code, kOrdered);
        if (is_relaxed || !std::regex_search(code, kAccess) || is_met(file, line) || is_declaration(code))
          continue;
        EXPECT_TRUE(is_exempt({file, line, SiteKind::load, std::memory_order_relaxed}, ""))
            << file << ":" << line << ": no case comes by" << text[line];
      }
    }
  }
  // A call that is spread over lines may count as any of them.
  [[nodiscard]] static bool is_met(const std::string& file, std::uint32_t line) {
    const std::vector<Site>& sites = site_list().sites();
    return std::any_of(sites.begin(), sites.end(), [&](const Site& site) {
      return site.file == file && site.line >= line && site.line <= line + 2;
    });
  }
  [[nodiscard]] static bool is_declaration(const std::string& code) {
    return code.find("void ") != std::string::npos && code.find('{') == code.size() - 1;
  }

  const std::vector<std::string>& files_;
  Cases cases_;
  const std::vector<Exempt>& exempt_;
  std::vector<std::vector<std::string>> lines_;  // of each file
  std::set<std::size_t> used_;                   // of exempt_
  std::size_t last_ = 0;
  Count sites_ = 0, weakenings_ = 0, noticed_ = 0, runs_ = 0;
};

class Holds final : public ::testing::Test {
 public:
  explicit Holds(Case one) : case_(std::move(one)) {}
  void TestBody() override {
    const Exploration result = explore(case_.make, case_.options);
    EXPECT_FALSE(result.failed) << result.failure << "\nschedule: " << result.schedule;
    std::printf("%llu executions\n", static_cast<unsigned long long>(result.runs));
  }

 private:
  const Case case_;
};

class EachIsNoticed final : public ::testing::Test {
 public:
  EachIsNoticed(std::vector<std::string> files, Cases cases, std::vector<Exempt> exempt)
      : files_(std::move(files)), cases_(std::move(cases)), exempt_(std::move(exempt)) {}
  void TestBody() override { expect_each_weakening_is_noticed(files_, cases_, exempt_); }

 private:
  const std::vector<std::string> files_;
  const Cases cases_;
  const std::vector<Exempt> exempt_;
};

}  // namespace

void expect_each_weakening_is_noticed(const std::vector<std::string>& files, const Cases& cases,
                                      const std::vector<Exempt>& exempt) {
  Weakenings(files, cases, exempt).run();
}

Model::Model(std::string suite, std::vector<std::string> files, Cases cases, std::vector<Exempt> exempt) {
  for (const Case& one : cases) {
    ::testing::RegisterTest(suite.c_str(), one.name.c_str(), nullptr, nullptr, __FILE__, __LINE__,
                            [one]() -> ::testing::Test* { return new Holds(one); });
  }
  ::testing::RegisterTest(
      suite.c_str(), "EachWeakeningIsNoticed", nullptr, nullptr, __FILE__, __LINE__,
      [files, cases, exempt]() -> ::testing::Test* { return new EachIsNoticed(files, cases, exempt); });
}

}  // namespace tenuto::testing
