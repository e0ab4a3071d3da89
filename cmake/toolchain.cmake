# Warnings, sanitizers, ccache and mold, in one place. Every GreenQ target links greenq_options.
add_library(greenq_options INTERFACE)
target_compile_options(greenq_options INTERFACE
  -Wall -Wextra -Wshadow -Wconversion -Wsign-conversion -Wnon-virtual-dtor -Werror
  $<$<CXX_COMPILER_ID:GNU>:-Wduplicated-cond -Wlogical-op -Wuseless-cast>
  # clang 19 reports the std::stable_sort of GCC 12's own library.
  $<$<CXX_COMPILER_ID:Clang>:-Wno-deprecated-declarations>
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

# Line numbers for backtraces; full debug information costs a third of the build time (use the dev preset for it).
string(REPLACE "-g " "-g1 " CMAKE_CXX_FLAGS_RELWITHDEBINFO "${CMAKE_CXX_FLAGS_RELWITHDEBINFO} ")

find_program(GREENQ_CCACHE ccache)
if(GREENQ_CCACHE)
  # ccache asks for the sloppiness where headers are precompiled.
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CMAKE_COMMAND} -E env CCACHE_SLOPPINESS=pch_defines,time_macros ${GREENQ_CCACHE})
  set(CMAKE_C_COMPILER_LAUNCHER ${GREENQ_CCACHE})
endif()
find_program(GREENQ_MOLD mold)
if(GREENQ_MOLD)
  add_link_options(-fuse-ld=mold)
endif()

# greenq_library(NAME SOURCES … LINK … [SEPARATE]): one room, one static library. In the build that users make, several
# files are compiled as one: most of their cost are headers, which are the same in all. Other presets, and rooms with
# SEPARATE, compile file by file, which proves each header whole and keeps a small change quick.
function(greenq_library name)
  cmake_parse_arguments(ARG "SEPARATE" "" "SOURCES;LINK" ${ARGN})
  if(NOT ARG_SOURCES)
    add_library(${name} INTERFACE)
    target_link_libraries(${name} INTERFACE greenq_options ${ARG_LINK})
    return()
  endif()
  add_library(${name} STATIC ${ARG_SOURCES})
  target_link_libraries(${name} PUBLIC greenq_options ${ARG_LINK})
  if(CMAKE_BUILD_TYPE STREQUAL RelWithDebInfo AND NOT ARG_SEPARATE)
    set_target_properties(${name} PROPERTIES UNITY_BUILD ON UNITY_BUILD_BATCH_SIZE 6)
  endif()
endfunction()
