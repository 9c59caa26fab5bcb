#include "tuner/tuning_table.h"

#include <algorithm>
#include <cmath>
#include <fstream>
#include <sstream>

#include "base/json_fields.h"

namespace bccl {
namespace {

using Json = nlohmann::ordered_json;

constexpr int64_t format_version = 1;
constexpr int64_t ranks_max = 1 << 16;
constexpr int64_t bytes_max = int64_t{1} << 50;
constexpr int64_t ns_max = int64_t{1} << 50;

/// Sizes further away than this say nothing of the one in question.
constexpr double reach = 2.0;

std::optional<Collective> collective_named(std::string_view name) {
  for (int at = 0; at < collective_count; ++at)
    if (name == name_of(static_cast<Collective>(at))) return static_cast<Collective>(at);
  return std::nullopt;
}

/// Sizes by which times go as if they were powers; nothing is smaller than a byte.
double scale(size_t bytes) { return std::log2(static_cast<double>(std::max<size_t>(bytes, 1))); }

double between(const Timing& lower, const Timing& upper, size_t bytes) {
  if (lower.bytes == upper.bytes) return static_cast<double>(lower.ns);
  const double share = (scale(bytes) - scale(lower.bytes)) / (scale(upper.bytes) - scale(lower.bytes));
  return static_cast<double>(lower.ns) * std::pow(static_cast<double>(upper.ns) / static_cast<double>(lower.ns), share);
}

Timing read_timing(JsonFields& fields, Status& wrong) {
  Timing timing;
  std::string collective;
  fields.text("collective", collective);
  fields.number("bytes", timing.bytes, 0, bytes_max);
  fields.text("algorithm", timing.algorithm);
  fields.number("ns", timing.ns, 1, ns_max);
  if (const auto found = collective_named(collective))
    timing.collective = *found;
  else if (wrong.ok())
    wrong = fail(Code::invalid_argument, "a tuning table has times of '{}', which is not a collective", collective);
  return timing;
}

TunedShape read_shape(JsonFields& fields, Status& wrong) {
  TunedShape shape;
  fields.number("ranks", shape.ranks, 1, ranks_max);
  fields.numbers("hosts", shape.hosts, 0, ranks_max);
  if (fields.has("groups"))
    fields.each("groups", [&](JsonFields& level) {
      level.numbers("group_of", shape.groups.emplace_back(), 0, ranks_max);
      if (wrong.ok() && shape.groups.back().size() != static_cast<size_t>(shape.ranks))
        wrong = fail(Code::invalid_argument, "a tuning table lists the groups of {} ranks, of a shape of {}",
                     shape.groups.back().size(), shape.ranks);
    });
  else if (!shape.hosts.empty() && std::ranges::max(shape.hosts) + 1 < shape.ranks)
    shape.groups = {shape.hosts};
  fields.each("timings", [&](JsonFields& timing) { shape.timings.push_back(read_timing(timing, wrong)); });
  if (wrong.ok() && !shape.hosts.empty() && shape.hosts.size() != static_cast<size_t>(shape.ranks))
    wrong = fail(Code::invalid_argument, "a tuning table lists the hosts of {} ranks, of a shape of {}",
                 shape.hosts.size(), shape.ranks);
  return shape;
}

}  // namespace

std::optional<double> TuningTable::ns(const Facts& facts, Collective collective, size_t bytes,
                                      std::string_view algorithm) const {
  const Timing* lower = nullptr;
  const Timing* upper = nullptr;
  for (const TunedShape& shape : shapes) {
    if (!shape.fits(facts)) continue;
    for (const Timing& timing : shape.timings) {
      if (timing.collective != collective || timing.algorithm != algorithm) continue;
      if (timing.bytes <= bytes && (lower == nullptr || timing.bytes > lower->bytes)) lower = &timing;
      if (timing.bytes >= bytes && (upper == nullptr || timing.bytes < upper->bytes)) upper = &timing;
    }
  }
  if (lower != nullptr && upper != nullptr) return between(*lower, *upper, bytes);
  const Timing* const only = lower != nullptr ? lower : upper;
  if (only == nullptr || std::abs(scale(only->bytes) - scale(bytes)) > std::log2(reach)) return std::nullopt;
  return static_cast<double>(only->ns);
}

uint64_t TuningTable::digest() const {
  uint64_t sum = 0xcbf29ce484222325ULL;  // FNV-1a
  for (const char each : to_json(*this)) sum = (sum ^ static_cast<unsigned char>(each)) * 0x100000001b3ULL;
  return sum;
}

std::string to_json(const TuningTable& table) {
  Json document{{"bccl_tuning", format_version}, {"shapes", Json::array()}};
  for (const TunedShape& shape : table.shapes) {
    Json written{{"ranks", shape.ranks}, {"hosts", shape.hosts}, {"groups", Json::array()}, {"timings", Json::array()}};
    for (const std::vector<int>& level : shape.groups) written["groups"].push_back({{"group_of", level}});
    for (const Timing& timing : shape.timings)
      written["timings"].push_back({{"collective", name_of(timing.collective)},
                                    {"bytes", timing.bytes},
                                    {"algorithm", timing.algorithm},
                                    {"ns", timing.ns}});
    document["shapes"].push_back(std::move(written));
  }
  return document.dump(1) + "\n";
}

Result<TuningTable> tuning_table_from_json(std::string_view text, const std::string& what) {
  const nlohmann::json document = BCCL_TRY(parse_json(text, what));
  Status wrong;
  JsonFields fields(document, what, wrong);
  int64_t version = 0;
  fields.number("bccl_tuning", version, format_version, format_version);
  TuningTable table;
  fields.each("shapes", [&](JsonFields& shape) { table.shapes.push_back(read_shape(shape, wrong)); });
  if (!wrong.ok()) return std::move(wrong).take_error();
  return table;
}

Result<TuningTable> read_tuning_table(const std::string& path) {
  std::ifstream file(path);
  std::ostringstream text;
  text << file.rdbuf();
  if (!file) return fail(Code::invalid_argument, "BCCL_TUNING_FILE={}: cannot be read", path);
  return tuning_table_from_json(text.str(), path);
}

}  // namespace bccl
