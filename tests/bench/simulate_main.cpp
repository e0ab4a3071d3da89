// The command `greenqd simulate` as a program of its own.
#include <iostream>

#include "simulate/simulate.hpp"

int main(int argc, char** argv) {
  return greenq::simulate::run({argv + 1, argv + argc}, std::cout, std::cerr);
}
