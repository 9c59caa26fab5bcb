#define CATCH_CONFIG_RUNNER
#include <catch2/catch.hpp>

#include <cstdio>

/// CTest takes a semicolon for the end of a name: such a test would never run. Found when the tests are listed, in the build.
static bool names_are_sound() {
  bool sound = true;
  for (const Catch::TestCase& test : Catch::getRegistryHub().getTestCaseRegistry().getAllTests())
    if (test.name.find(';') != std::string::npos) {
      std::fprintf(stderr, "CTest cannot run a test with a semicolon in its name: \"%s\"\n", test.name.c_str());
      sound = false;
    }
  return sound;
}

int main(int argc, char** argv) { return names_are_sound() ? Catch::Session().run(argc, argv) : 2; }
