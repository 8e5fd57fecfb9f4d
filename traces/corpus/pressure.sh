# Four processes that together need more memory than their control group has: pages
# are swapped to the results disk and back, and the caches of files are reclaimed.
set -e
mount -t tmpfs tmpfs /tmp 2>/dev/null || true
for found in /sys/block/nvme*; do
	case $(cat "$found/device/serial") in
	results*) swap=/dev/${found##*/} ;;
	recording*) disk=/dev/${found##*/} ;;
	esac
done
dd if=/dev/zero of="$swap" bs=1M count=192 2>/dev/null
mkswap "$swap" 196608 >/dev/null
swapon "$swap"
mkdir -p /tmp/groups
mount -t cgroup2 none /tmp/groups
echo +memory >/tmp/groups/cgroup.subtree_control
mkdir /tmp/groups/small
echo 24M >/tmp/groups/small/memory.max
job() {
	echo 0 >/tmp/groups/small/cgroup.procs
	mkdir "/tmp/job$1"
	cd "/tmp/job$1"
	n=0
	while [ "$n" -lt 6 ]; do
		n=$((n + 1))
		head -c 4M /dev/zero | tr '\0' 'x' | fold -w 64 | sort >/dev/null
		dd if="$disk" of=/dev/null bs=64k count=256 skip=$(($1 * 1000 + n * 256)) 2>/dev/null
		f=0
		while [ "$f" -lt 40 ]; do
			f=$((f + 1))
			mkdir -p "d$n/$f"
			echo "$f" >"d$n/$f/file"
		done
		find . -type f -exec cat {} + >/dev/null
	done
}
pids=
for j in 1 2 3 4; do
	(job "$j") &
	pids="$pids $!"
done
# shellcheck disable=SC2086 # a list of numbers
wait $pids
rm -r /tmp/job*
swapoff "$swap"
