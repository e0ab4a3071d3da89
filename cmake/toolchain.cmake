# Warnings, sanitizers, ccache and mold, in one place. Every GreenQ target links greenq_options.
add_library(greenq_options INTERFACE)
target_compile_options(greenq_options INTERFACE
  -Wall -Wextra -Wshadow -Wconversion -Wsign-conversion -Wnon-virtual-dtor -Werror
  $<$<CXX_COMPILER_ID:GNU>:-Wduplicated-cond -Wlogical-op -Wuseless-cast>
  # GCC 12 at -O2 reports moved-from std::variant alternatives as uninitialized.
  $<$<AND:$<CXX_COMPILER_ID:GNU>,$<CONFIG:RelWithDebInfo>>:-Wno-maybe-uninitialized>)
target_include_directories(greenq_options INTERFACE ${PROJECT_SOURCE_DIR} ${PROJECT_SOURCE_DIR}/daemon)

if(NOT GREENQ_SANITIZE)
  add_compile_options(-fstack-protector-strong)
  add_compile_options($<$<CONFIG:RelWithDebInfo>:-D_FORTIFY_SOURCE=2>)
endif()
if(GREENQ_SANITIZE)
  add_compile_options(-fsanitize=${GREENQ_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${GREENQ_SANITIZE})
  if(GREENQ_SANITIZE MATCHES thread AND CMAKE_CXX_COMPILER_ID STREQUAL GNU)
    target_compile_options(greenq_options INTERFACE -Wno-tsan)
  endif()
endif()

if(GREENQ_FUZZ)
  add_compile_options(-fsanitize=fuzzer-no-link,address,undefined -fno-omit-frame-pointer)
  add_link_options(-fsanitize=address,undefined)
endif()

find_program(GREENQ_CCACHE ccache)
if(GREENQ_CCACHE)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${GREENQ_CCACHE})
  set(CMAKE_C_COMPILER_LAUNCHER ${GREENQ_CCACHE})
endif()
find_program(GREENQ_MOLD mold)
if(GREENQ_MOLD)
  add_link_options(-fuse-ld=mold)
endif()

# greenq_library(NAME SOURCES … LINK …): one room, one static library.
function(greenq_library name)
  cmake_parse_arguments(ARG "" "" "SOURCES;LINK" ${ARGN})
  if(NOT ARG_SOURCES)
    add_library(${name} INTERFACE)
    target_link_libraries(${name} INTERFACE greenq_options ${ARG_LINK})
    return()
  endif()
  add_library(${name} STATIC ${ARG_SOURCES})
  target_link_libraries(${name} PUBLIC greenq_options ${ARG_LINK})
endfunction()
