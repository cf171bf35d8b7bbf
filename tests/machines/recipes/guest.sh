#!/bin/sh
# In a root with Nightjar: make of it a guest that boots fast under emulation and is driven over ssh. /build holds what
# modules.sh made, /build/key.pub who may come in.
set -eu
version=$(basename /lib/modules/*-amd64)
mkdir -p "/lib/modules/$version/updates"
cp /build/gpio-sim.ko /build/vimc.ko "/lib/modules/$version/updates/"
depmod "$version"

install -d -m 700 /root/.ssh
install -m 600 /build/key.pub /root/.ssh/authorized_keys
# Without a session for each login: user managers cost seconds here.
printf 'UsePAM no\nUseDNS no\nHostKey /etc/ssh/ssh_host_ed25519_key\n' > /etc/ssh/sshd_config.d/guest.conf
rm -f /etc/ssh/ssh_host_* && ssh-keygen -q -t ed25519 -N '' -f /etc/ssh/ssh_host_ed25519_key
printf '[Match]\nType=ether\n[Network]\nAddress=10.0.2.15/24\nLinkLocalAddressing=no\nIPv6AcceptRA=no\n' \
    > /etc/systemd/network/10-guest.network
systemctl --quiet enable systemd-networkd ssh
# The tests start the camera when its pins are there.
systemctl --quiet disable nightjar
# Who would only wait, look for disks or keep house.
systemctl --quiet mask getty.target serial-getty@ttyS0 getty@tty1 timers.target systemd-networkd-wait-online \
    systemd-networkd-persistent-storage systemd-timesyncd systemd-hwdb-update ldconfig systemd-random-seed \
    systemd-update-utmp systemd-userdbd.socket systemd-binfmt proc-sys-fs-binfmt_misc.automount \
    dev-hugepages.mount dev-mqueue.mount sys-fs-fuse-connections.mount modprobe@fuse modprobe@drm \
    modprobe@efi_pstore e2scrub_reap systemd-journal-catalog-update systemd-pcrmachine systemd-boot-random-seed
systemctl --quiet set-default multi-user.target
: > /etc/fstab
tr -d - < /proc/sys/kernel/random/uuid > /etc/machine-id
# picamera2 imports its window even where there is no screen; Raspberry Pi OS has this module, Debian has not.
cat > /opt/nightjar/lib/python3.13/site-packages/pykms.py <<'PYKMS'
"""The names of pixel formats, which is all that picamera2 reads when it is imported."""


class _Names(type):
    def __getattr__(cls, name):
        return name


class PixelFormat(metaclass=_Names):
    pass
PYKMS
/opt/nightjar/bin/pip --quiet install pytest pytest-timeout
touch /etc/.updated /var/.updated
# What nobody needs in there makes the disk bigger: it is copied at every boot's first reading.
rm -rf /build /root/nightjar /usr/share/doc /usr/share/locale /usr/lib/gcc /usr/libexec/gcc /var/lib/apt/lists /boot/*
