# greenq_embed(OUT_CPP NAMESPACE FILES …): turns text files into a table of string literals, so that the binaries
# need no data directory. Declares `std::span<EmbeddedFile const> NAMESPACE::files()`; see daemon/app/embedded.hpp.
function(greenq_embed out namespace)
  set(files ${ARGN})
  add_custom_command(
    OUTPUT ${out}
    COMMAND ${CMAKE_COMMAND} -DOUT=${out} -DNAMESPACE=${namespace} "-DFILES=${files}"
            -P ${PROJECT_SOURCE_DIR}/cmake/embed_script.cmake
    DEPENDS ${files} ${PROJECT_SOURCE_DIR}/cmake/embed_script.cmake
    VERBATIM)
endfunction()
