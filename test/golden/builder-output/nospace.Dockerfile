FROM python:3.13-slim-trixie
RUN --mount=type=tmpfs,target=/mnt/t,size=1048576 dd if=/dev/zero of=/mnt/t/x bs=1M count=5
