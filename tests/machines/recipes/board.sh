#!/bin/sh
# In the booted guest: give it a Raspberry Pi 4's pins, its revision, and a video device. Prints where the pins lie.
set -eu
modprobe gpio-sim
modprobe vimc
board=/sys/kernel/config/gpio-sim/board
mkdir -p "$board/bank"
echo 54 > "$board/bank/num_lines"
echo pinctrl-bcm2711 > "$board/bank/label"
echo 1 > "$board/live"
# gpiozero asks for the board's revision before it believes in its pins.
(cat /proc/cpuinfo; printf 'Revision\t: c03114\n') > /run/cpuinfo
mount --bind /run/cpuinfo /proc/cpuinfo
# A button joins its pin to ground; until then the pin is high.
pins=/sys/devices/platform/$(cat "$board/dev_name")/$(cat "$board/bank/chip_name")
for pin in 17 27; do echo pull-up > "$pins/sim_gpio$pin/pull"; done
# A Pi's heap of camera memory by the name that picamera2 looks for.
ln -s system "/dev/dma_heap/linux,cma"
udevadm settle
echo "$pins"
