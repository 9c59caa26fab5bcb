# Flags shared by everything, and the one way to add a room, a test or a tool.

add_library(bccl_flags INTERFACE)
target_compile_options(bccl_flags INTERFACE -Wall -Wextra -Wshadow -Wno-missing-field-initializers
  $<$<COMPILE_LANGUAGE:CXX>:-Wnon-virtual-dtor -Woverloaded-virtual>
  $<$<BOOL:${BCCL_WERROR}>:-Werror>)
target_include_directories(bccl_flags INTERFACE
  $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/src> $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/include>)
target_link_libraries(bccl_flags INTERFACE Threads::Threads)
if(BCCL_SANITIZE)
  target_compile_definitions(bccl_flags INTERFACE _GLIBCXX_ASSERTIONS)
  target_compile_options(bccl_flags INTERFACE -fsanitize=${BCCL_SANITIZE} -fno-omit-frame-pointer
    -fno-sanitize-recover=undefined)
  # `vptr` opens a pipe to look at memory: in a process that is out of descriptors, as some of the tests make theirs, it
  # finds every object wrong.
  if(BCCL_SANITIZE MATCHES undefined)
    target_compile_options(bccl_flags INTERFACE -fno-sanitize=vptr)
  endif()
  target_link_options(bccl_flags INTERFACE -fsanitize=${BCCL_SANITIZE})
endif()

# Release builds with GCC keep both machine code and what link-time optimisation reads; only the product (the library
# and the command) uses the latter: tests link faster without.
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_BUILD_TYPE STREQUAL "Release" AND NOT BCCL_SANITIZE)
  set(BCCL_ACROSS_ROOMS -flto=auto)
  set(BCCL_LINK_ACROSS_ROOMS ${BCCL_ACROSS_ROOMS} -O3 -Wno-stringop-overflow)  # GCC 12 sees one in std::string
  set(BCCL_LINK_PLAIN -fno-lto)
endif()

# bccl_room(NAME [APART] SOURCES... [LINK libraries...]): one folder of src/ as an object library bccl_NAME. APART: its files
# use the same names for different things, so they cannot be compiled as one.
function(bccl_room name)
  cmake_parse_arguments(ROOM "APART" "" "SOURCES;LINK" ${ARGN})
  add_library(bccl_${name} OBJECT ${ROOM_SOURCES})
  target_link_libraries(bccl_${name} PUBLIC bccl_flags ${ROOM_LINK})
  # Under sanitizers alone, to save time: as released, every file stands by itself.
  if(BCCL_SANITIZE AND NOT ROOM_APART)
    set_target_properties(bccl_${name} PROPERTIES UNITY_BUILD ON UNITY_BUILD_BATCH_SIZE 6)
  endif()
  if(BCCL_ACROSS_ROOMS)
    target_compile_options(bccl_${name} PRIVATE ${BCCL_ACROSS_ROOMS} -ffat-lto-objects)
  endif()
  set_property(GLOBAL APPEND PROPERTY BCCL_ROOMS bccl_${name})
  set_property(GLOBAL APPEND PROPERTY BCCL_ROOM_LINK ${ROOM_LINK})
endfunction()

# bccl_test(NAME SOURCES... [ROOMS rooms...] [LINK libraries...]): one Catch2 binary test_NAME; each test case is
# a CTest test. ROOMS: only these rooms are linked (a room's test needs no more); default: all of them.
function(bccl_test name)
  cmake_parse_arguments(TEST "" "" "SOURCES;ROOMS;LINK" ${ARGN})
  add_executable(test_${name} ${TEST_SOURCES})
  if(TEST_ROOMS)
    list(TRANSFORM TEST_ROOMS PREPEND bccl_)
  else()
    set(TEST_ROOMS bccl_core)
  endif()
  target_link_libraries(test_${name} PRIVATE ${TEST_ROOMS} bccl_catch_main ${TEST_LINK})
  target_link_options(test_${name} PRIVATE ${BCCL_LINK_PLAIN})
  if(CMAKE_BUILD_TYPE STREQUAL "Release")
    target_compile_options(test_${name} PRIVATE -O1)  # what is tested is optimised; this compiles faster
  endif()
  # Under sanitizers alone, to save time: as released, every file has to include what it needs.
  if(BCCL_SANITIZE)
    target_precompile_headers(test_${name} REUSE_FROM bccl_test_headers)
    target_compile_options(test_${name} PRIVATE -fPIC)  # as the headers are, or GCC refuses them
  endif()
  catch_discover_tests(test_${name} TEST_PREFIX "${name}: " PROPERTIES TIMEOUT 300 SKIP_RETURN_CODE 77)
endfunction()
