FROM python:3.13-slim-trixie
COPY nofile.txt /
