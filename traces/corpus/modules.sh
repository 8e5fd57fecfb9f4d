# Loads and unloads modules, with what they need, in rounds.
set -e
round=0
while [ "$round" -lt 12 ]; do
	round=$((round + 1))
	for module in loop dummy veth bridge tun vxlan overlay squashfs xfs; do
		modprobe "$module"
	done
	ip link add dummy7 type dummy
	ip link set dummy7 up
	ip link del dummy7
	for module in xfs squashfs overlay vxlan tun bridge veth dummy loop; do
		modprobe -r "$module"
	done
done
