#!/usr/bin/env bash
# GCC 12 warns inside its own std::string where <string> is precompiled, and only there.
#
# A function that resizes a string in a loop compiles without a warning under -Wall. With <string> in a precompiled
# header, which is meant to change nothing but the time, the same file gives -Wstringop-overflow in
# bits/char_traits.h: memset with "a bound between 18446744069414584321 and 18446744073709551615". Warnings of system
# headers are hidden by where they are; a header that was read from a precompiled file has lost that. With -Werror a
# build fails on a line that nobody here has written. Seen with 12.2.0 at -O2 and -O3, as Debian 12 has it.
#
# Imprint's release build, which precompiles, leaves -Wstringop-overflow, -Warray-bounds and -Wrestrict out; its strict
# build, which does not, keeps them (cmake/ImprintCompiler.cmake). Exits with 1 if the behaviour is another one.
#
# Needs apt-get and dpkg-deb, and downloads the compiler as Debian's packages.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
version=12.2.0-14+deb12u1
apt-get download -qq "g++-12=$version" "gcc-12=$version" "cpp-12=$version" "libstdc++-12-dev=$version" \
  "libgcc-12-dev=$version" libisl23 libmpc3 libmpfr6 libgmp10 libc6-dev linux-libc-dev 2> /dev/null
for package in *.deb; do dpkg-deb -x "$package" .; done
export LD_LIBRARY_PATH=$folder/usr/lib/x86_64-linux-gnu
compile() {
  usr/bin/x86_64-linux-gnu-g++-12 -std=c++20 -Wall -isystem usr/include/x86_64-linux-gnu -isystem usr/include "$@"
}

echo '#include <string>' > strings.h
cat > grow.cc <<'CODE'
#include <algorithm>
#include <string>
std::string Grown(std::string content, unsigned long limit, unsigned left) {
  while (content.size() <= limit) {
    const unsigned long held = content.size();
    content.resize(std::min(held + 65536, limit + 1));
    content.resize(content.size() - left);
  }
  return content;
}
CODE
{
  usr/bin/x86_64-linux-gnu-g++-12 -dumpfullversion
  for level in -O2 -O3; do
    compile "$level" -S grow.cc -o grow.s 2> plain || true
    compile "$level" -x c++-header strings.h -o strings.h.gch
    compile "$level" -Winvalid-pch -include strings.h -S grow.cc -o grow.s 2> precompiled || true
    rm strings.h.gch
    echo "$level plain: $(grep -c 'warning:' plain || true)," \
      "precompiled: $(grep -o 'warning:.*\[-W.*\]' precompiled | grep -o '\[-W.*\]')"
  done
} | tee seen
diff - seen <<'EXPECTED'
12.2.0
-O2 plain: 0, precompiled: [-Wstringop-overflow=]
-O3 plain: 0, precompiled: [-Wstringop-overflow=]
EXPECTED
