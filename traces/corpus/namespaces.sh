# Like containers that come and go: each has namespaces of its own for processes,
# mounts, hosts, messages and network, a root of its own, and control groups.
set -e
mount -t tmpfs tmpfs /tmp 2>/dev/null || true
mkdir -p /tmp/groups
mount -t cgroup2 none /tmp/groups
box() {
	group=/tmp/groups/box$1-$2
	mkdir "$group"
	root=/tmp/root$1-$2
	mkdir "$root"
	unshare -m -p -f -n -u -i sh -c "
		echo 0 >$group/cgroup.procs
		mount -t tmpfs tmpfs $root
		mkdir $root/proc $root/data
		mount -t proc proc $root/proc
		hostname box$1-$2
		ip link set lo up
		ip addr add 10.0.$1.1/24 dev lo
		ping -q -c 2 -i 0.05 10.0.$1.1 >/dev/null
		for f in 1 2 3 4 5 6; do
			cat $root/proc/mounts >$root/data/\$f
			ls $root/proc >>$root/data/\$f
		done
		umount $root/proc
		umount $root"
	rmdir "$root"
	rmdir "$group" 2>/dev/null || { sleep 0.2 && rmdir "$group"; } || true
}
job() {
	n=0
	while [ "$n" -lt 12 ]; do
		n=$((n + 1))
		box "$1" "$n"
	done
}
for j in 1 2 3 4; do
	job "$j" &
done
wait
