# Eight clients fetch from a web server over loopback, a new connection each time, and
# send what they got to a listener of their own; then they ping.
set -e
mount -t tmpfs tmpfs /tmp 2>/dev/null || true
ip link set lo up
mkdir -p /tmp/www
cd /tmp/www
for n in 1 2 3 4 5 6 7 8; do
	head -c $((n * n * 1500)) /dev/urandom >"file$n"
done
httpd -p 127.0.0.1:80 -h /tmp/www
client() {
	port=$((7000 + $1))
	n=0
	while [ "$n" -lt 25 ]; do
		n=$((n + 1))
		until wget -q -O "got$1" "http://127.0.0.1/file$((n % 8 + 1))"; do
			sleep 0.2
		done
		nc -l -p "$port" >/dev/null &
		until nc 127.0.0.1 "$port" <"got$1"; do
			sleep 0.1
		done
		wait $!
	done 2>/dev/null
	ping -q -c 3 127.0.0.1 >/dev/null
}
clients=
for j in 1 2 3 4 5 6 7 8; do
	client "$j" &
	clients="$clients $!"
done
# shellcheck disable=SC2086 # a list of numbers
wait $clients
