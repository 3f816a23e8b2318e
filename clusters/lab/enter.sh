#!/bin/sh
# enter.sh NETNS [CGROUP.PROCS...] -- COMMAND [ARG...]
# Becomes COMMAND inside a network namespace and inside cgroups. It joins the cgroups before anything of COMMAND runs,
# so that all its CPU and memory is charged there. `nsenter`, not `ip netns exec`: the latter hides /sys/fs/cgroup.
set -eu
netns=$1
shift
while [ "$1" != -- ]; do
	echo $$ >"$1"
	shift
done
shift
exec nsenter --net="/run/netns/$netns" -- "$@"
