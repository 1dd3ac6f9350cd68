// Answers the calls that list resources in pages (https://google.aip.dev/158).
#pragma once

#include <string>
#include <utility>

#include "absl/status/status.h"
#include <grpcpp/server_context.h>
#include <grpcpp/support/status.h>

#include "base/status_macros.h"
#include "rpc/page.h"
#include "services/server/call.h"

namespace imprint {

// Like Answer (services/server/call.h), for a request with page_size and page_token and a response
// with next_page_token. `list` names the list and its filter: tokens are good for that one alone.
// `read` takes a Page and gives the resources on it, for `field` of the response, and in its second
// argument the key that the next page begins after, or nothing on the last page.
template <typename Request, typename Response, typename Field, typename Read>
grpc::Status AnswerWithPage(grpc::ServerContextBase& context, const Request& request,
                            const std::string& list, Response& response, Field& field,
                            Read&& read) {
  return Answer(context, [&]() -> absl::Status {
    ASSIGN_OR_RETURN(const Page page, ParsePage(request.page_size(), request.page_token(), list));
    std::string next;
    ASSIGN_OR_RETURN(auto resources, std::forward<Read>(read)(page, next));
    for (auto& resource : resources) *field.Add() = std::move(resource);
    if (!next.empty()) response.set_next_page_token(MakePageToken(list, next));
    return absl::OkStatus();
  });
}

}  // namespace imprint
