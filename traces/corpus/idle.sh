# Does nothing for ten minutes: what a kernel allocates when nobody asks it to.
sleep 600
