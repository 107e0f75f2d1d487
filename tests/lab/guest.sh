#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Runs as root in the guest of tests/lab/qemu_lab, on the host's own root file system (read-only), with the
# shared folder at /mnt. It judges nothing: it runs weft and asks the kernel and lspci at the same moments,
# and leaves their words in /mnt for the host to compare. `ask` passes a monitor command to QEMU.
o=/mnt
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/run LC_ALL=C
cp $o/weft /run/weft || exit 1

ask() {
  echo "$*" >$o/ask.new && mv $o/ask.new $o/ask
  while [ ! -e $o/answer ]; do sleep 0.1; done
  cat $o/answer && rm $o/answer
}
until_true() { # tries of 0.2 s, command
  tries=$1
  shift
  while ! "$@" >/dev/null 2>&1 && [ "$tries" -gt 0 ]; do
    sleep 0.2
    tries=$((tries - 1))
  done
}
run() { # name, command: leaves name.out, name.err and name.rc
  name=$1
  shift
  timeout 60 "$@" >$o/"$name.out" 2>$o/"$name.err"
  echo $? >$o/"$name.rc"
}
sysfs() { # what the kernel says of links, functions and CXL memory
  grep -s . /sys/bus/pci/devices/*/current_link_* /sys/bus/pci/devices/*/max_link_* \
    /sys/bus/pci/devices/*/class /sys/bus/cxl/devices/mem*/serial /sys/class/net/*/address \
    /sys/class/nvme/*/serial /sys/bus/pci/devices/*/aer_dev_correctable >$o/"$1".sysfs
  for d in /sys/bus/pci/devices/*; do readlink "$d"; done >$o/"$1".tree
}
port_of() { basename "$(dirname "$(readlink -f "/sys/bus/pci/devices/$1")")"; }
errors() { sed -n 's/^TOTAL_ERR_COR //p' "/sys/bus/pci/devices/$1/aer_dev_correctable"; }

until_true 50 test -e /sys/class/nvme/nvme1
grep -q cxl_pci /proc/modules && until_true 50 test -e /sys/bus/cxl/devices/mem0/serial

# 1. As root, as anyone, and what lspci says of the same registers.
run root /run/weft scan --json
run text /run/weft scan
sysfs first
run lspci lspci -Dvvv
run dump lspci -Dxxxx
run user setpriv --reuid 65534 --regid 65534 --clear-groups /run/weft scan --json
run usertext setpriv --reuid 65534 --regid 65534 --clear-groups /run/weft scan --verbose
(cd /run && run capture /run/weft capture -o guest.tar.zst &&
  run redact /run/weft capture --redact -o hidden.tar.zst && cp ./*.tar.zst $o/)

# 2. Correctable errors: five Bad DLLPs at the switch port above the network card (by QEMU, or by the kernel's
# aer_inject, whose record is bus, device, function, a pad and seven words of 32 bits).
nic=$(basename "$(dirname "$(grep -l 0x020000 /sys/bus/pci/devices/*/class | head -n 1)")")
port=$(port_of "$nic")
echo "$port" >$o/aer.port
for i in 1 2 3 4 5; do
  if [ -e $o/can_inject ]; then
    ask pcie_aer_inject_error ds1 BAD_DLLP >>$o/aer.log
  else
    bus=$(printf '%03o' "0x$(echo "$port" | cut -c6-7)") dev=$(printf '%03o' "0x$(echo "$port" | cut -c9-10)")
    zero='\000\000\000\000'
    # shellcheck disable=SC2059  # octal bytes on purpose
    printf "\\$bus\\$dev\\000\\000$zero\\200\\000\\000\\000$zero$zero$zero$zero$zero" >/dev/aer_inject 2>>$o/aer.log
  fi
  until_true 25 test "$(errors "$port")" -ge "$i"
done
sysfs aer
run aer /run/weft scan --json
run aertext /run/weft scan --verbose

# 3. Plugged and pulled: the empty port gets a drive, another port loses its own.
ask device_add nvme,id=nvme9,bus=rp2,serial=LABHOT9,drive=d2 >$o/plug.log
until_true 50 test -e /sys/class/nvme/nvme2/address
sysfs plug
run plug /run/weft scan --json
ask device_del nvme1 >>$o/plug.log
until_true 100 grep -q 0 /sys/bus/pci/slots/2/adapter # neither card nor link any more
sysfs pull
run pull /run/weft scan --json
dmesg >$o/dmesg.out
echo ended >$o/ended
