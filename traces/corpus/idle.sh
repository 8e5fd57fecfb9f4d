# Does nothing for two minutes: what a kernel allocates when nobody asks it to.
sleep 120
