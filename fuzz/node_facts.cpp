/// The facts of a node's ranks, damaged as the input wants: they are refused with a sentence, or what follows
/// from them keeps to their limits.
#include "input.h"
#include "node/members.h"

using namespace bccl;
using fuzz::Input;
using fuzz::require;

namespace {

/// Gathers facts that are all like mine, save for what the input changes.
class Damaged final : public Exchange {
 public:
  Damaged(Input& input, int size) : input_(input), size_(size) {}
  int rank() const override { return 0; }
  int size() const override { return size_; }
  const std::string& secret() const override { return secret_; }
  Result<std::vector<std::string>> all_gather(const std::string& mine, Deadline) override {
    std::vector<std::string> all(static_cast<size_t>(size_), mine);
    while (!input_.at_end()) change(all[input_.byte() % all.size()]);
    return all;
  }

 private:
  void change(std::string& facts) {
    const size_t at = (input_.byte() << 8 | input_.byte()) % (facts.size() + 1);
    const size_t bytes = std::min<size_t>(input_.byte(), facts.size() - at);
    if (input_.below(8) == 0)
      facts.resize(at);
    else
      facts.replace(at, bytes, bytes, static_cast<char>(input_.byte()));
  }

  Input& input_;
  int size_;
  std::string secret_ = std::string(32, 's');
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  Input input{data, size};
  Damaged exchange{input, 1 + input.below(6)};
  const MemberFacts mine = local_facts(true, {});
  Result<Members> gathered = Members::gather(exchange, mine, Deadline::after_ms(0));
  require(gathered.ok() == gathered.sentence().empty(), "an error has a sentence");
  if (!gathered.ok()) return 0;

  const Members& members = *gathered;
  std::vector<int> all;
  for (int rank = 0; rank < members.size(); ++rank) {
    all.push_back(rank);
    const int speaker = members.speaker(rank);
    require(speaker <= rank && members.same_process(speaker, rank),
            "the speaker is the first of its process");
    require(members.describe(rank).size() < 256, "a description names one host");
  }
  require(!members.subject(all).empty(), "texts end");
  require(members.cores() >= 0 && members.cores() <= cpus_max,
          "there are no more cores than the kernel can have");
  return 0;
}
