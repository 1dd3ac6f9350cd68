#!/usr/bin/env bash
# A program that mold has linked may be unable to start, depending on how long its code is.
#
# A zero-initialized thread-local variable (.tbss) takes no room in the file, but has an address, and mold 1.10.1 counts
# it as the first of what is protected after relocation (PT_GNU_RELRO). It lies where the code ends, one page on; the
# writable segment begins at the next address that is aligned for its contents. If the variable falls into the last
# bytes of a page and the segment begins with the next page, the variable's page is mapped by no segment. glibc's loader
# protects whole pages, mprotect answers ENOMEM, and the program ends before main with "cannot apply additional memory
# protection after relocation: Cannot allocate memory", which reads like a machine without memory. Nothing is wrong with
# the program, and a few bytes of code more or less make it start. With -z separate-code each segment begins a page of
# its own, the variable with it, and all of the same programs start. Reported, by others, with mold 2.3.3 as
# rui314/mold#1151, and fixed in 2.4.0.
#
# Seen with Debian 12's mold 1.10.1, gcc 12.2 and glibc 2.36: of 64 programs whose code is one byte longer each time, 7
# did not start. Imprint's unit tests met it in one of 24 executables with such a variable
# (cmake/ImprintCompiler.cmake passes -z separate-code). Exits with 1 if the behaviour is another one.
#
# Needs Debian 12 with apt-get, dpkg, gcc and readelf.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
apt-get -o APT::Sandbox::User=root download -qq mold=1.10.1+dfsg-1 libmimalloc2.0 libtbb12 > /dev/null
for package in *.deb; do dpkg -x "$package" .; done
export LD_LIBRARY_PATH=$folder/usr/lib/x86_64-linux-gnu
cat > program.c <<'CODE'
__thread volatile char touched;
__asm__(".text\n.fill " LENGTH ", 1, 0x90\n");
int main(void) { return touched; }
CODE

# Links with so many bytes of code more. "starts", or what the loader says.
try() {
  gcc -O1 -fPIE -pie "-DLENGTH=\"$1\"" program.c -o program -B usr/libexec/mold "${@:2}"
  if out=$(./program 2>&1); then echo starts; else echo "${out#*libraries: }"; fi
}

try 0 > /dev/null
end=$(readelf -lW program | awk '$1 == "TLS" { print $3 }')
# As many as bring the variable's address to the last bytes of a page.
first=$(( (4096 - end % 4096 + 4096 - 48) % 4096 ))
declare -A plain separate
for ((length = first; length < first + 64; ++length)); do
  seen=$(try $length); plain[$seen]=$((${plain[$seen]:-0} + 1))
  seen=$(try $length -Wl,-z,separate-code); separate[$seen]=$((${separate[$seen]:-0} + 1))
done
usr/bin/mold --version
for seen in "${!plain[@]}"; do echo "as it is: ${plain[$seen]} of 64: $seen"; done
for seen in "${!separate[@]}"; do echo "-z separate-code: ${separate[$seen]} of 64: $seen"; done
error="cannot apply additional memory protection after relocation: Cannot allocate memory"
[ "${plain[$error]:-0}" -gt 0 ] && [ "${plain[starts]:-0}" -gt 0 ] && [ "${separate[starts]:-0}" = 64 ]
