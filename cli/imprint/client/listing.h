// Walks lists that come in pages.
#pragma once

#include <functional>

#include "absl/status/status.h"
#include "cli/imprint/client/gateway.h"

namespace imprint::cli {

// Calls `take` for each page of a list until the last, or until `take` returns false.
template <typename Calls, typename Request, typename Response>
absl::Status ForEachPage(Gateway& gateway,
                         grpc::Status (Calls::*method)(grpc::ClientContext*, const Request&,
                                                       Response*),
                         Request request, const std::function<bool(const Response&)>& take) {
  constexpr int kLargestPage = 1000;
  if (request.page_size() == 0) request.set_page_size(kLargestPage);
  while (true) {
    const absl::StatusOr<Response> page = gateway.Call(method, request);
    if (!page.ok()) return page.status();
    if (!take(*page) || page->next_page_token().empty()) return absl::OkStatus();
    request.set_page_token(page->next_page_token());
  }
}

}  // namespace imprint::cli
