/// Somebody between a rank and the root, who does not know the secret, may cut, lengthen and replace what the
/// two say as the input wants: a side accepts the other only if it heard exactly what the other said.
#include "bootstrap/authenticate.h"
#include "input.h"

using namespace bccl;
using fuzz::Input;
using fuzz::require;

namespace {

const Introduction me{3, 8, 4711, "node7"};

/// What arrives of a message: the same, some bytes of it changed, or anything.
std::string carry(Input& input, const std::string& message) {
  enum { untouched, changed, shortened, replaced, ways };
  std::string arrived = message;
  switch (input.below(ways)) {
    case changed:
      arrived[input.byte() % message.size()] ^= static_cast<char>(input.byte());
      break;
    case shortened:
      arrived.resize(input.byte() % message.size());
      break;
    case replaced:
      arrived = input.take(input.byte());
      break;
    default:
      break;
  }
  const auto prefix = parse_prefix(arrived);
  require(!prefix || may_be_ours(arrived), "what has a prefix of ours may be ours");
  return arrived;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  Input input{data, size};
  const Secret secret = fuzz::filled<secret_bytes>(7);
  RankHandshake rank{secret, fuzz::filled<32>(1), me};
  RootHandshake root{secret, fuzz::filled<32>(2)};

  const std::string hello = rank.hello();
  const std::string heard_hello = carry(input, hello);
  const auto challenge = root.challenge(heard_hello);
  if (!challenge.ok()) return 0;
  const std::string heard_challenge = carry(input, challenge.value());
  const auto proof = rank.prove(heard_challenge);
  if (!proof.ok()) return 0;
  const std::string heard_proof = carry(input, proof.value());
  const auto who = root.check(heard_proof);

  const bool intact =
      heard_hello == hello && heard_challenge == challenge.value() && heard_proof == proof.value();
  require(who.ok() == intact, "the root believes what was said, and nothing else");
  if (!who.ok()) return 0;
  require(who.value() == me, "the root knows whom it talks to");

  const Verdict said = input.below(2) == 0 ? Verdict::welcome : Verdict::unwelcome;
  const std::string verdict = root.verdict(said);
  const std::string heard_verdict = carry(input, verdict);
  const auto concluded = rank.conclude(heard_verdict);
  require(concluded.ok() == (heard_verdict == verdict), "the rank believes what was said, and nothing else");
  if (!concluded.ok()) return 0;
  require(concluded.value() == said && rank.keys() == root.keys(), "both sides agree");
  return 0;
}
