#!/bin/sh
# usage: install.sh BUILD SOURCE SCRATCH. Installs the library and builds a program against the installed files, by CMake
# and by pkg-config.
set -eu
build=$1 source=$2 scratch=$3
rm -rf "$scratch"
mkdir -p "$scratch/app"
cmake --install "$build" --prefix "$scratch/prefix" > "$scratch/install.log"
cat > "$scratch/app/CMakeLists.txt" <<END
cmake_minimum_required(VERSION 3.22)
project(app C)
find_package(tenuto REQUIRED)
add_executable(app "$source/layout.c")
target_link_libraries(app tenuto::tenuto)
END
cmake -S "$scratch/app" -B "$scratch/app/build" -DCMAKE_PREFIX_PATH="$scratch/prefix" > "$scratch/configure.log"
cmake --build "$scratch/app/build" > "$scratch/build.log"
"$scratch/app/build/app"
pc=$(dirname "$(find "$scratch/prefix" -name tenuto.pc)")
flags=$(PKG_CONFIG_PATH="$pc" pkg-config --cflags --libs tenuto)
libdir=$(PKG_CONFIG_PATH="$pc" pkg-config --variable=libdir tenuto)
# shellcheck disable=SC2086 # the flags are words
cc -std=c11 -o "$scratch/by_pkg_config" -I"$source" "$source/layout.c" $flags
LD_LIBRARY_PATH="$libdir" "$scratch/by_pkg_config"
echo ok
