# Sets one axis: its range, whether it is logarithmic, and its labels.
#   axis       "x" or "y"
#   axis_lo, axis_hi   the range; a logarithmic one is above 0
#   axis_log   1 for a logarithmic axis
#   axis_unit  "count" (whole numbers), "number", "ns", "bytes" or "share"
#   axis_bare  1 for tics without numbers
# gnuplot's own labels neither group digits nor choose a unit, and its choice of
# tics leaves some narrow logarithmic ranges without any.

axis_text(v) = axis_bare ? "" : axis_unit eq "ns" ? time_text(v) : \
	axis_unit eq "share" ? percent_tic(v) : \
	axis_unit eq "bytes" ? bytes_text(v) : \
	axis_unit eq "number" ? number_text(v) : count_text(v)

eval sprintf("set %srange [%.17g:%.17g] noextend", axis, axis_lo, axis_hi)
eval sprintf("%s logscale %s", axis_log ? "set" : "unset", axis)
eval sprintf("unset m%stics", axis)
eval sprintf("set %stics scale 0.6, 0.35 nomirror out ()", axis)

# In letters a label takes some seven columns of what the axis has.
axis_room = in_letters && axis eq "x" ? \
	lesser(1.0, (picture_px - left_px - right_px) / 9.3 / 84) : 1.0
if (axis_log) {
	axis_decades = log10(axis_hi) - log10(axis_lo)
	# At most some twelve labels; 2 and 5 get theirs where there is room.
	axis_stride = int(axis_decades / (12 * axis_room)) + 1
	do for [e = int(floor(log10(axis_lo))):int(ceil(log10(axis_hi)))] {
		do for [m = 1:9] {
			at = m * 10.0 ** e
			if (at >= axis_lo * 0.999999 && at <= axis_hi * 1.000001) {
				major = m == 1 && e % axis_stride == 0 || \
					(m == 2 || m == 5) && axis_decades <= 2.2 * axis_room
				eval sprintf('set %stics add ("%s" %.17g %d)', \
					axis, major ? axis_text(at) : "", at, !major)
			}
		}
	}
} else {
	axis_raw = (axis_hi - axis_lo) / (axis_room < 1 ? greater(7 * axis_room, 1.5) : 6.0)
	axis_power = 10.0 ** floor(log10(axis_raw))
	axis_step = axis_power * (axis_raw > 5 * axis_power ? 10 : \
		axis_raw > 2 * axis_power ? 5 : axis_raw > axis_power ? 2 : 1)
	# Events, clusters and pages do not come in halves.
	if (axis_unit eq "count" && axis_step < 1) { axis_step = 1.0 }
	do for [k = int(ceil(axis_lo / axis_step - 1e-9)):int(floor(axis_hi / axis_step + 1e-9))] {
		eval sprintf('set %stics add ("%s" %.17g 0)', \
			axis, axis_text(k * axis_step), k * axis_step)
	}
}
axis_bare = 0
