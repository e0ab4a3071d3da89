// Pages of list calls.
#pragma once

#include <algorithm>

#include "app/ports.hpp"
#include "rpc/tokens.hpp"

namespace greenq::rpc {

struct Page {
  int size = 50;
  std::uint64_t cursor = 0;  // 0: first page
  std::string filter_hash;
};

// Reads page_size and page_token; a token is valid for the arguments it was made with (page_size may change).
template <class Request>
core::Result<Page> read_page(Request const& request, std::string_view method) {
  auto const size = page_size(request.page_size());
  if (!size) return tl::unexpected(size.error());
  std::string hash = hash_without(request, method, {"page_size", "page_token"});
  auto const cursor = read_page_token(request.page_token(), hash);
  if (!cursor) return tl::unexpected(cursor.error());
  return Page{*size, *cursor, std::move(hash)};
}

// The same for lists that are read from the ledger: one entry more than the page is asked for, which tells
// whether there is another page, and app::Reads gives at most kReadMax at once.
template <class Request>
core::Result<Page> read_ledger_page(Request const& request, std::string_view method) {
  auto page = read_page(request, method);
  if (page) page->size = std::min(page->size, app::kReadMax - 1);
  return page;
}

// For short lists in memory: calls add(i) for each index of this page and returns the next token.
template <class Add>
std::string page_through(Page const& page, std::size_t count, Add add) {
  std::size_t const begin = std::min<std::size_t>(page.cursor, count);
  std::size_t const end = std::min(count, begin + static_cast<std::size_t>(page.size));
  for (std::size_t i = begin; i < end; ++i) add(i);
  return end < count ? make_page_token(end, page.filter_hash) : std::string{};
}

}  // namespace greenq::rpc
