# Draws a panel that has no data: the sentence `why`, and no axes, which would
# have to be made up.

unset border
unset xtics
unset ytics
unset grid
unset xlabel
unset logscale
set label why center at graph 0.5, 0.5
plot [0:1] [0:1] 2 notitle
