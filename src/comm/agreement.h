/// What all ranks must have alike before they can work together: the library's version, and the settings of
/// which the registry says so. Every rank states what it has; all compare the same statements, and come to
/// the same sentence.
#pragma once

#include <string>
#include <vector>

#include "base/exchange.h"
#include "base/settings.h"
#include "base/status.h"

namespace bccl {

/// What a rank with these settings states, packed: for `disagreement` of any rank.
std::string statement(const Settings& settings, const std::string& library_version);

/// What differs, and only that: who has which value, and from where. Empty where all agree.
std::string disagreement(const std::vector<std::string>& statements);

/// Collective over the exchange. invalid_usage on every rank where ranks differ.
Status agree_on_settings(Exchange& exchange, const Settings& settings, Deadline deadline);

}  // namespace bccl
