#!/bin/sh
# g++ for a processor without AVX-512 (CXX, `make capped`); on other architectures g++ as it is.
case $(uname -m) in x86_64) exec g++ "$@" -march=x86-64-v3 ;; *) exec g++ "$@" ;; esac
