/// Every setting of the library, in one table: name, default, meaning. Read once, when the first communicator
/// is created; unknown BCCL_* names give a warning with the nearest known one, bad values an error.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/log.h"
#include "base/status.h"

namespace bccl {

/// The values in force. A plain value: tests build their own.
struct Settings {
  LogLevel debug = LogLevel::warn;
  std::string debug_file;
  int64_t timeout_ms = 600'000;           ///< BCCL_TIMEOUT: a pending call that makes no progress fails after it.
  int64_t late_warning_ms = 10'000;       ///< BCCL_LATE_WARNING: … and is warned of, naming the late rank, after it.
  int64_t detection_ms = 5'000;           ///< BCCL_DETECTION: how long a silent host or network may stay unnoticed.
  int64_t bootstrap_timeout_ms = 30'000;  ///< BCCL_BOOTSTRAP_TIMEOUT: how long creation waits for missing ranks.
  std::string comm_id;                    ///< BCCL_COMM_ID: host:port where rank 0 listens; empty: automatic.
  std::string secret;                     ///< BCCL_SECRET: shared secret of environment rendezvous.
  std::string algorithm;                  ///< BCCL_ALGO: a name from `bccl plan list`; empty: chosen.
  int64_t slice_bytes = 0;                ///< BCCL_SLICE_BYTES: 0: chosen; else 64 … 65536.
  int64_t channels = 0;                   ///< BCCL_CHANNELS: for algorithms that have them; 0: chosen; else 1 … 8.
  int64_t pool_bytes = 0;                 ///< BCCL_SHM_POOL_BYTES: shared staging memory a rank; 0: chosen.
  std::string stores = "auto";            ///< BCCL_SHM_STORES: auto | cached | streaming (staging writes).
  std::string wait = "auto";              ///< BCCL_WAIT: auto | spin | yield.
  std::string kernels = "auto";           ///< BCCL_KERNELS: auto | scalar | avx2 | avx512.
  std::string interface_name;             ///< BCCL_SOCKET_IFNAME: interfaces of bootstrap and TCP; empty: automatic.
  std::string socket_family = "auto";     ///< BCCL_SOCKET_FAMILY: auto | ipv4 | ipv6, for TCP.
  int64_t tcp_sockets = 0;                ///< BCCL_TCP_SOCKETS: of a pair of ranks, 1 … 15; 0: chosen.
  int64_t tcp_slice_bytes = 0;            ///< BCCL_TCP_SLICE_BYTES: the largest slice by TCP; 0: chosen.
  int64_t tcp_buffer_bytes = 0;           ///< BCCL_TCP_BUFFER_BYTES: of a socket in the kernel, each way; 0: the kernel's.
  std::string tcp_encryption = "off";     ///< BCCL_TCP_ENCRYPTION: on | off.
};

/// One row of the table, for `bccl info` and docs.
struct SettingRow {
  std::string name;           ///< e.g. "BCCL_TIMEOUT"
  std::string value;          ///< in force
  std::string default_value;
  std::string origin;         ///< "default" or "environment"
  std::string meaning;        ///< one sentence with units and range
};

using Lookup = std::function<const char*(const char* name)>;

/// Reads settings through `lookup` (getenv in production). The error names the variable, the value and what is
/// allowed. Durations accept "500ms", "30s", "10m" or a bare number of seconds; sizes accept K, M, G.
Result<Settings> read_settings(const Lookup& lookup);

/// Warnings for names in `environment` ("NAME=value" strings) that begin with BCCL_ and are unknown; each
/// names the nearest known setting.
std::vector<std::string> unknown_settings(const char* const* environment);

/// The table with values and origins.
std::vector<SettingRow> describe_settings(const Lookup& lookup);

/// Sizes and durations as people write them.
Result<int64_t> parse_bytes(std::string_view text);
Result<int64_t> parse_duration_ms(std::string_view text);

}  // namespace bccl
