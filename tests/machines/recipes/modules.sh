#!/bin/sh
# In a Debian root: build the simulated pins and the simulated video device for its kernel, which ships neither, and a
# first file system that knows one disk. Leaves gpio-sim.ko, vimc.ko and initrd.img in /build.
set -eu
export DEBIAN_FRONTEND=noninteractive
apt-get update -qq
apt-get install -y -qq --no-install-recommends linux-headers-amd64 linux-source-6.12 busybox-static cpio

version=$(basename /lib/modules/*-amd64)
installed() { dpkg-query -W -f '${Version}' "$1"; }
[ "$(installed linux-source-6.12)" = "$(installed "linux-image-$version")" ] ||
    { echo "The kernel is $(installed "linux-image-$version"), its source $(installed linux-source-6.12)."; exit 1; }

mkdir -p /build/modules && cd /build/modules
# irq_sim belongs to the kernel proper where it is configured; here it goes into the same module as the pins.
tar -xf /usr/src/linux-source-6.12.tar.xz --strip-components=1 --wildcards \
    '*/drivers/gpio/gpio-sim.c' '*/kernel/irq/irq_sim.c' '*/drivers/media/test-drivers/vimc/*'
mv drivers/gpio/gpio-sim.c gpio-sim-main.c
mv kernel/irq/irq_sim.c drivers/media/test-drivers/vimc .
# The one symbol that modules may not use has a neighbour which they may.
sed -i 's/irq_to_desc(irqnum)/irq_data_to_desc(irq_get_irq_data(irqnum))/' irq_sim.c
sed -i 's/obj-$(CONFIG_VIDEO_VIMC)/obj-m/' vimc/Makefile
# A sensor that can fall silent while it streams, as behind a cable that slipped: echo Y > parameters/silent.
sed -i -e '/^static int vimc_streamer_thread/i static bool silent;\nmodule_param(silent, bool, 0644);\n' \
    -e '/^static int vimc_streamer_thread/,/^}/s/i >= 0;/i >= 0 \&\& !silent;/' vimc/vimc-streamer.c
grep -q '&& !silent' vimc/vimc-streamer.c
printf 'obj-m += gpio-sim.o vimc/\ngpio-sim-y := gpio-sim-main.o irq_sim.o\n' > Makefile
make -C "/lib/modules/$version/build" M="$PWD" modules
cp gpio-sim.ko vimc/vimc.ko /build/

# Debian's own first file system looks for every disk there is; this one saves half a minute under emulation.
mkdir -p /build/first/bin /build/first/dev /build/first/root /build/first/modules && cd /build/first
cp /bin/busybox bin/busybox
ln -s busybox bin/sh
for name in virtio_blk ext4; do modprobe -S "$version" --show-depends "$name"; done |
    awk '$1 == "insmod" && !seen[$2]++ { print $2 }' | while read -r module; do
        plain=$(basename "$module" .xz)
        case $module in *.xz) xz -dc "$module" > "modules/$plain" ;; *) cp "$module" modules/ ;; esac
        echo "$plain" >> order
    done
cat > init <<'INIT'
#!/bin/sh
busybox=/bin/busybox
$busybox mount -t devtmpfs dev /dev
while read -r module; do $busybox insmod "/modules/$module"; done < /order
until $busybox mount -t ext4 /dev/vda /root 2>/dev/null; do $busybox usleep 20000; done
$busybox mount --move /dev /root/dev
exec $busybox switch_root /root /lib/systemd/systemd
INIT
chmod 755 init
find . | cpio -o -H newc --quiet > /build/initrd.img
