// The store: what is kept, what is forgotten, and what a kill, a full disk and a second server do to it.
#include "serve/feedback_store.h"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <fstream>

#include "import/feedback_schema.h"
#include "support/expect_error.h"
#include "support/temp_folder.h"

namespace triage {
namespace {

KeptInput kept(std::int64_t id, const std::string& request, std::size_t position = 0) {
  KeptInput input;
  input.id = id;
  input.request_id = request;
  input.position = position;
  input.time_ms = 1'000 * id;
  input.asked = "{}";
  input.explore_share = 0.5;
  const std::vector<float> probabilities{0.1F, 0.7F, 0.2F};
  input.answer = TopK::from_probabilities(probabilities);
  input.looks.push_back({.model = 0, .output = input.answer, .confidence = 0.7, .cost = {1.5}});
  input.features = {1, std::nanf("")};
  return input;
}

struct FeedbackStoreTest : ::testing::Test {
  testing::TempFolder dir;
  std::filesystem::path path = dir.path() / "feedback.sqlite";

  // In one transaction, as request "r<id>".
  static void add(FeedbackStore& store, std::int64_t from, std::int64_t to) {
    store.begin();
    const std::int64_t policy = store.add_policy("v1", "zoo", "{}");
    for (std::int64_t id = from; id < to; ++id) store.add(kept(id, "r" + std::to_string(id)), policy);
    store.commit();
  }
};

TEST_F(FeedbackStoreTest, KeepsWhatItIsGiven) {
  {
    FeedbackStore store(path);
    EXPECT_EQ(store.newest(), 0);
    add(store, 1, 4);
    store.begin();
    store.tell(2, {.label = 1, .score = {}}, 5);
    const std::vector<ExploredLook> looks(2, {.output = kept(1, "").answer});
    store.add_explored(2, looks);
    store.add_explored(77, looks);  // is not there
    store.set_paired(2);
    store.save_figures(1, "figures");
    store.commit();
  }
  FeedbackStore store(path);
  EXPECT_EQ(store.newest(), 3);
  const auto found = store.find("r2", 0);
  ASSERT_TRUE(found.has_value());
  EXPECT_EQ(found->id, 2);
  EXPECT_EQ(found->answer, (std::vector<std::int32_t>{1, 2, 0}));
  EXPECT_EQ(found->told.label, 1);
  EXPECT_TRUE(found->explored && found->paired);
  EXPECT_FALSE(store.find(1)->explored);
  EXPECT_EQ(store.explored_answer(2, 1), found->answer);
  EXPECT_TRUE(store.explored_answer(77, 1).empty());
  EXPECT_FALSE(store.find("r2", 1).has_value());
  EXPECT_FALSE(store.find("none", 0).has_value());
  EXPECT_EQ(store.policy(1).figures, "figures");
  std::size_t n = 0;
  store.read_evidence(1, [&](const StoredEvidence& evidence) {
    EXPECT_EQ(evidence.looks, 1U);
    EXPECT_NEAR(evidence.confidence, 0.7, 1e-6);
    EXPECT_EQ(evidence.features.size(), 2U);
    ++n;
  });
  EXPECT_EQ(n, 3U);
}

TEST_F(FeedbackStoreTest, OfTwoRequestsOfOneNameTheNewestCounts) {
  FeedbackStore store(path);
  store.begin();
  const std::int64_t policy = store.add_policy("v1", "zoo", "{}");
  EXPECT_EQ(store.add_policy("v1", "zoo", "{1}"), policy);
  EXPECT_EQ(store.policy(policy).facts, "{1}");
  EXPECT_NE(store.add_policy("v1", "another zoo", "{}"), policy);
  store.add(kept(1, "same"), policy);
  store.add(kept(2, "same"), policy);
  store.commit();
  EXPECT_EQ(store.find("same", 0)->id, 2);
}

TEST_F(FeedbackStoreTest, ForgetsTheOldest) {
  FeedbackStore store(path);
  add(store, 1, 101);
  const auto forget = [&](std::int64_t before_ms, std::size_t rows) {
    store.begin();
    store.forget(before_ms, rows);
    store.commit();
    return store.rows();
  };
  EXPECT_EQ(forget(0, 1'000), 100U);
  EXPECT_EQ(forget(0, 60), 60U);
  EXPECT_FALSE(store.find(40).has_value());
  EXPECT_TRUE(store.find(41).has_value());
  EXPECT_EQ(forget(91'000, 60), 10U);  // 91 to 100
  EXPECT_EQ(forget(1'000'000, 60), 0U);
}

TEST_F(FeedbackStoreTest, TakesBackWhatIsNotCommitted) {
  FeedbackStore store(path);
  add(store, 1, 3);
  store.begin();
  store.add(kept(3, "r3"), 1);
  store.roll_back();
  EXPECT_EQ(store.rows(), 2U);
  add(store, 3, 4);
  EXPECT_EQ(store.rows(), 3U);
}

TEST_F(FeedbackStoreTest, SurvivesAKill) {
  const pid_t child = fork();
  if (child == 0) {
    FeedbackStore store(path);
    add(store, 1, 501);
    store.begin();
    for (std::int64_t id = 501; id < 900; ++id) store.add(kept(id, "late"), 1);
    ::kill(getpid(), SIGKILL);
  }
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  ASSERT_TRUE(WIFSIGNALED(status));
  FeedbackStore store(path);  // the lock died with it
  EXPECT_EQ(store.rows(), 500U);
  EXPECT_FALSE(store.find("late", 0).has_value());
  add(store, 501, 502);
  EXPECT_EQ(store.newest(), 501);
}

// A limit on the size of files is as near to a full disk as a test gets.
TEST_F(FeedbackStoreTest, AFullDiskIsSaidAndTheStoreGoesOn) {
  const pid_t child = fork();
  if (child == 0) {
    std::signal(SIGXFSZ, SIG_IGN);
    FeedbackStore store(path);
    add(store, 1, 11);
    const rlimit small{200'000, RLIM_INFINITY};
    setrlimit(RLIMIT_FSIZE, &small);
    bool failed = false;
    std::int64_t next = 11;
    for (; next < 100'000 && !failed; next += 100) {
      try {
        add(store, next, next + 100);
      } catch (const Error& error) {
        failed = error.code() == ErrorCode::kIo;
        store.roll_back();
      }
    }
    const rlimit large{RLIM_INFINITY, RLIM_INFINITY};
    setrlimit(RLIMIT_FSIZE, &large);
    const std::size_t before = store.rows();
    add(store, next, next + 5);
    _exit(failed && before >= 10 && store.rows() == before + 5 ? 0 : 1);
  }
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << status;
  EXPECT_GE(FeedbackStore(path).rows(), 15U);
}

TEST_F(FeedbackStoreTest, HasOneWriter) {
  const FeedbackStore store(path);
  EXPECT_TRIAGE_ERROR(FeedbackStore(path), ErrorCode::kProfile, "feedback.sqlite", "one writer");
}

TEST_F(FeedbackStoreTest, RefusesOtherFiles) {
  std::ofstream(path) << "no store at all, but some text";
  EXPECT_TRIAGE_ERROR(FeedbackStore(path), ErrorCode::kProfile, "feedback store");
  { const Database other(dir.path() / "other.sqlite", Database::Mode::kCreate); }
  const Database made(dir.path() / "made.sqlite", Database::Mode::kCreate);
  made.exec("CREATE TABLE t (a)");
  EXPECT_TRIAGE_ERROR(FeedbackStore(dir.path() / "made.sqlite"), ErrorCode::kProfile, "another SQLite file");
  EXPECT_TRIAGE_ERROR(FeedbackStore("/proc/none/feedback"), ErrorCode::kIo, "/proc/none");
}

}  // namespace
}  // namespace triage
