FROM python:3.13-slim-trixie AS a
RUN true
FROM python:3.13-slim-trixie
COPY --link --from=a /etc/hostname /x
